"""Which reader does a piece of evidence need? Judged by its first lines, never by its name.

Blocks are read in parallel, but what a row of a delimited log means depends on the last line before
it that named the columns. So the blocks are looked at in order, each gets its reader with the
columns that are in force where it begins, and only then are they read. A block that names no
columns costs one search.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from analyzer.formats.delimited import read
from analyzer.formats.exchange_headers import columns_of
from analyzer.formats.exports import Table, table
from analyzer.formats.layouts import Columns
from analyzer.formats.queue_listing import listing, read_listing
from analyzer.formats.reader import Reading, read_syslog
from analyzer.formats.sections import Sections, sections

Read = Callable[[str, int, int, bytes], Reading]  # source, first line, offset, whole lines

LOOKED_AT = 16 << 10  # bytes at the beginning in which a log names its columns
# Anywhere in a block, and sought by its rare first byte: what only looks like it costs no more than
# that the block is laid out in turn.
NAMES_COLUMNS = re.compile(rb"#(?:Fields:| ?Date\t)")


class Recogniser:
    """Gives the blocks of one file their readers; `of` is asked once for each, in order."""

    def __init__(self) -> None:
        self._looked = False
        self._delimited = False
        self._listing: str | None = None
        self._table: Table | None = None
        self._in_force: Columns | None = None

    def of(self, data: bytes) -> Read:
        if not self._looked:
            self._looked = True
            self._delimited = _names_columns(data[:LOOKED_AT])
            self._listing = listing(data[:LOOKED_AT])
            self._table = None if self._delimited else table(data[:LOOKED_AT])
        if self._listing:
            return functools.partial(read_listing, self._listing)
        if self._table:
            return self._table
        if not self._delimited:
            return read_syslog
        in_force = self._in_force
        if in_force is not None and not NAMES_COLUMNS.search(data):
            return _Delimited(in_force)
        laid_out = sections(data, in_force, columns_of)
        self._in_force = laid_out.last
        return _Delimited(in_force, laid_out)


@dataclass(frozen=True)
class _Delimited:
    """Reads a block at the beginning of which these columns are in force. How it is laid out holds
    the block itself: it is not sent to another process, which finds it out anew.
    """

    in_force: Columns | None
    laid_out: Sections | None = None

    def __call__(self, source: str, first_line: int, offset: int, block: bytes) -> Reading:
        laid_out = self.laid_out or sections(block, self.in_force, columns_of)
        return read(laid_out, source, first_line, offset, len(block))

    def __reduce__(self) -> tuple[type[_Delimited], tuple[Columns | None]]:
        return _Delimited, (self.in_force,)


def _names_columns(beginning: bytes) -> bool:
    """Does one of the first lines name columns that we know?"""
    lines = beginning.replace(b"\xef\xbb\xbf", b"").split(b"\n")[:200]
    commented = (columns_of(line) for line in lines if line.startswith(b"#"))
    plain = next((line for line in lines if line.strip() and not line.startswith(b"#")), b"")
    return any(commented) or columns_of(plain) is not None
