"""A block of delimited log as tables: which columns are in force, and what became of every line?

A log may name its columns anew in the middle (files joined, a server updated), so a block is read
section by section, by name. A record that the fast way refuses is read once more by a patient one,
alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.formats.cells import Block, Cells, cells, cut, repaired, spans
from analyzer.formats.clock import turns
from analyzer.formats.reader import Reading
from analyzer.formats.shapes import as_text
from analyzer.schema import UNREAD

Int64 = npt.NDArray[np.int64]
PARSED, IDLE, NOT_UNDERSTOOD = 1, 2, 0


@dataclass(frozen=True)
class Columns:
    """Columns in force: `names` as layouts know them, in the order of the log.

    `day_first`: dates with slashes are written with the day before the month.
    """

    layout: Layout
    names: tuple[str, ...]
    day_first: bool | None = None


class Rows:
    """Records of one section, a column at a time, by name."""

    def __init__(
        self,
        names: tuple[str, ...],
        source: str,
        line: Int64,
        offset: Int64,
        found: Cells,
        day_first: bool | None = None,
    ) -> None:
        self._at = {name: number for number, name in reversed(list(enumerate(names)))}
        self._found = found
        self.day_first = day_first
        self.source, self.line, self.offset = source, line, offset

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def only(self, kept: npt.NDArray[np.intp]) -> Rows:
        """Some of the records, in order."""
        line, offset, found = self.line[kept], self.offset[kept], self._found.only(kept)
        fewer = Rows((), self.source, line, offset, found, self.day_first)
        fewer._at = self._at
        return fewer

    def text(self, name: str, of: npt.NDArray[np.intp] | None = None) -> pa.Array:
        """The column, or what is in it of some of the records; empty where the log has none."""
        if name not in self._at:
            return pa.array([""] * len(self if of is None else of), pa.string())
        return as_text(self._found.column(self._at[name], of))

    def events(self, row: npt.NDArray[np.intp], columns: dict[str, pa.Array]) -> pa.Table:
        """An events table of some of the records (one may come several times) with their places."""
        return pa.table(
            {
                "source": constant(self.source, len(row)),
                "line": pa.array(self.line[row]),
                "offset": pa.array(self.offset[row]),
                "mta": constant("exchange", len(row)),
                **{name: constant(None, len(row)) for name in ("instance", "service", "daemon")},
                "pid": pa.nulls(len(row), pa.int64()),
                "with_year": pa.array(np.ones(len(row), np.bool_)),
                "zoned": pa.array(np.ones(len(row), np.bool_)),
                "repeat": pa.array(np.ones(len(row), np.int64)),
                **columns,
            }
        )


@dataclass
class Told:
    """What a layout made of records: `became` is PARSED, IDLE or NOT_UNDERSTOOD for each.

    `program`: what each is counted under if it is idle. `micros`: its time in UTC, MISSING if
    impossible.
    """

    tables: dict[str, pa.Table]
    became: npt.NDArray[np.int8]
    program: pa.DictionaryArray
    micros: Int64


@dataclass(frozen=True)
class Layout:
    """One kind of delimited log. `trailing`: records may have one field more than it has names.

    `day_first`: tells from the first records of an exported table how it writes dates.
    """

    name: str
    separator: str
    tell: Callable[[Rows], Told]
    trailing: bool = False
    day_first: Callable[[Rows], bool | None] | None = None


def constant(value: str | None, length: int) -> pa.DictionaryArray:
    """One value many times; Arrow cannot unify dictionaries that hold a null, so indices do."""
    indices = pa.array(np.zeros(length, np.int32), mask=np.full(length, value is None))
    return pa.DictionaryArray.from_arrays(indices, pa.array([value or ""], pa.string()))


@dataclass
class Section:
    """Lines of a block from `first` on, up to the next section."""

    first: int
    columns: Columns | None


@dataclass
class Sections:
    """How a block is laid out: its sections, and its records of several lines."""

    block: Block
    sections: list[Section]
    multiline: dict[int, int]
    headings: npt.NDArray[np.bool_]  # lines that only say what the columns are

    @property
    def last(self) -> Columns | None:
        return self.sections[-1].columns

    def records(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
        """At which lines a record begins, and the last line of each that does."""
        last = np.arange(len(self.block))
        begins = ~self.block.blank & ~self.headings
        for begin, end in self.multiline.items():
            last[begin] = end
            begins[begin + 1 : end + 1] = False
            begins[begin] = True
        return begins, last


def sections(
    data: bytes, in_force: Columns | None, heading: Callable[[bytes], Columns | None]
) -> Sections:
    """Find where the columns change.

    Args:
        in_force: Columns at the beginning of the block.
        heading: The columns that a comment line names; None for another comment.
    """
    block = cut(data)
    comments = block.comments
    named = {
        n: columns
        for n in np.flatnonzero(comments).tolist()
        if (columns := heading(block.text(n, n)))
    }
    at = _plain_heading(block, heading) if in_force is None else None
    if at is not None:
        named[at[0]] = at[1]
        comments = comments | (np.arange(len(block)) == at[0])
    swallowed: list[int] = []

    def width(line: int) -> int:
        before = [n for n in named if n < line and n not in swallowed]
        columns = named[max(before)] if before else in_force
        return len(columns.names) if columns else 0

    quoting = bool(len(block.quotes))
    multiline = spans(block, width, swallowed) if quoting else {}
    found = [Section(0, in_force)]
    for line, columns in sorted(named.items()):
        if line not in swallowed and columns != found[-1].columns:  # mostly it is said once more
            found.append(Section(line, columns))
    comments[swallowed] = False
    laid_out = Sections(block, found, multiline, comments)
    if at is not None:
        _settle_dates(laid_out)
    return laid_out


def _plain_heading(
    block: Block, heading: Callable[[bytes], Columns | None]
) -> tuple[int, Columns] | None:
    """An exported table names its columns in its first line."""
    lines = np.flatnonzero(~block.blank & ~block.comments)[:1].tolist()
    columns = heading(block.text(lines[0], lines[0])) if lines else None
    return (lines[0], columns) if columns else None


def _settle_dates(laid_out: Sections) -> None:
    """How an exported table writes dates: told once, by its records in the block that names it."""
    begins, last = laid_out.records()
    stops = [section.first for section in laid_out.sections[1:]] + [len(laid_out.block)]
    for section, stop in zip(laid_out.sections, stops, strict=True):
        columns = section.columns
        if columns is None or columns.layout.day_first is None:
            continue
        first = section.first + np.flatnonzero(begins[section.first : stop])
        width, separator = len(columns.names), columns.layout.separator
        found = cells(laid_out.block, first, last[first], width, separator)
        line = first[found.row].astype(np.int64)
        rows = Rows(columns.names, "", line, line, found)
        section.columns = replace(columns, day_first=columns.layout.day_first(rows))


def read(laid_out: Sections, source: str, first_line: int, offset: int, size: int) -> Reading:
    """Every line of the block: parsed, ignored, blank or unread."""
    block = laid_out.block
    alone, last = laid_out.records()
    work = _Work(block, source, first_line, offset)
    starts = [section.first for section in laid_out.sections]
    for number, section in enumerate(laid_out.sections):
        stop = starts[number + 1] if number + 1 < len(starts) else len(block)
        first = section.first + np.flatnonzero(alone[section.first : stop])
        if len(first):
            work.read(section.columns, first, last[first])
    headings = int(laid_out.headings.sum())
    if headings:
        work.ignored["heading"] += headings
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
        found = cells(self.block, first, last, width, separator)
        self._tell(columns, found, first[found.row], last[found.row])
        if len(found) == len(first):
            return
        refused = np.ones(len(first), np.bool_)
        refused[found.row] = False
        first, last = first[refused], last[refused]
        if columns.layout.trailing:
            found = cells(self.block, first, last, width + 1, separator)
            self._tell(columns, found, first[found.row], last[found.row])
            refused = np.ones(len(first), np.bool_)
            refused[found.row] = False
            first, last = first[refused], last[refused]
        self._patiently(columns, first, last)

    def _patiently(
        self, columns: Columns, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]
    ) -> None:
        """What the fast way refused, record by record; without the right fields it is unread."""
        width, lines, places = len(columns.names), [], []
        note = f"not the {width} fields that the columns in force name"
        for begin, end in zip(first.tolist(), last.tolist(), strict=True):
            text = (
                repaired(self.block.text(begin, end), width)
                if columns.layout.separator == ","
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
        found = cells(anew, row, row, width, ",")
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
