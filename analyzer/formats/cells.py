"""Where does every record of a delimited block begin and end, and where in it is each field?

The positions of line ends, separators and quotes are found by numpy, and a column is a view of the
same bytes. Only what is damaged, or spans lines, is looked at one record at a time, and never more
than a bounded piece of it: one stray quote must not swallow the rows behind it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import PADDING, Positions, Rows, pieces
from analyzer.rows import Flags

NEWLINE, RETURN, QUOTE, HASH = b'\n\r"#'
QUOTING = ",;"  # separators of logs whose fields may be quoted; among tabs a quote is text
MARK = 0xEF, 0xBB, 0xBF  # UTF-8 byte order mark, also between concatenated files
MOST_BYTES = 128 << 10  # of one record; Exchange cuts subjects far below


@dataclass
class Block:
    """Lines of delimited text: `start` to `end` is the line without mark and line end."""

    data: bytes
    byte: npt.NDArray[np.uint8]
    start: Positions
    end: Positions
    quotes: Positions

    def __len__(self) -> int:
        return len(self.start)

    def text(self, first: int, last: int) -> bytes:
        """The bytes of some lines, with the line ends between them."""
        return self.data[int(self.start[first]) : int(self.end[last])]

    def marks(self, separator: str, first: Rows, last: Rows) -> Positions:
        """Where a separator stands between the first and the last of some lines."""
        if not len(first):
            return np.empty(0, np.int32)
        begin, end = int(self.start[first[0]]), int(self.end[last[-1]])
        found: Positions = np.flatnonzero(self.byte[begin:end] == ord(separator)).astype(np.int32)
        return found + np.int32(begin)

    @property
    def blank(self) -> Flags:
        return self.start >= self.end

    @property
    def comments(self) -> Flags:
        found: Flags = (self.byte[self.start] == HASH) & ~self.blank
        return found


def cut(block: bytes) -> Block:
    """Cut whole lines; *block* ends in a newline."""
    data = block + PADDING
    byte = np.frombuffer(data, np.uint8)
    newline = np.flatnonzero(byte[: len(block)] == NEWLINE).astype(np.int32)
    start = np.concatenate([np.zeros(1, np.int32), newline[:-1] + np.int32(1)])
    marked = (byte[start] == MARK[0]) & (byte[start + 1] == MARK[1]) & (byte[start + 2] == MARK[2])
    start = np.where(marked, start + 3, start).astype(np.int32)
    end = np.maximum(newline - ((byte[newline - 1] == RETURN) & (newline > start)), start)
    quotes = np.flatnonzero(byte == QUOTE).astype(np.int32)
    return Block(data, byte, start, end.astype(np.int32), quotes)


def spans(
    block: Block, width: Callable[[int], tuple[int, str]], swallowed: list[int]
) -> dict[int, int]:
    """Records of several lines, first to last. All other lines are records by themselves.

    A quoted field may hold newlines. A quote that is open at the end of a line belongs to such a
    field if the line that closes it is near and both together have as many fields as the columns in
    force at that line; otherwise it is damage, and its line stands alone.

    Args:
        width: Number of columns in force at a line, and what separates them.
        swallowed: Gets the comment lines that turned out to be text inside a quoted field.
    """
    inside = np.searchsorted(block.quotes, block.end) - np.searchsorted(block.quotes, block.start)
    odd = np.flatnonzero(inside & 1).tolist()
    found: dict[int, int] = {}
    at = 0
    while at + 1 < len(odd):
        first, last = odd[at], odd[at + 1]
        near = block.end[last] - block.start[first] <= MOST_BYTES
        wanted, separator = width(first)
        begins = near and separator in QUOTING and not block.comments[first]
        if begins and _fields(block.text(first, last), separator, strict=True) == wanted:
            found[first] = last
            swallowed.extend(n for n in range(first + 1, last + 1) if block.comments[n])
            at += 2
        else:
            at += 1
    return found


def _fields(text: bytes, separator: str, *, strict: bool) -> int:
    """Number of fields of one record; 0 if it is none."""
    rows = _parsed(text, separator, strict=strict)
    return len(rows[0]) if len(rows) == 1 else 0


def _parsed(text: bytes, separator: str, *, strict: bool) -> list[list[str]]:
    lines = text.decode("latin-1").replace("\0", "").split("\n")  # every byte survives Latin-1
    try:
        return list(csv.reader([f"{line}\n" for line in lines], delimiter=separator, strict=strict))
    except csv.Error:
        return []


@dataclass
class Cells:
    """The fields of records with the same columns, cut when they are asked for.

    Args:
        row: Which of the records these are.
        begin: Where each begins; `end` likewise.
        marks: The separators of all of them.
        first: Place among *marks* of each record's first one.
    """

    block: Block
    row: Rows
    begin: Positions
    end: Positions
    marks: Positions
    first: Rows
    width: int

    def __len__(self) -> int:
        return len(self.row)

    def only(self, kept: Rows) -> Cells:
        """Some of the records."""
        begin, end = self.begin[kept], self.end[kept]
        return Cells(
            self.block, self.row[kept], begin, end, self.marks, self.first[kept], self.width
        )

    def column(self, number: int, of: Rows | None = None) -> pa.BinaryArray:
        """One field of every record, or of those at some places, without its quotes."""
        every = slice(None) if of is None else of
        first = self.first[every]
        begin = self.marks[first + (number - 1)] + np.int32(1) if number else self.begin[every]
        end = self.marks[first + number] if number < self.width - 1 else self.end[every]
        if not len(self.block.quotes):
            return pieces(self.block.data, begin, end)
        quoted = (self.block.byte[begin] == QUOTE) & (end > begin)
        if not quoted.any():
            return pieces(self.block.data, begin, end)
        values = pieces(self.block.data, begin + quoted, end - quoted)
        return pc.replace_substring(values, '""', '"')


def cells(block: Block, first: Rows, last: Rows, width: int, separator: str) -> Cells:
    """Fields of the records that lie from line *first* to line *last* and have *width* fields.

    A record with another number of fields, or with a quote in a place where none may stand, is left
    out.
    """
    begin, end = block.start[first], block.end[last]
    marks, row = block.marks(separator, first, last), np.arange(len(first))
    if separator in QUOTING and len(block.quotes):
        quotes, of = _quotes_of(block, begin, end)
        damaged = _damaged(block, quotes, of, begin, end, separator)
        marks = _outside_quotes(marks, quotes[~damaged[of]])
        row = np.flatnonzero(~damaged)
        begin, end = begin[row], end[row]
    at, stop = np.searchsorted(marks, begin), np.searchsorted(marks, end)
    fits = np.flatnonzero(stop - at == width - 1)
    return Cells(block, row[fits], begin[fits], end[fits], marks, at[fits], width)


def _quotes_of(block: Block, begin: Positions, end: Positions) -> tuple[Positions, Rows]:
    """The quotes that stand in some records, and the record of each."""
    row = np.searchsorted(begin, block.quotes, "right") - 1
    inside = (
        (row >= 0) & (block.quotes < end[row])
        if len(begin)
        else np.zeros(len(block.quotes), np.bool_)
    )
    return block.quotes[inside], row[inside]


def _outside_quotes(marks: Positions, quotes: Positions) -> Positions:
    """The separators that stand in no quoted field; *quotes*: each that opens one and its end."""
    opened, closed = np.searchsorted(marks, quotes[0::2]), np.searchsorted(marks, quotes[1::2])
    holds = closed > opened
    change = np.zeros(len(marks) + 1, np.int8)
    change[opened[holds]] += 1  # no two begin, and no two end, at one separator
    change[closed[holds]] -= 1
    outside: Positions = marks[np.cumsum(change[:-1], dtype=np.int8) == 0]
    return outside


def _damaged(
    block: Block, quotes: Positions, row: Rows, begin: Positions, end: Positions, separator: str
) -> Flags:
    """Records with a quote that neither begins nor ends a field and is not doubled."""
    byte = block.byte
    number = np.arange(len(quotes)) - np.searchsorted(quotes, begin)[row]
    opening = (number & 1) == 0
    before = (
        (byte[quotes - 1] == ord(separator)) | (byte[quotes - 1] == QUOTE) | (quotes == begin[row])
    )
    after = (
        (byte[quotes + 1] == ord(separator))
        | (byte[quotes + 1] == QUOTE)
        | (quotes + 1 == end[row])
    )
    bad = np.where(opening, ~before, ~after)
    open_at_end = np.bincount(row, minlength=len(begin)) & 1
    damaged: Flags = (np.bincount(row[bad], minlength=len(begin)) > 0) | (open_at_end == 1)
    return damaged


def repaired(text: bytes, width: int, separator: str) -> bytes | None:
    """A record written anew, if a patient reader finds *width* fields in it; else None."""
    if len(text) > MOST_BYTES:
        return None
    rows = _parsed(text, separator, strict=False)
    if len(rows) != 1 or len(rows[0]) != width or any("\n" in value for value in rows[0]):
        return None
    quoted = ('"' + value.replace('"', '""') + '"' for value in rows[0])
    return separator.join(quoted).encode("latin-1")
