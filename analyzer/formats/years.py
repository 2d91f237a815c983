"""In which years can a log have been written whose stamps name none?

The other parts of a rotated log tell, and the file: no line is later than when it was last written.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection

import numpy as np

from analyzer.formats import clock
from analyzer.formats.clock import Turns
from analyzer.formats.stamps import DAY, MISSING
from analyzer.window import YEARS

OVERLAP = 31 * DAY  # at most so much of a part stands in the older one too, as after a copy
LATER = DAY  # of a line than of its file: the zones of both are unknown
LEAP = 8  # years from one 29 February to the next, around 2100
_EARLIEST, _LATEST = (  # an archive may say of a file what no time holds
    int(np.datetime64(f"{year}-01-01", "us").astype(np.int64))
    for year in (YEARS.start, YEARS.stop - 1)
)


def span(turned: Turns, year: int) -> tuple[int, int]:
    """First and last microsecond of a yearless log that begins in *year*; MISSING: there is no such
    day.
    """
    stamps = np.array([turned.first, turned.last])
    in_years = np.array([year, year + sum(turned.by)])
    first, last = clock.shown(stamps, np.zeros(2, np.bool_), in_years)
    return int(first), int(last)


def following(turned: Turns, older: Turns, year: int) -> int:
    """The first year in which a part follows the older one, which begins in *year*."""
    _, ends = span(older, year)
    its_last = year + sum(older.by)
    near = range(its_last - 1, its_last + 2)
    return next((y for y in near if span(turned, y)[0] > ends - OVERLAP), its_last)


def latest(turned: Turns, leap_days: Collection[int], modified: int) -> int:
    """The latest year in which no line is later than the file, and each 29 February is a day.

    Args:
        leap_days: The years after that of the first line in which the log has one.
        modified: When the file was last written, in microseconds since 1970.
    """
    until = min(max(modified, _EARLIEST), _LATEST) + LATER
    year = int(np.datetime64(until, "us").astype("datetime64[Y]").astype(np.int64)) + 1970
    newest = year - max(sum(turned.by), 0)
    spans = {y: span(turned, y) for y in range(newest, newest - LEAP - 2, -1)}
    in_time = [y for y, ends in spans.items() if MISSING not in ends and max(ends) <= until]
    there = (y for y in in_time if all(calendar.isleap(y + n) for n in leap_days))
    return next(there, next(iter(in_time), newest))
