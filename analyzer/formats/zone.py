"""What time was it in UTC when the clocks of a zone showed that?

Where summer time ends, an hour is shown twice, and where it begins, one is never shown. Which of
the two a line means is told by the order of the file, and by the queue ids that hold UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from analyzer.formats.stamps import DAY, MISSING, SECOND
from analyzer.rows import Flags, Int64

FIXED = re.compile(r"UTC(?:(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))?")
CHANGED = re.compile(r", from line (?P<line>[0-9]+) on ")
QUARTER = 900 * SECOND  # no zone changes its clocks at another minute since 1990
STEP = 300 * SECOND  # back by more is no late line
NEAR = 900 * SECOND  # an id is given at most this long before its line


def offsets(micros: Int64, line: Int64, zone: str) -> tuple[Int64, Int64]:
    """By how many microseconds the clocks shown are ahead of UTC: when they show it for the first
    time, and for the second. The two are equal but in a change; in an hour that is never shown
    the first is the smaller one, of the clock before the change.

    Args:
        line: In which line of the file each stands.
        zone: A name such as Europe/Berlin, or fixed offsets as `written` writes them.
    """
    if fixed := _fixed(zone):
        since, ahead = (np.array(column, np.int64) for column in zip(*fixed, strict=True))
        told = ahead[np.searchsorted(since, line, "right") - 1]
        return told, told
    day = np.where(micros == MISSING, 0, micros) // DAY
    days, row = distinct(day)
    first, second = (
        np.array([_quarters(int(d), ZoneInfo(zone), fold) for d in days], np.int64).reshape(-1, 96)
        for fold in (0, 1)
    )
    quarter = (micros - day * DAY) // QUARTER % 96
    return first[row, quarter], second[row, quarter]


def _fixed(zone: str) -> list[tuple[int, int]]:
    """From which line on the clock is how many microseconds ahead; nothing, if *zone* is a name."""
    name, *rest = CHANGED.split(zone)
    since, names = [0, *map(int, rest[::2])], [name, *rest[1::2]]
    found = [FIXED.fullmatch(part) for part in names]
    return [
        (line, _micros(part["sign"], part["hours"], part["minutes"]))
        for line, part in zip(since, found, strict=True)
        if part is not None
    ]


def _micros(sign: str | None, hours: str | None, minutes: str | None) -> int:
    ahead = (int(hours or 0) * 60 + int(minutes or 0)) * 60 * SECOND
    return -ahead if sign == "-" else ahead


def written(offsets: Sequence[tuple[int, int]]) -> str:
    """The name of fixed offsets: from which line on, how many minutes ahead of UTC."""
    return "".join(
        f", from line {line} on {_written(minutes)}" if number else _written(minutes)
        for number, (line, minutes) in enumerate(offsets)
    )


def _written(minutes: int) -> str:
    sign, hours = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"UTC{sign}{hours[0]:02}:{hours[1]:02}" if minutes else "UTC"


def distinct(numbers: Int64) -> tuple[Int64, Int64]:
    """Days or years that there are, and which of them each is; without a sort."""
    low = numbers.min(initial=0)
    there = np.bincount(numbers - low) > 0
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[numbers - low]


def _quarters(day: int, zone: ZoneInfo, fold: int) -> list[int]:
    """How far the clock is ahead of UTC at each quarter of an hour of a day."""
    begin = datetime(1970, 1, 1) + timedelta(days=day)  # noqa: DTZ001 - a clock without a zone

    def ahead(minutes: int) -> int:
        shown = (begin + timedelta(minutes=minutes)).replace(tzinfo=zone, fold=fold)
        offset = shown.utcoffset() or timedelta(0)
        return round(offset.total_seconds()) * SECOND

    if ahead(0) == ahead(24 * 60):
        return [ahead(0)] * 96
    return [ahead(15 * quarter) for quarter in range(96)]


def second_time(shown: Int64, length: Int64, utc: Int64, ahead: Int64) -> tuple[Flags, Flags]:
    """Of lines of one server in an hour that its clock shows twice, in their order: which are of
    the second time, and which may be of either.

    Args:
        shown: What the clock showed. `length`: how long is shown twice.
        utc: What the line's queue id says; MISSING without. `ahead`: of UTC, for the first time.

    The greatest step back is the change; what lies half the hour off beside it was written late.
    A line between none known to be of the first time and one of the second may be of either.
    """
    step = np.diff(shown)
    if len(step) and step.min() < -STEP:
        border = int(step.argmin()) + 1
        second = np.arange(len(shown)) >= border
        least_after = np.minimum.accumulate(shown[::-1])[::-1]
        most_before = np.maximum.accumulate(shown)
        late = second & (shown - least_after > length // 2)
        early = ~second & (most_before - shown > length // 2)
        return (second & ~late) | early, np.zeros(len(shown), np.bool_)
    known = utc != MISSING
    first = known & (np.abs(shown - ahead - utc) < NEAR)
    then = known & (np.abs(shown - ahead + length - utc) < NEAR)
    up_to = np.flatnonzero(first).max(initial=-1)
    since = np.flatnonzero(then & (np.arange(len(shown)) > up_to)).min(initial=len(shown))
    number = np.arange(len(shown))
    return number >= since, (number > up_to) & (number < since)
