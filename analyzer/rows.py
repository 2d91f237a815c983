"""Which rows of a large table, in which order, without a copy of what nobody asked for?

The columns may lie on disk: a filter reads them piece by piece, whereas `take` first puts all
pieces of a column together, even for a few rows. Numbers of rows and messages fit 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

AT_ONCE = 1 << 18  # rows whose texts lie in memory together
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def slices(rows: int) -> Iterator[slice]:
    """The rows, some at a time."""
    return (slice(begin, begin + AT_ONCE) for begin in range(0, rows, AT_ONCE))


def first_of(numbers: Int64 | Int32) -> Int32:
    """Where each number, none below 0, stands for the first time: one position a row."""
    place = np.zeros(numbers.max(initial=-1) + 1, np.int32)
    place[numbers[::-1]] = np.arange(len(numbers), dtype=np.int32)[::-1]  # the last one stays
    return place[numbers]


def heads(numbers: Int64 | Int32, which: Flags | None = None) -> Flags:
    """Which rows are the first of their number, which is not below 0; of some rows, or of all."""
    found = np.ones(len(numbers), np.bool_) if which is None else which.copy()
    seen = np.zeros(numbers.max(initial=-1) + 1, np.bool_)
    for some in slices(len(numbers)):
        new = found[some]
        new &= ~seen[numbers[some]]
        mine = numbers[some][new]
        place = first_of(mine - mine.min()) if len(mine) else mine
        new[new] = place == np.arange(len(mine), dtype=np.int32)
        seen[mine] = True
    return found


def among(numbers: pd.Series[int] | Int64, others: pd.Series[int] | Int64) -> Flags:
    """Which numbers, -1 for none, are among others."""
    numbers, others = np.asarray(numbers, np.int64), np.asarray(others, np.int64)
    known = np.zeros(max(numbers.max(initial=-1), others.max(initial=-1)) + 2, np.bool_)
    known[others] = True
    known[-1] = False
    found: Flags = known[numbers]
    return found


def numbered(texts: pd.Series[str], which: Flags) -> tuple[Int32, pd.Index[str]]:
    """A number for each text of some rows, and the texts in order; -1: null, or another row."""
    found = np.full(len(texts), -1, np.int32)
    none = pa.array([], pa.large_string()).dictionary_encode()
    said = [text_of(texts[some][which[some]]).dictionary_encode() for some in slices(len(texts))]
    known = pa.chunked_array([none, *said]).unify_dictionaries()
    names = known.chunk(0).dictionary
    order = pc.array_sort_indices(names).to_numpy()
    rank = np.full(len(names) + 1, -1, np.int32)  # the last one for null
    rank[order] = np.arange(len(names), dtype=np.int32)
    codes = [chunk.indices.fill_null(len(names)).to_numpy() for chunk in known.chunks]
    found[which] = rank[np.concatenate(codes)]
    return found, pd.Index(names.take(order).to_pandas())


def different(
    group: Int32,
    groups: int,
    texts: pd.Series[str],
    read: Callable[[pa.Array], pa.Array] = lambda text: text,
) -> Int64:
    """How many different texts each group has.

    Args:
        group: Of each row; -1 for rows that are not counted. Neither are those without a text.
        read: What of a text is compared.
    """
    told = pa.table({"group": pa.array([], pa.int32()), "text": pa.array([], pa.large_string())})
    for some in slices(len(group)):
        mine = group[some] >= 0
        if mine.any():
            text = read(text_of(texts[some][mine]))
            new = pa.table([pa.array(group[some][mine]), text], schema=told.schema)
            once = new.group_by(told.column_names, use_threads=False).aggregate([])
            told = pa.concat_tables([told, once.filter(pc.is_valid(once["text"]))])
    once = told.group_by(told.column_names, use_threads=False).aggregate([])
    return np.bincount(once["group"].to_numpy(), minlength=groups)


def saying(texts: pd.Series[str], which: Flags | pd.Series[bool], pattern: str) -> Flags:
    """In which of some texts the pattern (RE2) is found."""
    flags, found = np.asarray(which), np.zeros(len(texts), np.bool_)
    for some in slices(len(texts)):
        mine = flags[some]
        if mine.any():
            said = pc.match_substring_regex(text_of(texts[some][mine]), pattern)
            found[some][mine] = said.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def in_order(rows: pd.DataFrame, by: Sequence[str], which: pd.Series[bool]) -> Int32:
    """The positions of some rows in order of the columns, first to last key, null last; stable."""
    keys = [_key(rows[name][which]) for name in reversed(by)]
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
    """The rows at these positions, in this order."""
    which = np.zeros(len(rows), np.bool_)
    which[positions] = True
    rank = np.cumsum(which, dtype=np.int32)[positions] - 1
    return those(rows, which).take(rank)


def those(rows: pd.DataFrame, which: Flags | pd.Series[bool]) -> pd.DataFrame:
    """The rows, column by column: of a frame pandas would take them. Rows that stand together are
    no copy.
    """
    flags = np.asarray(which)
    begin = int(flags.argmax()) if len(flags) else 0
    together = slice(begin, begin + np.count_nonzero(flags))
    if flags[together].all():
        return rows[together]
    return pd.DataFrame({name: rows[name][which] for name in rows})


def borders(numbers: pd.Series[int]) -> Int64:
    """Numbers that part the rows, so that about AT_ONCE are of each part."""
    few = 64  # of each part are asked
    asked = np.sort(numbers.to_numpy(np.int64)[:: max(AT_ONCE // few, 1)])
    return np.unique(asked[few::few])


def parted(numbers: pd.Series[int], borders: Int64) -> Iterator[tuple[slice, Flags]]:
    """Where the rows of each part lie, and which of those there they are. Rows of one number, be it
    a message or a leg, are of one part. Numbers mostly rise, so they lie near to each other.
    """
    part = np.empty(len(numbers), np.uint16)
    first, last = np.zeros((2, len(borders) + 1), np.int64)
    for some in reversed([*slices(len(numbers))]):
        part[some] = np.searchsorted(borders, numbers.to_numpy(np.int64)[some], "right")
        here = np.bincount(part[some], minlength=len(first)) > 0
        first[here], last[here] = some.start, np.maximum(last[here], some.stop)
    for number, (begin, end) in enumerate(zip(first, last, strict=True)):
        where = slice(begin, end)
        yield where, part[where] == number


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
    for some in slices(len(texts) if parts > 1 else 0):
        text = lower(texts.iloc[some])
        letters = np.append(np.frombuffer(text.buffers()[2] or b"", np.uint8), np.uint8(0))
        borders = np.frombuffer(text.buffers()[1], np.int64)[: len(text) + 1]
        total = np.add.reduceat(letters, borders[:-1], dtype=np.uint32)
        found[some] = np.where(np.diff(borders), total, 0) % parts
    return found


def lower(texts: pd.Series[str]) -> pa.Array:
    """In small letters."""
    return whole(texts.astype("str").str.lower(), pa.large_string())


def domain(addresses: pa.Array) -> pa.Array:
    """What stands behind the last @, in small letters; of a text without one, all of it."""
    return pc.utf8_lower(pc.replace_substring_regex(addresses, "(?s)^.*@", ""))


def text_of(texts: pd.Series[str]) -> pa.Array:
    """As one Arrow array of large strings."""
    return whole(texts, pa.large_string())


def whole(texts: pd.Series[str], type: pa.DataType) -> pa.Array:
    """As one Arrow array, in however many pieces the texts lie."""
    text = pa.array(texts, type)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
