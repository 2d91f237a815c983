"""Which rows of logs say the same? Those of a kind that were written at about the same time are
compared, some thousand at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import plain
from analyzer.formats.stamps import MISSING, SECOND
from analyzer.rows import Int64

Tables = dict[str, pa.Table]  # by kind
Span = tuple[int, int]  # seconds since 1970
InChunks = list[tuple[int, Int64, Int64]]  # number of a chunk, rows of it, and their seconds

PLACE = {"source", "line", "offset", "time", "second", "row"}  # compared otherwise, or may differ
UNKNOWN = int(MISSING) // SECOND  # the second of a line without a time
AT_A_TIME = 1 << 14  # lines of one kind that are compared at once
NONE = np.empty(0, np.int64)
ONE_IN = 64  # lines, whose times tell how many there are of all


@dataclass
class Part:
    """Lines of one kind in a log that another may repeat. `keep`: those that none before has."""

    name: str
    table: pa.Table
    shared: Span

    def __post_init__(self) -> None:
        self.keep = np.ones(len(self.table), np.bool_)
        self.chunks = [chunk for chunk in self.table.to_batches() if len(chunk)]
        self.start = np.cumsum([0, *map(len, self.chunks)])
        ends = [_ends(seconds_of(chunk)) for chunk in self.chunks]
        self.first, self.last, self.unknown = np.array(ends, np.int64).reshape(-1, 3).T

    def sample(self) -> Int64:
        """The seconds of one line in so many of those that may be repeated."""
        some = [seconds_of(chunk)[::ONE_IN] for chunk in self.chunks]
        seconds: Int64 = np.concatenate([NONE, *some])
        return seconds[(seconds >= self.shared[0]) & (seconds <= self.shared[1])]

    def within(self, first: int, end: int) -> InChunks:
        """By chunk, the rows of some seconds that may be repeated, and their seconds."""
        found = []
        met = (self.first < end) & (self.last >= first)
        for number in np.flatnonzero(met | ((self.unknown > 0) & (first <= UNKNOWN))):
            seconds = seconds_of(self.chunks[number])
            asked = _within(seconds, self.shared) & (seconds >= first) & (seconds < end)
            if asked.any():
                found.append((int(number), np.flatnonzero(asked), seconds[asked]))
        return found

    def said(self, found: InChunks) -> pa.Table:
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


def ends_of(table: pa.Table) -> Span:
    """The first and last second known."""
    ends = [_ends(seconds_of(chunk))[:2] for chunk in table.select(["time"]).to_batches()]
    return min((first for first, _ in ends), default=0), max((last for _, last in ends), default=0)


def stretches(parts: Sequence[Part], least: int = 1) -> Iterator[Span]:
    """Seconds from and to which there are not too many lines of all parts to be compared at once,
    but *least* seconds together; at last the second that stands for no known time.
    """
    sample = np.sort(np.concatenate([part.sample() for part in parts]))
    begin = min(part.shared[0] for part in parts)
    end = max(part.shared[1] for part in parts) + 1
    edges = sample[:: max(AT_A_TIME // ONE_IN, 1)] // least * least
    yield from pairwise(np.unique([begin, *edges[edges > begin], end]).tolist())
    yield UNKNOWN, UNKNOWN + 1


def codes(table: pa.Table) -> Int64:
    """A number for what each row says: equal if and only if all columns are."""
    code = np.zeros(len(table), np.int64)
    for name in table.column_names:
        if name in PLACE:
            continue
        column = short(table[name]) if name == "server" else plain(table[name])
        values = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0)
        size = max(len(values.dictionary), 1)
        if size > 1:
            code, _ = pd.factorize(code * size + values.indices.to_numpy())
    return code.astype(np.int64)


def short(server: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A central log has a host's whole name where its own log has the first part."""
    return pc.replace_substring_regex(plain(server), r"^([A-Za-z][^.]*)\..*$", r"\1")


def seconds_of(chunk: pa.RecordBatch) -> Int64:
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
