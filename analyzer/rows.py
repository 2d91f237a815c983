"""Which rows of a large table, in which order, without a copy of what nobody asked for?

The columns may lie on disk: a filter reads them piece by piece, whereas `take` first puts all
pieces of a column together, even for a few rows. Numbers of rows and messages fit 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

AT_ONCE = 1 << 18  # rows whose texts lie in memory together
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def first_of(numbers: Int64 | Int32) -> Int32:
    """Where each number, none below 0, stands for the first time: one position a row."""
    place = np.zeros(numbers.max(initial=-1) + 1, np.int32)
    place[numbers[::-1]] = np.arange(len(numbers), dtype=np.int32)[::-1]  # the last one stays
    return place[numbers]


def heads(numbers: Int64 | Int32) -> Flags:
    """Which rows are the first of their number."""
    found: Flags = first_of(numbers) == np.arange(len(numbers), dtype=np.int32)
    return found


def in_order(rows: pd.DataFrame, by: Sequence[str], which: pd.Series[bool]) -> Int32:
    """The positions of some rows in order of the columns, first to last key, null last; stable."""
    keys = [_key(rows.loc[which, name]) for name in reversed(by)]
    found: Int32 = np.flatnonzero(which).astype(np.int32)[np.lexsort(keys)]
    return found


def _key(column: pd.Series[Any]) -> npt.NDArray[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.to_numpy("datetime64[us]")
    if column.dtype.kind in "if":
        return column.to_numpy()
    codes: Int64 = pd.factorize(column, sort=True, use_na_sentinel=False)[0]
    return codes.astype(np.int32)


def picked(rows: pd.DataFrame, positions: Int32) -> pd.DataFrame:
    """The rows at these positions, none twice, in this order."""
    which = np.zeros(len(rows), np.bool_)
    which[positions] = True
    rank = np.empty(len(positions), np.int32)
    rank[np.argsort(positions)] = np.arange(len(positions), dtype=np.int32)
    return those(rows, which).take(rank)


def those(rows: pd.DataFrame, which: Flags) -> pd.DataFrame:
    """The rows, column by column: of a frame pandas would take them."""
    return pd.DataFrame({name: rows[name][which] for name in rows})


def parted(numbers: pd.Series[int], parts: int) -> Iterator[Flags]:
    """The rows of each part: those of one number, be it a message or a leg, are of one part."""
    part_of = (numbers.to_numpy(np.int64) % parts).astype(np.uint16)
    return (part_of == part for part in range(parts))


def repeated(texts: pd.Series[str]) -> Flags:
    """Which texts stand there more than once."""
    parts = len(texts) // AT_ONCE + 1
    part_of, found = spread(texts, parts), np.empty(len(texts), np.bool_)
    for part in range(parts):
        mine = part_of == part
        found[mine] = texts[mine].duplicated(keep=False).to_numpy()
    return found


def spread(texts: pd.Series[str], parts: int) -> npt.NDArray[np.uint16]:
    """A part for each text, so that they may be compared part by part: texts that are the same, but
    for capital letters, have the same.
    """
    found = np.zeros(len(texts), np.uint16)
    for begin in range(0, len(texts) if parts > 1 else 0, AT_ONCE):
        text = lower(texts.iloc[begin : begin + AT_ONCE])
        letters = np.append(np.frombuffer(text.buffers()[2] or b"", np.uint8), np.uint8(0))
        borders = np.frombuffer(text.buffers()[1], np.int64)[: len(text) + 1]
        total = np.add.reduceat(letters, borders[:-1], dtype=np.uint32)
        found[begin : begin + AT_ONCE] = np.where(np.diff(borders), total, 0) % parts
    return found


def lower(texts: pd.Series[str]) -> pa.Array:
    """In small letters."""
    return whole(texts.astype("str").str.lower(), pa.large_string())


def whole(texts: pd.Series[str], type: pa.DataType) -> pa.Array:
    """As one Arrow array, in however many pieces the texts lie."""
    text = pa.array(texts, type)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
