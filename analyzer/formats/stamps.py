"""When does a line say it was written? RFC 3164 (no year, no zone) and RFC 3339 stamps, as columns.

A day that does not exist (30 February, hour 24) makes the stamp null; 23:59:60 is kept as :59.999999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Int64 = npt.NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
MISSING = np.int64(-(2**63))  # NaT
LEAP_YEAR = 2000  # yearless stamps are kept as if in this year, so that 29 February exists
_MONTHS = (
    b"Jan",
    b"Feb",
    b"Mar",
    b"Apr",
    b"May",
    b"Jun",
    b"Jul",
    b"Aug",
    b"Sep",
    b"Oct",
    b"Nov",
    b"Dec",
)
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass
class Stamps:
    """`micros`: microseconds; since 1970 in UTC where `with_year`, else local time in LEAP_YEAR; MISSING if impossible.

    `present`: the line begins like a stamp, possible or not.
    """

    micros: Int64
    with_year: npt.NDArray[np.bool_]
    present: npt.NDArray[np.bool_]


def read_stamps(
    data: bytes, byte: Bytes, start: Positions, end: Positions
) -> tuple[Stamps, Positions]:
    """The stamps of all lines, and where the text after each begins."""
    room = end - start
    classic = (
        (room >= 16) & (byte[start + 3] == 32) & (byte[start + 15] == 32) & (byte[start + 9] == 58)
    )
    dated = (
        (room >= 20) & (byte[start + 4] == 45) & (byte[start + 10] == 84) & (byte[start + 13] == 58)
    )
    micros = np.full(len(start), MISSING)
    host = start.copy()
    if (rows := np.flatnonzero(classic)).size:
        micros[rows] = _classic(byte, start[rows])
        host[rows] = start[rows] + 16
    if (rows := np.flatnonzero(dated)).size:
        space = np.flatnonzero(byte[: int(end[-1])] == 32).astype(np.int32)
        after = np.append(space, np.int32(len(data)))[np.searchsorted(space, start[rows])]
        short = after - start[rows] <= 35
        dated[rows[~short]] = False
        rows, after = rows[short], after[short]
        micros[rows] = _rfc3339(byte, start[rows], after)
        host[rows] = np.minimum(after + 1, end[rows])
    return Stamps(micros, dated, classic | dated), host


def _number(
    byte: Bytes, at: Positions, digits: int, *, blank: bool = False
) -> tuple[Int64, npt.NDArray[np.bool_]]:
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


def _clock(byte: Bytes, at: Positions) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """hh:mm:ss as microseconds of the day."""
    (hour, a), (minute, b), (second, c) = (_number(byte, at + place, 2) for place in (0, 3, 6))
    good = a & b & c & (hour < 24) & (minute < 60) & (second <= 60) & (byte[at + 5] == 58)
    leap = second == 60
    micros = ((hour * 60 + minute) * 60 + np.where(leap, 59, second)) * SECOND + np.where(
        leap, SECOND - 1, 0
    )
    return micros, good


def _days(year: Int64, month: Int64, day: Int64) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """Days since 1970-01-01, and whether the day exists."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (month >= 1) & (month <= 12)
    month = np.where(real, month, 1)
    real &= (day >= 1) & (day <= _DAYS[month]) & ~((month == 2) & (day == 29) & ~leap)
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + day - 1, real


def _classic(byte: Bytes, at: Positions) -> Int64:
    """`Dec  7 05:00:00`; a busy server writes many lines a second, so equal stamps are read once."""
    pair = np.ndarray(shape=(len(byte) - 7,), dtype="<u8", buffer=byte.data, strides=(1,))
    first, second = pair[at], pair[at + 7]
    new = np.concatenate([[True], (first[1:] != first[:-1]) | (second[1:] != second[:-1])])
    where = at[new]
    letters = (
        (byte[where].astype(np.int64) << 16)
        | (byte[where + 1].astype(np.int64) << 8)
        | byte[where + 2]
    )
    month = np.zeros(len(where), np.int64)
    for number, name in enumerate(_MONTHS, 1):
        month[letters == int.from_bytes(name, "big")] = number
    day, good = _number(byte, where + 4, 2, blank=True)
    time, timed = _clock(byte, where + 7)
    days, real = _days(np.full(len(where), LEAP_YEAR), month, day)
    micros = np.where(
        good & timed & real & (month > 0) & (byte[where + 6] == 32), days * DAY + time, MISSING
    )
    return micros[np.cumsum(new) - 1]


def _rfc3339(byte: Bytes, at: Positions, after: Positions) -> Int64:
    """`2026-12-07T05:00:00.123456+01:00`, also `Z` and an offset without colon; without an offset it is UTC."""
    (year, a), (month, b), (day, c) = (
        _number(byte, at + place, digits) for place, digits in ((0, 4), (5, 2), (8, 2))
    )
    time, timed = _clock(byte, at + 11)
    days, real = _days(year, month, day)
    good = a & b & c & timed & real & (byte[at + 7] == 45)
    micros = days * DAY + time
    place = at + 19
    fraction = byte[place] == 46
    place = place + fraction
    unit = np.full(len(at), SECOND // 10)
    while True:  # at most nine digits: the stamp is at most 35 bytes
        digit = byte[place].astype(np.int64) - 48
        going = fraction & (digit >= 0) & (digit <= 9) & (place < after)
        if not going.any():
            break
        micros += np.where(going, digit * unit, 0)
        unit //= 10
        place = place + going
        fraction &= going
    sign = np.where(byte[place] == 45, -1, 1)
    offset_given = (byte[place] == 43) | (byte[place] == 45)
    hours, hours_good = _number(byte, np.minimum(place + 1, after), 2)
    colon = byte[np.minimum(place + 3, after)] == 58
    minutes, minutes_good = _number(byte, np.minimum(place + 3 + colon, after), 2)
    ends = place + np.where(offset_given, 5 + colon, np.where(byte[place] == 90, 1, 0))
    good &= (ends == after) & (
        ~offset_given | (hours_good & minutes_good & (hours < 24) & (minutes < 60))
    )
    micros -= np.where(offset_given, sign * (hours * 60 + minutes) * 60 * SECOND, 0)
    return np.where(good, micros, MISSING)
