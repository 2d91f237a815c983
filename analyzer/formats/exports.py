"""Which line of syslog stands in each row of a table that a collector exported as CSV?

Kibana, Graylog, Splunk, Grafana and the consoles of clouds write one: the first line names the
columns, and `records` knows which of them make a line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from analyzer.formats import records
from analyzer.formats.pieces import pieces
from analyzer.formats.reader import Reading, read_syslog
from analyzer.formats.shapes import as_text, rows_with
from analyzer.formats.wrapped import Wrapped, as_block, line_by_line

LONGEST = 16 << 10  # bytes of a line that names columns
SEPARATORS = b",;\t"
MARK = b"\xef\xbb\xbf"
NAME = re.compile(r"[\w@.\-\[\]() ]{1,80}")  # no line of a log is made of such alone


@dataclass(frozen=True)
class Table:
    """How a table is written: `columns` are the names in order, `heading` the line with them."""

    separator: str
    columns: tuple[str, ...]
    heading: bytes

    def __call__(self, source: str, first_line: int, offset: int, data: bytes) -> Reading:
        """Read whole lines of it, as `read_syslog` does."""
        return read_syslog(source, first_line, offset, data, self._unwrap(data))

    def _unwrap(self, data: bytes) -> Wrapped:
        newline = np.flatnonzero(np.frombuffer(data, np.uint8) == 10).astype(np.int32)
        written = pieces(data, np.append(0, newline + 1)[:-1], newline)
        headings = [
            row
            for row in rows_with(self.heading, written)
            if written[row].as_py().removeprefix(MARK).rstrip() == self.heading
        ]
        row = np.delete(np.arange(len(written)), headings)
        asked = written.take(pa.array(row))
        lines = pc.coalesce(records.lines(self._told(asked)), asked)
        return line_by_line(as_block(lines), data, row)

    def _told(self, written: pa.BinaryArray) -> Mapping[str, pa.Array]:
        """The columns that make a line; null where a row has more or fewer than there are names,
        or is a part of one with a newline in it.
        """
        known = roles(self.columns)
        schema = pa.schema([(role, pa.binary()) for role in known])

        def read(part: pa.BinaryArray) -> list[pa.Table]:
            """Of lines that are not as many rows, halves, until one stands alone."""
            rows = self._rows(part, known)
            if rows is not None:
                return [rows.cast(schema)]
            if len(part) == 1:
                return [pa.Table.from_pylist([{}], schema)]
            middle = len(part) // 2
            return read(part[:middle]) + read(part[middle:])

        told = pa.concat_tables([schema.empty_table(), *(read(written) if len(written) else [])])
        return {role: told[role].combine_chunks() for role in known}

    def _rows(self, lines: pa.BinaryArray, known: Mapping[str, int]) -> pa.Table | None:
        """A row for each line; None where Arrow takes several lines for one row, or refuses all."""
        names = [f"{number}" for number in range(len(self.columns))]
        wrong: list[int] = []

        def skipped(row: pcsv.InvalidRow) -> str:
            wrong.append(row.number)
            return "skip"

        # Of a row that it refuses Arrow makes a text, and complains of bytes that are none.
        visible = as_text(pc.replace_substring(lines, "\r", " ")).cast(pa.binary())
        text = as_block(visible)
        try:
            table = pcsv.read_csv(
                pa.BufferReader(text),
                pcsv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
                pcsv.ParseOptions(
                    delimiter=self.separator, ignore_empty_lines=False, invalid_row_handler=skipped
                ),
                pcsv.ConvertOptions(
                    include_columns=[names[number] for number in known.values()],
                    column_types=dict.fromkeys(names, pa.binary()),
                ),
            )
        except pa.ArrowInvalid:
            return None
        if len(table) + len(wrong) != len(lines):
            return None
        there = np.ones(len(lines), np.bool_)
        there[np.array(wrong, np.int64) - 1] = False
        take = pa.array(np.cumsum(there) - 1, mask=~there)
        return pa.table({role: table[names[number]].take(take) for role, number in known.items()})


def table(beginning: bytes) -> Table | None:
    """How the table is written that begins so; None if it is none of a collector's."""
    heading = beginning.removeprefix(MARK).split(b"\n", 1)[0].rstrip()
    if not heading or len(heading) > LONGEST or heading[:1] in b"{<[":
        return None
    text = heading.decode("utf-8", "replace")
    separator = max(SEPARATORS.decode(), key=text.count)
    try:
        (names,) = csv.reader([text], delimiter=separator)
    except (csv.Error, ValueError):
        return None
    columns = tuple(name.strip() for name in names)
    if not all(map(NAME.fullmatch, columns)) or "text" not in roles(columns):
        return None
    return Table(separator, columns, heading)


def roles(columns: tuple[str, ...]) -> dict[str, int]:
    """By role the number of the column that has it."""
    found = records.fields([dict.fromkeys(columns, "")]) or {}
    return {role: columns.index(path[0]) for role, path in found.items()}
