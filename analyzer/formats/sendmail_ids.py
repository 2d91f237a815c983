"""Which year and which zone do the queue ids of Sendmail tell?

Since 8.10 an id begins with the UTC second at which it was given, six digits of base 60 or less.

Source: sendmail/queue.c (assign_queueid); RELEASE_NOTES 8.10.0, 8.12.0.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.stamps import LEAP_YEAR, MISSING

Int64 = npt.NDArray[np.int64]

DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
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
    head = "".join(pc.utf8_slice_codeunits(known, 0, 6).to_pylist()).encode()
    value_of = np.zeros(256, np.int64)
    value_of[np.frombuffer(DIGITS, np.uint8)] = np.arange(len(DIGITS))
    digit = value_of[np.frombuffer(head, np.uint8)].reshape(-1, 6)
    year = FIRST_YEAR + (digit[:, 0] - (FIRST_YEAR - 1900)) % 60
    months = ((year - 1970) * 12 + digit[:, 1]).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + digit[:, 2] - 1
    result = np.zeros(len(text), np.int64)
    result[holds] = days * DAY + (digit[:, 3] * 60 + digit[:, 4]) * 60 + digit[:, 5]
    return result, holds


def years(received: pa.Table, passed: Int64) -> Counter[tuple[int, str]]:
    """Years of the first line, each with its ground and how often.

    Args:
        received: The yearless `from=` lines: `queue_id`, `micros`.
        passed: How many New Years lie between the first line and each.
    """
    year, near, _ = _compared(received)
    found = (year - passed)[near]
    return Counter(
        {(int(y), "queue ids of Sendmail"): int((found == y).sum()) for y in np.unique(found)}
    )


def offset(received: pa.Table) -> tuple[list[tuple[int, int]], int, int] | None:
    """From which line on the stamps are how many minutes ahead of UTC, how many messages say so,
    of how many.

    A line is written after its id was given, so the smallest differences are the truest: of each
    day the smallest counts, and the median of these in whole quarters of an hour. Where summer
    time begins or ends in the file, it is told for the lines before and after.
    """
    _, near, ahead = _compared(received)
    if near.sum() < ENOUGH:
        return None
    rows = np.flatnonzero(near)
    rows = rows[np.argsort(received["line"].to_numpy()[rows], kind="stable")]
    line, ahead = received["line"].to_numpy()[rows], ahead[rows]
    day = received["micros"].to_numpy()[rows] // (DAY * MICRO)
    whole = _quarters(day, ahead)
    quarter = (ahead + SLOW) // QUARTER
    begins = _change(quarter, whole)
    if begins is None:
        return [(0, whole * QUARTER // 60)], int((quarter == whole).sum()), len(rows)
    before, after = _quarters(day[:begins], ahead[:begins]), _quarters(day[begins:], ahead[begins:])
    agree = (quarter[:begins] == before).sum() + (quarter[begins:] == after).sum()
    offsets = [(0, before * QUARTER // 60), (int(line[begins]), after * QUARTER // 60)]
    return offsets, int(agree), len(rows)


def _quarters(day: Int64, ahead: Int64) -> int:
    by_day = [ahead[day == d].min() for d in np.unique(day)]
    return int(np.floor((np.median(by_day) + SLOW) / QUARTER))


def _change(quarter: Int64, whole: int) -> int | None:
    """The first message after a change by half an hour or an hour, if nearly all before it agree
    with one side and nearly all after it with the other.
    """
    for by in SUMMER:
        for first, then in ((whole, whole + by), (whole + by, whole)):
            before = np.concatenate([[0], np.cumsum(quarter == first)])
            after = np.concatenate([[0], np.cumsum(quarter == then)])
            right = before + after[-1] - after
            begins = int(right.argmax())
            sides = (before[begins], after[-1] - after[begins])
            wrong = before[-1] + after[-1] - right[begins]
            if min(sides) >= ENOUGH and wrong * 20 <= right[begins]:
                return begins
    return None


def _compared(received: pa.Table) -> tuple[Int64, npt.NDArray[np.bool_], Int64]:
    """For each line: the year that puts its stamp nearest to its id, whether that is near, and by
    how much the stamp is ahead, in seconds.
    """
    at, holds = seconds(received["queue_id"].combine_chunks())
    micros = received["micros"].to_numpy()
    holds &= (micros != MISSING) & ~received["with_year"].to_numpy()
    stamp = np.where(holds, micros, 0).astype("datetime64[us]")
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
    return year, holds & (np.abs(best) <= FARTHEST), best
