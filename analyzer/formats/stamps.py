"""When does a line say it was written? Classic (RFC 3164) and dated (RFC 3339) stamps, as columns.

A day that does not exist (30 February, hour 24) makes the stamp null; 23:59:60 is kept as
:59.999999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.formats.pieces import Positions, Rows, eight_bytes
from analyzer.rows import Flags, Int64

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
MISSING = np.int64(-(2**63))  # NaT
# A log of another year has no possible time. Earlier: no server read here writes years so old; it
# is a clock at its zero (1970, 1980), set when the machine came up. Later: a clock or counter run
# over (2036, 2038, 2106 at the most), or a stranger's text. Evidence alone tells no nearer bound.
YEARS = range(1990, 2100)
LEAP_YEAR = 2000  # yearless stamps are kept as if in this year, so that 29 February exists
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAY_NAMES = [int.from_bytes(name, "big") for name in b"Mon Tue Wed Thu Fri Sat Sun".split()]
_UTC = int.from_bytes(b"UTC", "big")
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass
class Stamps:
    """`micros`: microseconds since 1970 where `with_year`, else in LEAP_YEAR; MISSING: none.

    Of UTC where `zoned`, else of the server's clock. `present`: the line begins like a stamp,
    possible or not.
    """

    micros: Int64
    with_year: Flags
    zoned: Flags
    present: Flags

    def put(self, rows: Rows, others: Stamps, which: Flags) -> None:
        """In place of what these rows say, what some of the others do."""
        self.micros[rows] = others.micros[which]
        self.with_year[rows] = others.with_year[which]
        self.zoned[rows] = others.zoned[which]
        self.present[rows] = others.present[which]


def read_stamps(byte: Bytes, at: Positions, end: Positions) -> tuple[Stamps, Positions]:
    """The stamps of all lines, each read at its place, and where the text after each begins."""
    room = end - at
    word = eight_bytes(byte)
    first, second = word[at], word[at + 7]  # each place of a large block is looked at once
    classic = (room >= 16) & (byte[at + 15] == 32)
    classic &= (first >> np.uint64(24)) & np.uint64(255) == 32
    classic &= (second >> np.uint64(16)) & np.uint64(255) == 58
    with_year, zoned = np.zeros((2, len(at)), np.bool_)
    found = Stamps(np.full(len(at), MISSING), with_year, zoned, classic)
    host = at.copy()
    if (rows := np.flatnonzero(classic)).size:
        found.micros[rows] = _classic(byte, at[rows], first[rows], second[rows])
        host[rows] = at[rows] + 16
    if (rows := np.flatnonzero(~classic & (room >= 20))).size:
        _dated(byte, at, end, rows, found, host)
        rows = rows[~found.present[rows]]
        _rare(byte, at, end, rows, found, host)
        _named_day(byte, at, end, rows[~found.present[rows]], found, host)
        _short_day(byte, at, rows[~found.present[rows]], found, host)
    return found, host


def _dated(
    byte: Bytes, at: Positions, end: Positions, rows: Rows, found: Stamps, host: Positions
) -> None:
    """`2026-12-07T05:00:00.123456+01:00`, also with a space instead of the T, as a whole or not."""
    here = at[rows]
    middle = byte[here + 10]
    fits = (byte[here + 4] == 45) & (byte[here + 13] == 58) & ((middle == 84) | (middle == 32))
    rows = rows[fits]
    after = _next_space(byte, at[rows] + np.int32(11), int(end[-1]))
    short = after - at[rows] <= 35
    rows, after = rows[short], after[short]
    if rows.size:
        found.micros[rows], found.zoned[rows] = _rfc3339(byte, at[rows], after)
        found.with_year[rows] = found.present[rows] = True
        host[rows] = np.minimum(after + 1, end[rows])


def _rare(
    byte: Bytes, at: Positions, end: Positions, rows: Rows, found: Stamps, host: Positions
) -> None:
    """The classic stamp with a year before or after the day, or with a fraction of the second."""
    for year_at, month_at, clock_at in ((0, 5, 12), (7, 0, 12), (None, 0, 7)):
        if not rows.size:
            return
        here = at[rows]
        fits = (byte[here + month_at + 3] == 32) & (byte[here + month_at + 6] == 32)
        fits &= (byte[here + clock_at + 2] == 58) & (byte[here + clock_at + 5] == 58)
        ends = byte[here + clock_at + 8]
        if year_at is None:
            fits &= ends == 46
        else:  # grep -n puts a colon behind its number: `2026:Dec  7 05:00:00`
            fits &= (ends == 32) & (byte[here + year_at + 4] == 32) & (end[rows] - here > 21)
        mine, here = rows[fits], here[fits]
        rows = rows[~fits]
        years = np.full(len(here), LEAP_YEAR)
        good = np.ones(len(here), np.bool_)
        if year_at is not None:
            years, good = _number(byte, here + year_at, 4)
            host[mine] = here + 21
        else:
            after = _next_space(byte, here + np.int32(15), int(end[-1]))
            host[mine] = np.minimum(after + 1, end[mine])
        micros = _day_and_clock(byte, here + month_at, here + clock_at, years)
        if year_at is None:
            micros += np.where(micros == MISSING, 0, _fraction(byte, here + 15, after)[0])
        found.micros[mine] = np.where(good, micros, MISSING)
        found.with_year[mine] = year_at is not None
        found.present[mine] = True


def _named_day(
    byte: Bytes, at: Positions, end: Positions, rows: Rows, found: Stamps, host: Positions
) -> None:
    """`Mon Dec  7 05:00:00 2026` (ctime, logread), `Mon 2026-12-07 05:00:00 CET` (journalctl -o
    short-full). Names of zones mean several: but for UTC, it is the server's clock.
    """
    rows = rows[(end[rows] - at[rows] > 25) & np.isin(_letters(byte, at[rows]), _DAY_NAMES)]
    here = at[rows]
    dated = (byte[here + 8] == 45) & (byte[here + 14] == 32) & (byte[here + 23] == 32)
    named = (byte[here + 7] == 32) & (byte[here + 19] == 32) & (byte[here + 24] == 32)
    fits = (byte[here + 3] == 32) & (dated | named)
    rows, here, dated = rows[fits], here[fits], dated[fits]
    if not rows.size:
        return
    years, good = _number(byte, here + 20, 4)
    told = _day_and_clock(byte, here + 4, here + 11, np.where(good, years, 0))
    whole, _ = _rfc3339(byte, here + 4, here + 23)
    after = np.minimum(_next_space(byte, here + np.int32(24), int(end[-1])), end[rows])
    found.micros[rows] = np.where(dated, whole, told)
    found.zoned[rows] = dated & (_letters(byte, here + 24) == _UTC) & (after == here + 27)
    found.with_year[rows] = found.present[rows] = True
    host[rows] = np.minimum(np.where(dated, after + 1, here + 25), end[rows])


def _short_day(byte: Bytes, at: Positions, rows: Rows, found: Stamps, host: Positions) -> None:
    """`Dec 7 05:00:00`: the classic stamp that lost a blank, on a web page or in a shell."""
    here = at[rows]
    fits = (byte[here + 3] == 32) & (byte[here + 5] == 32) & (byte[here + 14] == 32)
    fits &= (byte[here + 8] == 58) & (byte[here + 11] == 58)
    rows, here = rows[fits], here[fits]
    years = np.full(len(here), LEAP_YEAR)
    found.micros[rows] = _day_and_clock(byte, here, here + 6, years, here + 3)
    found.present[rows] = True
    host[rows] = here + 15


def _letters(byte: Bytes, at: Positions) -> Int64:
    """Three bytes at each place, as one number."""
    first: Int64 = byte[at].astype(np.int64) << 16
    return first | (byte[at + 1].astype(np.int64) << 8) | byte[at + 2]


def _next_space(byte: Bytes, at: Positions, length: int) -> Positions:
    space = np.flatnonzero(byte[:length] == 32).astype(np.int32)
    return np.append(space, np.int32(length))[np.searchsorted(space, at)]


def _number(byte: Bytes, at: Positions, digits: int, *, blank: bool = False) -> tuple[Int64, Flags]:
    """Decimal digits at each place; with *blank*, the first may be a space."""
    value = np.zeros(len(at), np.int64)
    good = np.ones(len(at), np.bool_)
    for place in range(digits):
        character = byte[at + place]
        digit = character.astype(np.int64) - 48
        if blank and place == 0:
            digit = np.where(character == 32, 0, digit)
        good &= (digit >= 0) & (digit <= 9)
        value = value * 10 + digit
    return value, good


def _clock(byte: Bytes, at: Positions) -> tuple[Int64, Flags]:
    """hh:mm:ss as microseconds of the day."""
    (hour, a), (minute, b), (second, c) = (_number(byte, at + place, 2) for place in (0, 3, 6))
    good = a & b & c & (hour < 24) & (minute < 60) & (second <= 60) & (byte[at + 5] == 58)
    leap = second == 60
    seconds = (hour * 60 + minute) * 60 + np.where(leap, 59, second)
    return seconds * SECOND + np.where(leap, SECOND - 1, 0), good


def _days(year: Int64, month: Int64, day: Int64) -> tuple[Int64, Flags]:
    """Days since 1970-01-01, and whether the day exists."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (month >= 1) & (month <= 12) & (year >= YEARS.start) & (year < YEARS.stop)
    month = np.where(real, month, 1)
    real &= (day >= 1) & (day <= _DAYS[month]) & ~((month == 2) & (day == 29) & ~leap)
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + day - 1, real


def _classic(byte: Bytes, at: Positions, first: Words, second: Words) -> Int64:
    """`Dec  7 05:00:00`; a busy server writes many lines a second, so equal ones are read once.

    Args:
        first: The stamps' first eight bytes.
        second: The last eight.
    """
    new = np.concatenate([[True], (first[1:] != first[:-1]) | (second[1:] != second[:-1])])
    where = at[new]
    micros = _day_and_clock(byte, where, where + 7, np.full(len(where), LEAP_YEAR))
    micros = np.where(byte[where + 6] == 32, micros, MISSING)
    told: Int64 = micros[np.cumsum(new) - 1]
    return told


def _day_and_clock(
    byte: Bytes,
    month_at: Positions,
    clock_at: Positions,
    years: Int64,
    day_at: Positions | None = None,
) -> Int64:
    """`Dec  7` and `05:00:00`, wherever they are; the day is two bytes, of which one may be blank.

    Args:
        day_at: Where it does not stand four bytes behind the month.
    """
    letters = _letters(byte, month_at)
    month = np.zeros(len(month_at), np.int64)
    for number, name in enumerate(_MONTHS, 1):
        month[letters == int.from_bytes(name, "big")] = number
    day_at = month_at + 4 if day_at is None else day_at
    day, good = _number(byte, day_at, 2, blank=True)
    time, timed = _clock(byte, clock_at)
    days, real = _days(years, month, day)
    return np.where(good & timed & real & (month > 0), days * DAY + time, MISSING)


def _rfc3339(byte: Bytes, at: Positions, after: Positions) -> tuple[Int64, Flags]:
    """Microseconds, and whether the stamp names its zone: `Z`, or an offset."""
    (year, a), (month, b), (day, c) = (
        _number(byte, at + place, digits) for place, digits in ((0, 4), (5, 2), (8, 2))
    )
    time, timed = _clock(byte, at + 11)
    days, real = _days(year, month, day)
    good = a & b & c & timed & real & (byte[at + 7] == 45)
    fraction, place = _fraction(byte, at + 19, after)
    micros = days * DAY + time + fraction
    sign = np.where(byte[place] == 45, -1, 1)
    offset_given = (byte[place] == 43) | (byte[place] == 45)
    zulu = byte[place] == 90
    hours, hours_good = _number(byte, np.minimum(place + 1, after), 2)
    colon = byte[np.minimum(place + 3, after)] == 58
    minutes, minutes_good = _number(byte, np.minimum(place + 3 + colon, after), 2)
    ends = place + np.where(offset_given, 5 + colon, np.where(zulu, 1, 0))
    good &= (ends == after) & (
        ~offset_given | (hours_good & minutes_good & (hours < 24) & (minutes < 60))
    )
    micros -= np.where(offset_given, sign * (hours * 60 + minutes) * 60 * SECOND, 0)
    return np.where(good, micros, MISSING), offset_given | zulu


def _fraction(byte: Bytes, at: Positions, after: Positions) -> tuple[Int64, Positions]:
    """The fraction of a second after a point or comma, in microseconds, and where it ends."""
    going = (byte[at] == 46) | (byte[at] == 44)
    place = (at + going).astype(np.int32)
    micros, unit = np.zeros(len(at), np.int64), SECOND // 10
    for _ in range(9):  # RFC 3339 sets no limit; what is finer than a microsecond is dropped
        digit = byte[place].astype(np.int64) - 48
        going &= (digit >= 0) & (digit <= 9) & (place < after)
        if not going.any():
            break
        micros += np.where(going, digit * unit, 0)
        unit //= 10
        place += going.astype(np.int32)
    return micros, place
