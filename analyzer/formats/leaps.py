"""Where does the time of a server leap ahead, by what was under way just then?

A silence proves nothing: servers are quiet at night. It is told only where a dialogue or a message
went on across it that could not have lasted so long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

LEAST = 1500.0  # seconds: five times what Postfix waits for a client's next word
WAITS = 300.0  # seconds: smtpd_timeout
HALF_HOUR, NEAR = 1800.0, 60.0  # zones differ by half hours; seconds by which it is told wrongly
BEGINS = ("client", "pickup", "received")
TALKS = ("connect", "tls", "auth_failed", "client", "decision", "lost", "disconnect")
READ = {"line": pa.int64(), "pid": pa.int64(), "delay": pa.float64()}
READ |= dict.fromkeys(("server", "mta", "queue_id"), pa.string())
COLUMNS = [*READ, "kind", "seconds", "stretch"]


def leaps(rows: pd.DataFrame, tables: dict[str, pa.Table]) -> pd.DataFrame:
    """The first line after each leap of one server in a file, `what` it is, by how many `seconds`
    and how many `lines` show it.

    `shifted`: messages are by `delay=` younger than by their stamps, by the half hours in which
    zones differ, so only the clock shown was put ahead, as when summer time begins. `ahead`:
    dialogues with Postfix that had just begun went on, though it waits for no client so long.

    Args:
        rows: All lines of the server, in order of line, with `seconds`.
        tables: The file's events of each kind.
    """
    seconds = rows["seconds"].to_numpy()
    # From all lines before to all lines after, so that no late line lies in between.
    until = np.maximum.accumulate(seconds)[:-1]
    since = np.minimum.accumulate(seconds[::-1])[::-1][1:]
    at = np.flatnonzero(since - until >= LEAST)
    if not at.size:
        return rows.head(0)
    after: pd.DataFrame = rows.iloc[at + 1]
    # Stretches of lines between silences, with the times of their first and last lines.
    first = np.concatenate([[-np.inf], since[at]])
    last = np.concatenate([until[at], [np.inf]])
    near = _near(tables, rows["server"].iloc[0], after["line"].to_numpy(), first, last)
    found = [_shifted(near), _ahead(near)]
    shown = pd.concat(found).groupby("stretch", as_index=False, sort=True).first()
    told = after.iloc[shown["stretch"].to_numpy(np.int64) - 1].reset_index(drop=True)
    silent = (since - until)[at][shown["stretch"].to_numpy(np.int64) - 1]
    return told.assign(
        what=shown["what"], seconds=shown["seconds"].fillna(pd.Series(silent)), lines=shown["lines"]
    )


def _near(
    tables: dict[str, pa.Table],
    server: str,
    begins: npt.NDArray[np.int64],
    first: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """The server's lines of dialogues and messages shortly before and after silences, each with
    the number of its stretch.
    """
    parts = [pd.DataFrame(columns=COLUMNS)]
    for kind in sorted({*BEGINS, *TALKS, "delivery"} & tables.keys()):
        table = tables[kind]
        time = table["time"].to_numpy().astype("datetime64[us]")
        seconds = np.where(np.isnat(time), np.nan, time.astype(np.int64) / 1e6)
        stretch = np.searchsorted(begins, table["line"].to_numpy(), side="right")
        shortly = (seconds - first[stretch] <= LEAST) | (last[stretch] - seconds <= LEAST)
        lines = table.filter(pa.array(shortly))
        there = {name: READ[name] for name in READ if name in lines.column_names}
        part = pa.table({name: lines[name].cast(told) for name, told in there.items()}).to_pandas()
        part = part.assign(kind=kind, seconds=seconds[shortly], stretch=stretch[shortly])
        parts.append(part[part["server"].eq(server)].reindex(columns=COLUMNS))
    near = pd.concat([part for part in parts if len(part)] or parts)
    near = near.astype({"line": "int64", "seconds": "float64", "stretch": "int64"})
    return near.sort_values("line", kind="stable")


def _shifted(near: pd.DataFrame) -> pd.DataFrame:
    """By how much messages under way are younger by `delay=` than by their stamps."""
    begun = near.loc[near["kind"].isin(BEGINS), ["line", "queue_id", "seconds", "stretch"]]
    ended = near[near["kind"].eq("delivery")].drop_duplicates("queue_id")
    pairs = pd.merge_asof(
        ended.dropna(subset=["queue_id", "delay"]),
        begun.dropna(subset="queue_id"),
        on="line",
        by="queue_id",
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
    before = talks.groupby("pid")[["kind", "stretch"]].shift()
    across = before["kind"].eq("connect") & before["stretch"].eq(talks["stretch"] - 1)
    told = talks[across & talks["kind"].ne("connect")]
    return _counted(told.assign(seconds=np.nan), "ahead")


def _counted(told: pd.DataFrame, what: str) -> pd.DataFrame:
    by_stretch = told.groupby("stretch", as_index=False, sort=True)
    return by_stretch.agg(seconds=("seconds", "median"), lines=("line", "size")).assign(what=what)
