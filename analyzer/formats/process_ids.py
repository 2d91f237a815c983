"""Where does the program in a header end, and which process id stands behind it in brackets?

The eight bytes before `]: ` hold the bracket and all digits of a process id, as a rule: they are
read as one integer. Headers of other forms are read byte by byte.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from analyzer.formats.pieces import Positions, eight_bytes, pieces
from analyzer.rows import Flags, Int64

OPEN, CLOSE = b"[]"
# Behind the process id comes the text, without the colon and blank that end a header: what seems to
# be the header holds the beginning of the text, such as a queue id. Such a line is none we know.
ENDS_EARLIER = r"^[^\[]*\[[0-9]{1,10}\][: \t]+[0-9A-Za-z]"
MOST_DIGITS = 10


def _each(byte: int) -> np.uint64:
    """A word of eight times the same byte."""
    return np.uint64(byte * 0x0101010101010101)


def programs_and_ids(
    data: bytes, host: Positions, header_end: Positions, headed: Flags
) -> tuple[Positions, Int64]:
    """Where the program of each header ends, and the process id behind it, 0 for none.

    Args:
        host: Where the host begins; `header_end`: the colon behind the program.
    """
    byte = np.frombuffer(data, np.uint8)
    close = np.maximum(header_end - 1, 8)
    pid, digits = _before_close(byte, data, close)
    program_end = (close - digits - 1).astype(np.int32)
    rare = np.flatnonzero(~headed | (digits == 0) | (program_end < host))
    program_end[rare], pid[rare] = header_end[rare], 0
    rows = rare[headed[rare]]
    if rows.size:
        opened = pc.find_substring(pieces(data, host[rows], header_end[rows]), "[").to_numpy()
        rows, opened = rows[opened >= 0], opened[opened >= 0]
    if rows.size:
        beside = pc.match_substring_regex(pieces(data, host[rows], header_end[rows]), ENDS_EARLIER)
        known = ~beside.to_numpy(zero_copy_only=False)
        rows, opened = rows[known], opened[known]
        program_end[rows] = host[rows] + opened
        pid[rows] = digits_at(byte, program_end[rows] + 1)
    return program_end, pid


def _before_close(
    byte: npt.NDArray[np.uint8], data: bytes, close: Positions
) -> tuple[Int64, Int64]:
    """The number in brackets that ends at each place, and how many digits it has: seven at most,
    none where there is no such number.
    """
    word = eight_bytes(data)[close - 8]
    other = word ^ _each(OPEN)
    opened = ~(((other & _each(0x7F)) + _each(0x7F)) | other | _each(0x7F))  # 0x80 for each bracket
    bits = np.frexp(opened.astype(np.float64))[1]  # up to the last bracket
    there = (byte[close] == CLOSE) & (bits > 0) & (bits < 64)
    head = np.left_shift(np.uint64(1), np.where(there, bits, 0).astype(np.uint64)) - np.uint64(1)
    digits = ((word & ~head) | (_each(ord("0")) & head)) - _each(ord("0"))
    there &= ((digits + _each(0x76)) | digits) & _each(0x80) == 0
    # Digits to pairs, pairs to fours, fours to the number: the first digit is the lowest byte.
    value = (digits * np.uint64(2561)) >> np.uint64(8)
    value = ((value & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> np.uint64(16)
    value = ((value & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> np.uint64(32)
    return value.astype(np.int64), np.where(there, 8 - bits // 8, 0)


def digits_at(byte: npt.NDArray[np.uint8], at: Positions) -> Int64:
    """The number that begins at each place; 0 where there is none."""
    value, going = np.zeros(len(at), np.int64), np.ones(len(at), np.bool_)
    for place in range(MOST_DIGITS):
        digit = byte[at + place].astype(np.int64) - ord("0")
        going &= (digit >= 0) & (digit <= 9)
        value = np.where(going, value * 10 + digit, value)
    return value
