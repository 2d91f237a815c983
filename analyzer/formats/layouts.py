"""What does a kind of delimited log make of its records, a column at a time, by name?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.formats.cells import Cells
from analyzer.formats.shapes import as_text
from analyzer.rows import Int64

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
