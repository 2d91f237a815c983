"""Which number stands for a text, where two texts with one number do no harm?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

WORD = 8  # bytes that are looked at together
LONGEST = 256  # of what is longer the beginning and the length tell
ODD = np.uint64(0x9E3779B97F4A7C15)  # a number multiplied by it loses no bit
HALF = np.uint64(29)  # the upper bits, which the product mixes best, go to the lower ones


def hashed(texts: pa.StringArray) -> Hashes:
    """The number of each text; null's is that of an empty one. No Python object is made of any."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets or bytes(4), np.int32)[texts.offset :][: len(texts) + 1]
    told = np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]]
    padded = np.append(told, np.zeros(WORD, np.uint8))
    word_at = np.ndarray(len(told) + 1, "<u8", padded, strides=(1,))  # the one at each byte
    begin, length = bounds[:-1] - bounds[0], np.diff(bounds)
    found = length.astype(np.uint64)
    for at in range(0, min(length.max(initial=0), LONGEST), WORD):
        rows = np.flatnonzero(length > at)
        of_the_next = np.maximum(WORD - (length[rows] - at), 0) * 8  # bits of another text
        word = word_at[begin[rows] + at] << of_the_next.astype(np.uint64)
        mixed = (word ^ found[rows]) * ODD
        found[rows] = mixed ^ (mixed >> HALF)
    return found
