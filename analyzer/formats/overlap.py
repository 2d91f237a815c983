"""Which lines of one log stand in another log too, and must not count twice?

A copy of yesterday and today's longer file, a file that begins in the middle of another, the same
lines from the journal and from a file: two rows are the same line if they say the same in every
column, in the same second or, where nothing fits better, in the next. Within one log nothing is
ever the same: two connects in one second are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import plain
from analyzer.formats.stamps import MISSING, SECOND

Int64 = npt.NDArray[np.int64]
Tables = dict[str, pa.Table]  # by kind
Span = tuple[int, int]  # seconds since 1970
Rows = list[tuple[int, Int64, Int64]]  # number of a chunk, rows of it, and their seconds

PLACE = {"source", "line", "offset", "time", "second", "row"}  # compared otherwise, or may differ
UNKNOWN = int(MISSING) // SECOND  # the second of a line without a time
ENDS = ["server", "time_min", "time_max"]
AT_A_TIME = 1 << 14  # lines of one kind that are compared at once
NONE = np.empty(0, np.int64)
EXACT = 1  # second: the journal takes its own time
ONE_IN = 64  # lines, whose times tell how many there are of all


def once(
    logs: dict[str, Tables], names: Sequence[str], slack: Mapping[str, int]
) -> tuple[dict[str, Tables], dict[str, Counter[str]]]:
    """The logs without rows that a log before them has; and for each log how many, by that log.

    Args:
        logs: Each with `time` instead of the stamps as read.
        names: Of the logs; the first that has a line keeps it.
        slack: By server, seconds by which the same line may differ, if not one.
    """
    shared = _shared_spans(logs, names, _most(slack)) if len(names) > 1 else {}
    kept = {name: dict(tables) for name, tables in logs.items()}
    told: dict[str, Counter[str]] = {name: Counter() for name in names}
    contested = [name for name in names if name in shared]
    for kind in sorted({kind for name in contested for kind in logs[name]}):
        parts = [
            _Part(name, logs[name][kind], shared[name]) for name in contested if kind in logs[name]
        ]
        for stretch in _stretches(parts):
            _compare(parts, stretch, slack, told)
        for part in parts:
            if not part.keep.any():
                del kept[part.name][kind]
            elif not part.keep.all():
                kept[part.name][kind] = part.kept()
    return kept, {name: counts for name, counts in told.items() if counts}


def _most(slack: Mapping[str, int]) -> int:
    return max(slack.values(), default=EXACT)


def _shared_spans(logs: dict[str, Tables], names: Sequence[str], slack: int) -> dict[str, Span]:
    """Of each log that another of the same server and time may repeat, the time in which it may."""
    spans = {name: _spans(logs[name]) for name in names}
    shared: dict[str, Span] = {}
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            for server in spans[one].keys() & spans[other].keys():
                mine, theirs = spans[one][server], spans[other][server]
                first, last = max(mine[0], theirs[0]) - slack, min(mine[1], theirs[1]) + slack
                if first > last:
                    continue
                for name in (one, other):
                    known = shared.get(name, (first, last))
                    shared[name] = (min(known[0], first), max(known[1], last))
    return shared


def _spans(tables: Tables) -> dict[str | None, Span]:
    """First and last second of each server in a log."""
    spans: dict[str | None, Span] = {}
    for table in tables.values():
        for chunk in table.select(["server", "time"]).to_batches():
            for server, first, last in _spans_of(chunk):
                least, most = spans.get(server, (first, last))
                spans[server] = (min(least, first), max(most, last))
    return spans


def _spans_of(chunk: pa.RecordBatch) -> Iterator[tuple[str | None, int, int]]:
    coded = chunk["server"]
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    names = _short(coded.dictionary).to_pylist()
    grouped = pa.table({"server": coded.indices, "time": chunk["time"].cast(pa.int64())})
    ends = grouped.group_by("server").aggregate([("time", "min"), ("time", "max")])
    for code, first, last in zip(*(ends[name].to_pylist() for name in ENDS), strict=True):
        if first is not None:
            yield (names[code] if code is not None else None), first // SECOND, last // SECOND


@dataclass
class _Part:
    """Lines of one kind in a log that another may repeat. `keep`: those that none before has."""

    name: str
    table: pa.Table
    shared: Span

    def __post_init__(self) -> None:
        self.keep = np.ones(len(self.table), np.bool_)
        self.chunks = [chunk for chunk in self.table.to_batches() if len(chunk)]
        self.start = np.cumsum([0, *map(len, self.chunks)])
        ends = [_ends(_seconds(chunk)) for chunk in self.chunks]
        self.first, self.last, self.unknown = np.array(ends, np.int64).reshape(-1, 3).T

    def sample(self) -> Int64:
        """The seconds of one line in so many of those that may be repeated."""
        some = [_seconds(chunk)[::ONE_IN] for chunk in self.chunks]
        seconds: Int64 = np.concatenate([NONE, *some])
        return seconds[(seconds >= self.shared[0]) & (seconds <= self.shared[1])]

    def within(self, first: int, end: int) -> Rows:
        """By chunk, the rows of some seconds that may be repeated, and their seconds."""
        found = []
        met = (self.first < end) & (self.last >= first)
        for number in np.flatnonzero(met | ((self.unknown > 0) & (first <= UNKNOWN))):
            seconds = _seconds(self.chunks[number])
            asked = _within(seconds, self.shared) & (seconds >= first) & (seconds < end)
            if asked.any():
                found.append((int(number), np.flatnonzero(asked), seconds[asked]))
        return found

    def said(self, found: Rows) -> pa.Table:
        """What those rows say, and `row`, `line` and `second`."""
        tables = []
        for number, rows, seconds in found:
            chunk = self.chunks[number]
            some = pa.Table.from_batches(
                [chunk.take(pa.array(rows)) if len(rows) < len(chunk) else chunk]
            )
            tables.append(
                some.append_column("row", pa.array(rows + self.start[number])).append_column(
                    "second", pa.array(seconds)
                )
            )
        return pa.concat_tables(tables)

    def kept(self) -> pa.Table:
        """What none before has; chunks of it that are whole stay where they lie."""
        chunks = []
        for start, chunk in zip(self.start, self.chunks, strict=False):
            keep = self.keep[start : start + len(chunk)]
            if keep.any():
                chunks.append(chunk if keep.all() else chunk.filter(pa.array(keep)))
        return pa.Table.from_batches(chunks, self.table.schema)


def _stretches(parts: Sequence[_Part]) -> Iterator[Span]:
    """Seconds from and to which there are not too many lines of all parts to be compared at once;
    at last the second that stands for no known time.
    """
    if len(parts) < 2:
        return
    sample = np.sort(np.concatenate([part.sample() for part in parts]))
    begin = min(part.shared[0] for part in parts)
    end = max(part.shared[1] for part in parts) + 1
    edges = np.unique([begin, *sample[:: max(AT_A_TIME // ONE_IN, 1)], end]).tolist()
    yield from pairwise(edges)
    yield UNKNOWN, UNKNOWN + 1


def _near(found: Sequence[Rows], slack: int) -> list[Rows]:
    """Of the rows of each log those that were written near one of another log."""
    seconds = [np.unique(np.concatenate([NONE, *[at for *_, at in rows]])) for rows in found]
    near = []
    for number, rows in enumerate(found):
        others = np.concatenate([NONE, *seconds[:number], *seconds[number + 1 :]])
        asked = np.unique(np.add.outer(others, np.arange(-slack, slack + 1)))
        kept = [(chunk, row, at, np.isin(at, asked)) for chunk, row, at in rows]
        near.append([(chunk, row[mine], at[mine]) for chunk, row, at, mine in kept if mine.any()])
    return near


def _compare(
    parts: Sequence[_Part], stretch: Span, slack: Mapping[str, int], told: dict[str, Counter[str]]
) -> None:
    """Mark the rows in a stretch of time that a log before has, and count them by that log.

    What is near may decide, so the rows around the stretch are looked at too.
    """
    most = _most(slack)
    found = _near([part.within(stretch[0] - most, stretch[1] + most) for part in parts], most)
    there = [(part, rows) for part, rows in zip(parts, found, strict=True) if rows]
    if not there:
        return
    tables = [part.said(rows) for part, rows in there]
    some = pa.concat_tables(tables, promote_options="default")
    said = pd.DataFrame(
        {
            "log": np.repeat(np.arange(len(tables)), [len(table) for table in tables]),
            "said": _codes(some),
            "slack": _slacks(plain(some["server"]), slack),
            **{name: some[name].to_numpy() for name in ("second", "row", "line")},
        }
    ).sort_values(["log", "line"], kind="stable", ignore_index=True)
    before = _log_before(said)
    repeated = (before >= 0) & said["second"].between(*stretch, inclusive="left").to_numpy()
    for number, (part, _) in enumerate(there):
        mine = said["log"].eq(number).to_numpy() & repeated
        part.keep[said["row"].to_numpy()[mine]] = False
        times = np.bincount(before[mine], minlength=len(there))
        told[part.name].update(
            {other.name: int(n) for (other, _), n in zip(there, times, strict=True) if n}
        )


def _slacks(server: pa.ChunkedArray, slack: Mapping[str, int]) -> Int64:
    if not slack:
        return np.full(len(server), EXACT, np.int64)
    place = pc.index_in(server, pa.array([*slack]))
    seconds = pa.array([*slack.values()], pa.int64()).take(place.combine_chunks())
    known: Int64 = pc.fill_null(seconds, EXACT).to_numpy()
    return known


def _log_before(said: pd.DataFrame) -> Int64:
    """Of each row, the log before its own that has the line too; -1 for none.

    The second such line of one log is another line. What is left may be the same line some
    seconds apart: the journal takes its own time, and a central log that of the relay.
    """
    same = ["said", "second"]
    turn = said.groupby(["log", *same]).cumcount()
    each = said.assign(turn=turn).groupby([*same, "turn"])["log"]
    first, alone = each.transform("first"), each.transform("size").eq(1)
    before = np.where(first < said["log"], first, -1).astype(np.int64)
    left = said[alone].sort_values(["said", "second", "log"], kind="stable")
    near = (
        left["said"].eq(left["said"].shift()) & left["second"].diff().le(left["slack"])
    ).to_numpy()[1:]
    number, log = left.index.to_numpy(np.int64), left["log"].to_numpy(np.int64)
    for mine, theirs in ((slice(1, None), slice(-1)), (slice(-1), slice(1, None))):
        later = near & (log[mine] > log[theirs])
        before[number[mine][later]] = log[theirs][later]
    return before


def _codes(table: pa.Table) -> Int64:
    """A number for what each row says: equal if and only if all columns are."""
    code = np.zeros(len(table), np.int64)
    for name in table.column_names:
        if name in PLACE:
            continue
        column = _short(table[name]) if name == "server" else plain(table[name])
        values = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0)
        size = max(len(values.dictionary), 1)
        if size > 1:
            code, _ = pd.factorize(code * size + values.indices.to_numpy())
    return code.astype(np.int64)


def _short(server: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A central log has a host's whole name where its own log has the first part."""
    return pc.replace_substring_regex(plain(server), r"^([A-Za-z][^.]*)\..*$", r"\1")


def _seconds(chunk: pa.RecordBatch) -> Int64:
    micros = pc.fill_null(chunk["time"].cast(pa.int64()), int(MISSING)).to_numpy()
    seconds: Int64 = micros // SECOND
    return seconds


def _ends(seconds: Int64) -> tuple[int, int, int]:
    """The first and last second known, and how many lines have none."""
    known = seconds[seconds != UNKNOWN]
    first = known.min(initial=np.iinfo(np.int64).max)
    return int(first), int(known.max(initial=UNKNOWN)), len(seconds) - len(known)


def _within(seconds: Int64, span: Span) -> npt.NDArray[np.bool_]:
    """In the span, or at no known time."""
    unknown = seconds == UNKNOWN
    inside: npt.NDArray[np.bool_] = ((seconds >= span[0]) & (seconds <= span[1])) | unknown
    return inside
