"""Where does the time of a server leap ahead, by what was under way just then?

A silence proves nothing: servers are quiet at night. It is told only where a dialogue or a message
went on across it that could not have lasted so long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats.in_turn import servers
from analyzer.formats.logs import LINES_A_FILE

LEAST = 1500.0  # seconds: five times what Postfix waits for a client's next word
WAITS = 300.0  # seconds: smtpd_timeout
HALF_HOUR, NEAR = 1800.0, 60.0  # zones differ by half hours; seconds by which it is told wrongly
BEGINS = ("client", "pickup", "received")
TALKS = ("connect", "tls", "auth_failed", "client", "decision", "lost", "disconnect")
READ = {"line": pa.int64(), "pid": pa.int64(), "delay": pa.float64()}
READ |= dict.fromkeys(("server", "mta", "queue_id"), pa.string())
COLUMNS = [*READ, "kind", "seconds", "stretch"]
# The first line after a silence, the seconds of the line before, the latest of all lines up to
# there, the seconds of the first line, and the earliest of all lines from there on.
SILENCE = np.dtype(
    [(name, np.int64) for name in ("line", "offset", "time")]
    + [(name, np.float64) for name in ("before", "until", "seconds", "since")]
)


def leaps(silences: pd.DataFrame, tables: dict[str, pa.Table]) -> pd.DataFrame:
    """The first line after each leap of a server in a file, `what` it is, by how many `seconds` and
    how many `lines` show it.

    `shifted`: messages are by `delay=` younger than by their stamps, by the half hours in which
    zones differ, so only the clock shown was put ahead, as when summer time begins. `ahead`:
    dialogues with Postfix that had just begun went on, though it waits for no client so long.

    Args:
        silences: SILENCE, and the `server`, of which *all* lines up to there and from there on are
            compared, so that no late line lies in between.
        tables: The file's events of each kind.
    """
    long = silences[(silences["since"] - silences["until"]).ge(LEAST)]
    if long.empty:
        return long
    long = long.sort_values(["server", "line"], ignore_index=True)
    near, after = _near(tables, long)
    found = [_shifted(near), _ahead(near)]
    shown = pd.concat(found).groupby("stretch", as_index=False, sort=True).first()
    told = long.iloc[np.searchsorted(after, shown["stretch"].to_numpy(np.int64))]
    told = told.reset_index(drop=True)
    silent = told["since"] - told["until"]
    return told.assign(
        what=shown["what"], seconds=shown["seconds"].fillna(silent), lines=shown["lines"]
    )


def _near(
    tables: dict[str, pa.Table], silences: pd.DataFrame
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Lines of dialogues and messages shortly before and after silences of their servers, each with
    the number of its stretch: that of the lines of one server between two silences. And the number
    of the stretch after each silence.
    """
    server, names = pd.factorize(silences["server"])
    begins = server * LINES_A_FILE + silences["line"].to_numpy()
    after = np.arange(len(silences)) + server + 1
    # The times of the first and last lines of each stretch.
    first, last = np.full((2, len(silences) + len(names)), np.inf)
    first = -first
    first[after], last[after - 1] = silences["since"], silences["until"]
    parts = [pd.DataFrame(columns=COLUMNS)]
    number = {str(name): n for n, name in enumerate(names)}
    for kind in sorted({*BEGINS, *TALKS, "delivery"} & tables.keys()):
        there = [name for name in (*READ, "time") if name in tables[kind].column_names]
        for chunk in tables[kind].select(there).to_batches():
            of = servers(chunk, number).astype(np.int64)
            known = (of >= 0) & (of < len(names)) & chunk["time"].is_valid().to_numpy(False)
            of = np.where(known, of, 0)
            place = of * LINES_A_FILE + chunk["line"].to_numpy()
            stretch = np.searchsorted(begins, place, side="right") + of
            seconds = chunk["time"].cast(pa.int64()).fill_null(0).to_numpy() / 1e6
            shortly = (seconds - first[stretch] <= LEAST) | (last[stretch] - seconds <= LEAST)
            if (asked := known & shortly).any():
                part = _read(chunk.filter(pa.array(asked)))
                told = part.assign(kind=kind, seconds=seconds[asked], stretch=stretch[asked])
                parts.append(told.reindex(columns=COLUMNS))
    near = pd.concat([part for part in parts if len(part)] or parts)
    near = near.astype({"line": "int64", "seconds": "float64", "stretch": "int64"})
    return near.sort_values("line", kind="stable"), after


def _read(lines: pa.RecordBatch) -> pd.DataFrame:
    there = {
        name: lines[name].cast(told) for name, told in READ.items() if name in lines.schema.names
    }
    told: pd.DataFrame = pa.table(there).to_pandas()
    return told


def _shifted(near: pd.DataFrame) -> pd.DataFrame:
    """By how much messages under way are younger by `delay=` than by their stamps."""
    mail = ["server", "queue_id"]
    begun = near.loc[near["kind"].isin(BEGINS), ["line", *mail, "seconds", "stretch"]]
    ended = near[near["kind"].eq("delivery")].drop_duplicates(mail)
    pairs = pd.merge_asof(
        ended.dropna(subset=["queue_id", "delay"]),
        begun.dropna(subset="queue_id"),
        on="line",
        by=mail,
        suffixes=("", "_begun"),
    )
    younger = pairs["seconds"] - pairs["seconds_begun"] - pairs["delay"].astype("float64")
    halves = (younger / HALF_HOUR).round() * HALF_HOUR
    across = pairs["stretch_begun"].eq(pairs["stretch"] - 1) & younger.ge(LEAST)
    told = pairs.assign(seconds=halves)[across & (younger - halves).abs().le(NEAR)]
    return _counted(told, "shifted")


def _ahead(near: pd.DataFrame) -> pd.DataFrame:
    """Dialogues of which one line is the connect before a silence, the next one after it."""
    talks = near[near["kind"].isin(TALKS) & near["mta"].eq("postfix")].dropna(subset="pid")
    before = talks.groupby(["server", "pid"])[["kind", "stretch"]].shift()
    across = before["kind"].eq("connect") & before["stretch"].eq(talks["stretch"] - 1)
    told = talks[across & talks["kind"].ne("connect")]
    return _counted(told.assign(seconds=np.nan), "ahead")


def _counted(told: pd.DataFrame, what: str) -> pd.DataFrame:
    by_stretch = told.groupby("stretch", as_index=False, sort=True)
    return by_stretch.agg(seconds=("seconds", "median"), lines=("line", "size")).assign(what=what)
