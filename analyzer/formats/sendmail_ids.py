"""Which year and which zone do the queue ids of Sendmail tell?

Since 8.10 an id begins with the UTC second at which it was given, six digits of base 60 or less.

Source: sendmail/queue.c (assign_queueid); RELEASE_NOTES 8.10.0, 8.12.0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.stamps import LEAP_YEAR, MISSING

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE_OF = np.zeros(256, np.int64)
_VALUE_OF[np.frombuffer(DIGITS, np.uint8)] = np.arange(len(DIGITS))
WITH_TIME = "^[0-9A-Za-x][0-9AB][1-9A-V][0-9A-N][0-9A-Za-x]{2}[0-9A-Za-z]{1,2}[0-9]{5,8}$"
FIRST_YEAR = 2000  # of release 8.10; the year is written modulo 60
MICRO = 1_000_000
DAY, QUARTER = 86_400, 900
SLOW = 30  # seconds by which a clock may be slow
SUMMER = (4, -4, 2, -2)  # quarters of an hour by which clocks are changed
FARTHEST = (
    15 * 3600
)  # seconds: no zone lies farther from UTC, and a message is collected in an hour
ENOUGH = 5  # messages; fewer may all have been collected slowly


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


@dataclass
class Told:
    """Lines whose stamp, in some `year`, is near the second of their id; by how many seconds it is
    `ahead` of that. `day`: of the stamp, since 1970. In order of `line`.
    """

    line: Int64
    year: npt.NDArray[np.int16]
    day: npt.NDArray[np.int32]
    ahead: npt.NDArray[np.int32]


def told(received: pa.Table) -> Told:
    """What the ids say of the yearless `from=` lines of Sendmail: `mta, queue_id, micros,
    with_year, line`.
    """
    asked = received.select(["mta", "queue_id", "micros", "with_year", "line"])
    parts = [_told(chunk) for chunk in asked.to_batches()]
    line = np.concatenate([np.empty(0, np.int64), *[part.line for part in parts]])
    year = np.concatenate([np.empty(0, np.int16), *[part.year for part in parts]])
    day, ahead = (
        np.concatenate([np.empty(0, np.int32), *[getattr(part, name) for part in parts]])
        for name in ("day", "ahead")
    )
    if (line[1:] >= line[:-1]).all():
        return Told(line, year, day, ahead)
    by_line = np.argsort(line, kind="stable")
    return Told(line[by_line], year[by_line], day[by_line], ahead[by_line])


def years(told: Told, passed: Int64) -> Counter[tuple[int, str]]:
    """Years of the first line, each with its ground and how often.

    Args:
        passed: How many New Years lie between the first line and each.
    """
    found, times = np.unique(told.year - passed, return_counts=True)
    return Counter(
        {(int(y), "queue ids of Sendmail"): int(n) for y, n in zip(found, times, strict=True)}
    )


def offset(told: Told) -> tuple[list[tuple[int, int]], int, int] | None:
    """From which line on the stamps are how many minutes ahead of UTC, how many messages say so,
    of how many.

    A line is written after its id was given, so the smallest differences are the truest: of each
    day the smallest counts, and the median of these in whole quarters of an hour. Where summer
    time begins or ends in the file, it is told for the lines before and after.
    """
    line, day, ahead = told.line, told.day, told.ahead
    if len(line) < ENOUGH:
        return None
    whole = _quarters(day, ahead)
    quarter = (ahead + SLOW) // QUARTER
    begins = _change(quarter, whole)
    if begins is None:
        return [(0, whole * QUARTER // 60)], int((quarter == whole).sum()), len(line)
    before, after = _quarters(day[:begins], ahead[:begins]), _quarters(day[begins:], ahead[begins:])
    agree = (quarter[:begins] == before).sum() + (quarter[begins:] == after).sum()
    offsets = [(0, before * QUARTER // 60), (int(line[begins]), after * QUARTER // 60)]
    return offsets, int(agree), len(line)


def _quarters(day: Int32, ahead: Int32) -> int:
    least = np.full(int(day.max()) - int(day.min()) + 1, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(least, day - day.min(), ahead)
    by_day = least[least < np.iinfo(np.int32).max]
    return int(np.floor((np.median(by_day) + SLOW) / QUARTER))


def _change(quarter: Int32, whole: int) -> int | None:
    """The first message after a change by half an hour or an hour, if nearly all before it agree
    with one side and nearly all after it with the other.
    """
    for by in SUMMER:
        for first, then in ((whole, whole + by), (whole + by, whole)):
            before, after = np.zeros((2, len(quarter) + 1), np.int32)
            np.cumsum(quarter == first, out=before[1:])
            np.cumsum(quarter == then, out=after[1:])
            right = before + after[-1] - after
            begins = int(right.argmax())
            sides = (before[begins], after[-1] - after[begins])
            wrong = int(before[-1]) + int(after[-1]) - int(right[begins])
            if min(sides) >= ENOUGH and wrong * 20 <= right[begins]:
                return begins
    return None


def _told(received: pa.RecordBatch) -> Told:
    """Some lines; the year is the one that puts a stamp nearest to its id."""
    at, holds = seconds(received["queue_id"])
    mine = pc.fill_null(pc.equal(received["mta"], "sendmail"), False)
    with_year = received["with_year"].to_numpy(zero_copy_only=False)
    micros = received["micros"].to_numpy()
    holds &= mine.to_numpy(zero_copy_only=False) & (micros != MISSING) & ~with_year
    at, stamp = at[holds], micros[holds].astype("datetime64[us]")
    month = stamp.astype("datetime64[M]")
    id_year = at.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    best = np.full(len(at), np.iinfo(np.int64).max)
    year = id_year.copy()
    for candidate in (id_year, id_year - 1, id_year + 1):
        moved = (month.astype(np.int64) + (candidate - LEAP_YEAR) * 12).astype("datetime64[M]")
        shown = moved.astype("datetime64[us]") + (stamp - month.astype("datetime64[us]"))
        ahead = shown.astype(np.int64) // MICRO - at
        closer = np.abs(ahead) < np.abs(best)
        best, year = np.where(closer, ahead, best), np.where(closer, candidate, year)
    near = np.abs(best) <= FARTHEST
    return Told(
        received["line"].to_numpy()[holds][near],
        year[near].astype(np.int16),
        (stamp[near].astype(np.int64) // (DAY * MICRO)).astype(np.int32),
        best[near].astype(np.int32),
    )
