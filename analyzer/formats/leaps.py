"""Where does the time of a server leap ahead, by what was under way just then?

A silence proves nothing: servers are quiet at night. It is told only where a dialogue or a message
went on across it that could not have lasted so long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.in_turn import by_line, servers, some
from analyzer.formats.logs import LINES_A_FILE
from analyzer.formats.pieces import Rows
from analyzer.rows import Int64
from analyzer.schema import fit

LEAST = 1500.0  # seconds: five times what Postfix waits for a client's next word
HALF_HOUR, NEAR = 1800.0, 60.0  # zones differ by half hours; seconds by which it is told wrongly
BEGINS = ("client", "pickup", "received")
TALKS = ("connect", "tls", "auth_failed", "client", "decision", "lost", "disconnect")
READ = ("line", "pid", "delay", "mta", "queue_id")
MAIL = ["of", "queue_id"]  # number of the server
LINE = pa.schema(
    [
        *((name, pa.int64()) for name in ("line", "pid", "stretch", "of", "row")),
        *((name, pa.float64()) for name in ("delay", "seconds")),
        *((name, pa.string()) for name in ("mta", "queue_id", "kind")),
    ]
)
NOTHING = LINE.empty_table().to_pandas()
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
    near = _Near(long, tables)
    shifted, ahead = _Shifted(), _Ahead()
    for lines, now in near.in_turn():
        shifted.more(lines, now)
        ahead.more(lines, now)
    found = [
        _counted(near.first_attempts(shifted.found), "shifted"),
        _counted(ahead.found, "ahead"),
    ]
    shown = pd.concat(found).groupby("stretch", as_index=False, sort=True).first()
    told = long.iloc[np.searchsorted(near.after, shown["stretch"].to_numpy(np.int64))]
    told = told.reset_index(drop=True)
    silent = told["since"] - told["until"]
    seconds = shown["seconds"].astype("float64").fillna(silent)
    return told.assign(what=shown["what"], seconds=seconds, lines=shown["lines"].astype("int64"))


class _Near:
    """Lines of dialogues and messages shortly before and after silences of their servers, each with
    the number of its stretch: that of the lines of one server between two silences.

    `after`: of each silence, the stretch that begins with it.
    """

    def __init__(self, silences: pd.DataFrame, tables: dict[str, pa.Table]) -> None:
        server, names = pd.factorize(silences["server"])
        self.number = {str(name): n for n, name in enumerate(names)}
        self.servers = np.arange(len(names))
        self.begins = server * LINES_A_FILE + silences["line"].to_numpy()
        self.after = np.arange(len(silences)) + server + 1
        # The times of the first and last lines of each stretch.
        self.first = np.full(len(silences) + len(names), -np.inf)
        self.last = -self.first
        self.first[self.after], self.last[self.after - 1] = silences["since"], silences["until"]
        kinds = sorted({*BEGINS, *TALKS, "delivery"} & tables.keys())
        named = [(kind, chunk) for kind in kinds for chunk in _chunks(tables[kind])]
        self.kinds, self.chunks = [kind for kind, _ in named], [chunk for _, chunk in named]
        self.start = np.cumsum([0, *map(len, self.chunks)])

    def in_turn(self) -> Iterator[tuple[pd.DataFrame, Int64]]:
        """Some lines at a time in order of line, and the stretch that each server is in then."""
        for last, met in by_line(self.chunks):
            lines = _by_line(self._of(number, rows) for number, rows in met)
            if len(lines):
                yield lines, self._stretch(self.servers, np.full(len(self.servers), last))

    def first_attempts(self, found: pd.DataFrame) -> pd.DataFrame:
        """Those of some deliveries before which none of their message is near a silence."""
        if found.empty:
            return found
        ids, parts = pa.array(found["queue_id"].unique(), pa.string()), []
        for number, (kind, chunk) in enumerate(zip(self.kinds, self.chunks, strict=True)):
            if kind == "delivery":
                asked = pc.is_in(chunk["queue_id"].cast(pa.string()), ids)
                parts.append(self._of(number, np.flatnonzero(asked)))
        tried = _by_line(parts)
        return found[found["row"].isin(tried.drop_duplicates(MAIL)["row"])]

    def _stretch(self, server: Int64, line: Int64) -> Int64:
        stretch: Int64 = (
            np.searchsorted(self.begins, server * LINES_A_FILE + line, "right") + server
        )
        return stretch

    def _of(self, number: int, rows: Rows) -> pa.Table:
        """Those of some rows of a chunk that are near, as LINE."""
        chunk = some(self.chunks[number], rows)
        of = servers(chunk, self.number).astype(np.int64)
        known = (of >= 0) & (of < len(self.servers)) & chunk["time"].is_valid().to_numpy(False)
        of = np.where(known, of, 0)
        stretch = self._stretch(of, chunk["line"].to_numpy())
        seconds = chunk["time"].cast(pa.int64()).fill_null(0).to_numpy() / 1e6
        shortly = (seconds - self.first[stretch] <= LEAST) | (self.last[stretch] - seconds <= LEAST)
        near = np.flatnonzero(known & shortly)
        lines = some(chunk, near)
        told = {name: lines[name] for name in READ if name in lines.schema.names}
        of_each = {
            "seconds": seconds,
            "stretch": stretch,
            "of": of,
            "row": self.start[number] + rows,
        }
        told |= {name: pa.array(column[near]) for name, column in of_each.items()}
        told["kind"] = pa.repeat(self.kinds[number], len(near))
        return fit(pa.table(told), LINE)


def _by_line(parts: Iterable[pa.Table]) -> pd.DataFrame:
    lines: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    return lines.sort_values("line", kind="stable")


def _chunks(table: pa.Table) -> list[pa.RecordBatch]:
    there = [name for name in ("server", "time", *READ) if name in table.column_names]
    return [chunk for chunk in table.select(there).to_batches() if len(chunk)]


class _Shifted:
    """By how much messages under way are younger by `delay=` than by their stamps. `begun`: those
    that may still be under way in the next stretch.
    """

    def __init__(self) -> None:
        self.begun = self.found = NOTHING

    def more(self, near: pd.DataFrame, now: Int64) -> None:
        begun = near.loc[near["kind"].isin(BEGINS), ["line", *MAIL, "seconds", "stretch"]]
        begun = _together(self.begun, begun.dropna(subset="queue_id"))
        ended = near[near["kind"].eq("delivery")].dropna(subset=["queue_id", "delay"])
        if len(begun) and len(ended):
            pairs = pd.merge_asof(ended, begun, on="line", by=MAIL, suffixes=("", "_begun"))
            younger = pairs["seconds"] - pairs["seconds_begun"] - pairs["delay"].astype("float64")
            halves = (younger / HALF_HOUR).round() * HALF_HOUR
            across = pairs["stretch_begun"].eq(pairs["stretch"] - 1) & younger.ge(LEAST)
            told = pairs.assign(seconds=halves)[across & (younger - halves).abs().le(NEAR)]
            self.found = _together(self.found, told)
        begun = begun.drop_duplicates(MAIL, keep="last")
        self.begun = begun[begun["stretch"].ge(now[begun["of"].to_numpy(np.int64)] - 1)]


class _Ahead:
    """Dialogues of which one line is the connect before a silence, the next one after it. `begun`:
    connects before which none of the next stretch was seen.
    """

    def __init__(self) -> None:
        self.begun = self.found = NOTHING

    def more(self, near: pd.DataFrame, now: Int64) -> None:
        talks = near[near["kind"].isin(TALKS) & near["mta"].eq("postfix")].dropna(subset="pid")
        talks = _together(self.begun, talks)
        before = talks.groupby(["of", "pid"])[["kind", "stretch"]].shift()
        across = before["kind"].eq("connect") & before["stretch"].eq(talks["stretch"] - 1)
        told = talks[across & talks["kind"].ne("connect")]
        self.found = _together(self.found, told.assign(seconds=np.nan))
        last = talks.drop_duplicates(["of", "pid"], keep="last")
        lasts = last["stretch"].ge(now[last["of"].to_numpy(np.int64)] - 1)
        self.begun = last[last["kind"].eq("connect") & lasts]


def _together(some: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    there = [rows for rows in (some, more) if len(rows)]
    return pd.concat(there, ignore_index=True) if there else more


def _counted(told: pd.DataFrame, what: str) -> pd.DataFrame:
    by_stretch = told.groupby("stretch", as_index=False, sort=True)
    return by_stretch.agg(seconds=("seconds", "median"), lines=("line", "size")).assign(what=what)
