"""When was a queue id given, of those that hold the second?

Postfix's long ids begin with the UTC second since 1970 in six digits of base 52, which last until
2500 or so; microseconds and inode follow. Sendmail's begin, since 8.10, with year, month, day,
hour, minute and second of UTC, each a digit of base 60 or less.

Source: postfix/mail_queue.h; sendmail/queue.c (assign_queueid), RELEASE_NOTES 8.10.0, 8.12.0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.rows import Int64

Found = tuple[Int64, npt.NDArray[np.bool_]]  # seconds of UTC since 1970, and which ids hold one

LONG_DIGITS = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
LONG = "^[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9A-Za-z]+$"
SENDMAIL_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WITH_TIME = "^[0-9A-Za-x][0-9AB][1-9A-V][0-9A-N][0-9A-Za-x]{2}[0-9A-Za-z]{1,2}[0-9]{5,8}$"
FIRST_YEAR = 2000  # of release 8.10; the year is written modulo 60
DAY = 86_400


def postfix(ids: pa.Array) -> Found:
    """Of Postfix's ids."""
    return _told(ids, LONG, LONG_DIGITS, lambda digit: digit @ (52 ** np.arange(5, -1, -1)))


def sendmail(ids: pa.Array) -> Found:
    """Of Sendmail's ids."""
    return _told(ids, WITH_TIME, SENDMAIL_DIGITS, _by_date)


def _by_date(digit: Int64) -> Int64:
    year = FIRST_YEAR + (digit[:, 0] - (FIRST_YEAR - 1900)) % 60
    months = ((year - 1970) * 12 + digit[:, 1]).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + digit[:, 2] - 1
    return days * DAY + (digit[:, 3] * 60 + digit[:, 4]) * 60 + digit[:, 5]


def _told(ids: pa.Array, pattern: str, digits: bytes, seconds: Callable[[Int64], Int64]) -> Found:
    """*seconds*: of the first six digits of ids that fit the pattern, a row each."""
    text = pc.fill_null(ids.cast(pa.string()), "")
    holds = pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False)
    head = pc.utf8_slice_codeunits(text.filter(pa.array(holds)), 0, 6).cast(pa.binary(6))
    value_of = np.zeros(256, np.int64)
    value_of[np.frombuffer(digits, np.uint8)] = np.arange(len(digits))
    written = np.frombuffer(head.buffers()[1] or b"", np.uint8, len(head) * 6)
    result = np.zeros(len(text), np.int64)
    result[holds] = seconds(value_of[written].reshape(-1, 6))
    return result, holds
