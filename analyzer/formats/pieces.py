"""How are pieces of a block values of Arrow and numpy, without a copy of the block?"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Positions = npt.NDArray[np.int32]  # of bytes in a block
Rows = npt.NDArray[np.intp]

PADDING = bytes(64)  # so that a line may be read past its end


def eight_bytes(data: bytes | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The eight bytes that begin at each offset, unaligned and without a copy."""
    return np.ndarray(shape=(len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))


@functools.cache
def prefix(word: bytes) -> tuple[np.uint64, np.uint64]:
    """A prefix as (value, mask) over the first eight bytes."""
    return np.uint64(int.from_bytes(word[:8], "little")), np.uint64(
        (1 << (8 * min(len(word), 8))) - 1
    )


def pieces(data: Any, begin: Positions, end: Positions) -> pa.BinaryArray:
    """data[begin:end] of every line, zero-copy where the pieces are in order."""
    offsets = np.empty(2 * len(begin) + 1, np.int32)
    offsets[0:-1:2] = begin
    offsets[1:-1:2] = np.maximum(end, begin)
    offsets[-1] = offsets[-2] if len(begin) else 0
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    both = pa.Array.from_buffers(pa.binary(), 2 * len(begin), buffers)
    return pc.take(both, pa.array(np.arange(0, 2 * len(begin), 2)), boundscheck=False)


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The column without a dictionary."""
    coded = pa.types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if coded else column
