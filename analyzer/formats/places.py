"""Where in the evidence does each line of a block stand, and what are its bytes there?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analyzer.formats.lines import Lines
from analyzer.formats.pieces import Rows, pieces
from analyzer.formats.wrapped import Wrapped
from analyzer.rows import Int64


@dataclass
class Places:
    """`data`: the block as it is in the evidence; it begins with *first_line* at byte *offset*."""

    source: str
    first_line: int
    offset: int
    data: bytes
    lines: Lines
    wrapped: Wrapped | None

    def line(self, rows: Rows) -> Int64:
        row = rows if self.wrapped is None else self.wrapped.row[rows]
        return row.astype(np.int64) + self.first_line

    def table(self, rows: Rows) -> dict[str, pa.Array]:
        """The three columns that every table of lines has."""
        start = (self.wrapped or self.lines).start[rows]
        only = pa.array(np.zeros(len(rows), np.int32))
        return {
            "source": pa.DictionaryArray.from_arrays(only, pa.array([self.source])),
            "line": pa.array(self.line(rows)),
            "offset": pa.array(start.astype(np.int64) + self.offset),
        }

    def text(self, rows: Rows) -> pa.BinaryArray:
        if self.wrapped is None:
            return self.lines.whole(rows)
        start, end = (
            ends[rows].astype(np.int32) for ends in (self.wrapped.start, self.wrapped.end)
        )
        return pieces(self.data, start, end)
