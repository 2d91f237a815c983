"""A block of delimited log as tables: what became of every line?

A block is read section by section. A record that the fast way refuses is read once more by a
patient one, alone.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.formats.cells import QUOTING, Block, Cells, cells, cut, repaired
from analyzer.formats.clock import turns
from analyzer.formats.layouts import IDLE, NOT_UNDERSTOOD, Columns, Rows
from analyzer.formats.reader import Reading
from analyzer.formats.sections import Sections
from analyzer.rows import Int64
from analyzer.schema import UNREAD

HEADING = "heading"  # what lines are counted under that say no more than which columns there are


def read(laid_out: Sections, source: str, first_line: int, offset: int, size: int) -> Reading:
    """Every line of the block: parsed, ignored, blank or unread."""
    block = laid_out.block
    work = _Work(block, source, first_line, offset)
    for section, first, last in laid_out.records():
        if len(first):
            work.read(section.columns, first, last)
    headings = int(laid_out.headings.sum())
    if headings:
        work.ignored[HEADING] += headings
    blank = int((block.blank & ~_within(laid_out.multiline, len(block))).sum())
    ignored = sum(work.ignored.values())
    unread = work.unread_table()
    return Reading(
        {
            kind: pa.concat_tables(parts, promote_options="default")
            for kind, parts in sorted(work.tables.items())
        },
        unread,
        first_line,
        offset + size,
        len(block),
        len(block) - ignored - blank - len(unread),
        ignored,
        blank,
        turns(
            np.concatenate([np.empty(0, np.int64), *work.micros]),
            np.ones(sum(map(len, work.micros)), np.bool_),
            first_line,
        ),
        work.ignored,
    )


def _within(multiline: dict[int, int], length: int) -> npt.NDArray[np.bool_]:
    inside = np.zeros(length, np.bool_)
    for begin, end in multiline.items():
        inside[begin : end + 1] = True
    return inside


class _Work:
    """What has been read of a block so far."""

    def __init__(self, block: Block, source: str, first_line: int, offset: int) -> None:
        self.block, self.source, self.first_line, self.offset = block, source, first_line, offset
        self.tables: dict[str, list[pa.Table]] = {}
        self.ignored: Counter[str] = Counter()
        self.micros: list[Int64] = []
        self._unread: list[tuple[int, str]] = []

    def read(
        self, columns: Columns | None, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]
    ) -> None:
        """The records of one section."""
        if columns is None:
            self._unread += [
                (line, "no line before it names the columns") for line in first.tolist()
            ]
            return
        width, separator = len(columns.names), columns.layout.separator
        for fields in (width, width + 1) if columns.layout.trailing else (width,):
            found = cells(self.block, first, last, fields, separator)
            self._tell(columns, found, first[found.row], last[found.row])
            refused = np.ones(len(first), np.bool_)
            refused[found.row] = False
            first, last = first[refused], last[refused]
            if not len(first):
                return
        self._patiently(columns, first, last)

    def _patiently(
        self, columns: Columns, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]
    ) -> None:
        """What the fast way refused, record by record; without the right fields it is unread."""
        width, separator = len(columns.names), columns.layout.separator
        lines, places = [], []
        note = f"not the {width} fields that the columns in force name"
        for begin, end in zip(first.tolist(), last.tolist(), strict=True):
            text = (
                repaired(self.block.text(begin, end), width, separator)
                if separator in QUOTING
                else None
            )
            if text is None:
                self._unread += [(line, note) for line in range(begin, end + 1)]
            else:
                lines.append(text)
                places.append((begin, end))
        if not lines:
            return
        anew = cut(b"\n".join(lines) + b"\n")
        row = np.arange(len(lines))
        found = cells(anew, row, row, width, separator)
        begins, ends = np.array(places, np.intp).T
        self._tell(columns, found, begins[found.row], ends[found.row])

    def _tell(
        self,
        columns: Columns,
        found: Cells,
        first: npt.NDArray[np.intp],
        last: npt.NDArray[np.intp],
    ) -> None:
        line = first.astype(np.int64) + self.first_line
        offset = self.block.start[first].astype(np.int64) + self.offset
        told = columns.layout.tell(
            Rows(columns.names, self.source, line, offset, found, columns.day_first)
        )
        self.micros.append(told.micros)
        for kind, table in told.tables.items():
            if len(table):
                self.tables.setdefault(kind, []).append(table)
        idle = told.became == IDLE
        length = last - first + 1
        numbers = told.program.indices.to_numpy(zero_copy_only=False)[idle]
        counts = (
            np.bincount(numbers, weights=length[idle]).astype(int).tolist() if idle.any() else []
        )
        self.ignored.update(
            {told.program.dictionary[n].as_py(): count for n, count in enumerate(counts) if count}
        )
        for n in np.flatnonzero(told.became == NOT_UNDERSTOOD).tolist():
            self._unread += [
                (one, "its time, event or recipients cannot be read")
                for one in range(int(first[n]), int(last[n]) + 1)
            ]

    def unread_table(self) -> pa.Table:
        rows = [
            {
                "source": self.source,
                "line": line + self.first_line,
                "offset": int(self.block.start[line]) + self.offset,
                "program": None,
                "note": note,
                "text": self.block.text(line, line),
            }
            for line, note in sorted(self._unread)
        ]
        return pa.Table.from_pylist(rows, UNREAD)
