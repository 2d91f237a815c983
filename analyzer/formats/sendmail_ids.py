"""When was a queue id of Sendmail given?

Since 8.10 an id begins with the UTC second at which it was given, six digits of base 60 or less.

Source: sendmail/queue.c (assign_queueid); RELEASE_NOTES 8.10.0, 8.12.0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int64 = npt.NDArray[np.int64]

DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE_OF = np.zeros(256, np.int64)
_VALUE_OF[np.frombuffer(DIGITS, np.uint8)] = np.arange(len(DIGITS))
WITH_TIME = "^[0-9A-Za-x][0-9AB][1-9A-V][0-9A-N][0-9A-Za-x]{2}[0-9A-Za-z]{1,2}[0-9]{5,8}$"
FIRST_YEAR = 2000  # of release 8.10; the year is written modulo 60
DAY = 86_400


def seconds(ids: pa.Array) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """Seconds of UTC since 1970, and which ids hold a time."""
    text = pc.fill_null(ids.cast(pa.string()), "")
    holds = pc.match_substring_regex(text, WITH_TIME).to_numpy(zero_copy_only=False)
    known = text.filter(pa.array(holds))
    head = pc.utf8_slice_codeunits(known, 0, 6).cast(pa.binary(6))
    digit = _VALUE_OF[np.frombuffer(head.buffers()[1] or b"", np.uint8, len(head) * 6)]
    digit = digit.reshape(-1, 6)
    year = FIRST_YEAR + (digit[:, 0] - (FIRST_YEAR - 1900)) % 60
    months = ((year - 1970) * 12 + digit[:, 1]).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + digit[:, 2] - 1
    result = np.zeros(len(text), np.int64)
    result[holds] = days * DAY + (digit[:, 3] * 60 + digit[:, 4]) * 60 + digit[:, 5]
    return result, holds
