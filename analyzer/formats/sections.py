"""Where in a block of a delimited log do its columns change, and where does a record begin?

A log may name its columns anew in the middle (files joined, a server updated).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.formats.cells import Block, cells, cut, spans
from analyzer.formats.layouts import Columns, Rows
from analyzer.rows import Flags

Lines = npt.NDArray[np.intp]


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
    headings: Flags  # lines that only say what the columns are

    @property
    def last(self) -> Columns | None:
        return self.sections[-1].columns

    def records(self) -> Iterator[tuple[Section, Lines, Lines]]:
        """Each section with the first and the last line of each of its records."""
        last = np.arange(len(self.block))
        begins = ~self.block.blank & ~self.headings
        for begin, end in self.multiline.items():
            last[begin] = end
            begins[begin + 1 : end + 1] = False
            begins[begin] = True
        stops = [*(section.first for section in self.sections[1:]), len(self.block)]
        for section, stop in zip(self.sections, stops, strict=True):
            first = section.first + np.flatnonzero(begins[section.first : stop])
            yield section, first, last[first]


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

    def width(line: int) -> tuple[int, str]:
        before = [n for n in named if n < line and n not in swallowed]
        columns = named[max(before)] if before else in_force
        return (len(columns.names), columns.layout.separator) if columns else (0, ",")

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
    for section, first, last in laid_out.records():
        columns = section.columns
        if columns is None or columns.layout.day_first is None:
            continue
        width, separator = len(columns.names), columns.layout.separator
        found = cells(laid_out.block, first, last, width, separator)
        line = first[found.row].astype(np.int64)
        rows = Rows(columns.names, "", line, line, found)
        section.columns = replace(columns, day_first=columns.layout.day_first(rows))
