"""How are counts, sizes, times and spans written, so that every output writes them alike?

No locale and no time zone but UTC: the same evidence gives the same words everywhere.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Decimal units: a GB is 10^9 bytes.
UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
NONE = "–"  # stands where the log says nothing
WIDTH = 80  # columns of a terminal


def thousands(value: float) -> str:
    """12,345"""
    return f"{value:,.0f}"


def count(value: int, unit: str) -> str:
    """1 message, 2,345 messages."""
    if value == 1:
        return f"{value:,} {unit}"
    if unit[-1:] == "y" and unit[-2:-1] not in "aeiou":
        return f"{value:,} {unit[:-1]}ies"
    return f"{value:,} {unit}{'es' if unit.endswith('s') else 's'}"


def form(value: int, one: str, many: str) -> str:
    """The word that goes with a count: 1 attempt was, 2 attempts were."""
    return one if value == 1 else many


def unit_for(most: float) -> tuple[float, str]:
    """The largest decimal unit that *most* fills; kB at least."""
    return next((unit for unit in UNITS if most >= unit[0]), UNITS[-1])


def size(value: float) -> str:
    """12.4 MB, 512 bytes."""
    if value < 1e3:
        return count(int(value), "byte")
    factor, name = unit_for(value)
    amount = value / factor
    return f"{amount:.{1 if amount < 100 else 0}f} {name}"


def share(part: int, whole: int) -> str:
    """A percentage that never rounds to all or nothing: 94 %, less than 1 %, all."""
    if part == whole:
        return "all"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "less than 1 %"
    return "more than 99 %" if percent > 99 else f"{percent:.0f} %"


def day(time: datetime) -> str:
    """8 Dec 2026"""
    return f"{time.day} {MONTHS[time.month - 1]} {time.year}"


def moment(time: datetime) -> str:
    """8 Dec 2026, 05:13 UTC"""
    return f"{day(time)}, {time:%H:%M} UTC"


def stamp(time: datetime | None) -> str:
    """2026-12-08 05:13:20, for tables whose head says UTC."""
    return NONE if time is None or time != time else f"{time:%Y-%m-%d %H:%M:%S}"  # noqa: PLR0124 - NaT


def short(time: datetime | None) -> str:
    """8 Dec 05:13, for tables that say the year and UTC elsewhere."""
    if time is None or time != time:  # noqa: PLR0124 - NaT
        return NONE
    return f"{time.day} {MONTHS[time.month - 1]} {time:%H:%M}"


def iso(time: datetime | None) -> str | None:
    """2026-12-08T05:13:20Z, for programs; None where there is no time."""
    return None if time is None or time != time else f"{time:%Y-%m-%dT%H:%M:%SZ}"  # noqa: PLR0124 - NaT


def span(length: timedelta) -> str:
    """3 days 4 h, 14 h 20 min, 12 min, 40 s."""
    seconds = int(length.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return count(days, "day") + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{seconds} s"


def listing(items: Sequence[str], most: int = 3, last: str = "and") -> str:
    """a, b and c; a, b, c and 14 more."""
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most:,} more"
    if len(shown) > 1:
        return f"{', '.join(shown[:-1])} {last} {shown[-1]}"
    return shown[0] if shown else NONE


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Lines for a terminal, indented by *first* and *rest*; names with hyphens stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
