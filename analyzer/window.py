"""Which stretch of time is asked about?

All evidence is read; what lies outside is counted and left out.
A message belongs to the moment it was received, with all that became of it later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer.errors import SettingsError

_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?P<clock>[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
YEARS = range(1970, 2262)  # those that a time of pandas holds, whatever its unit
_REMEDY = "Write a day (2026-12-07) or a moment (2026-12-07 05:00, 2026-12-07T05:00:00Z)."


@dataclass(frozen=True)
class Window:
    """From `since` to `until`, as given; a day stands for all of it, None for no limit.

    Raises:
        SettingsError: not a day or moment, or the end before the beginning.
    """

    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        begin, end = self.bounds("UTC")
        if begin is not None and end is not None and begin >= end:
            where = f"--since {self.since} --until {self.until}"
            raise SettingsError("the time asked about ends before it begins", where, _REMEDY)

    @property
    def given(self) -> bool:
        return self.since is not None or self.until is not None

    def bounds(self, zone: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
        """The first moment inside and the first one after, in UTC."""
        return (
            _moment("--since", self.since, zone, pd.Timedelta(0)),
            _moment("--until", self.until, zone, pd.Timedelta(days=1)),
        )

    def holds(self, times: pd.Series[Any], zone: str) -> pd.Series[bool]:
        """Which times lie inside; an unknown time may, so it counts as inside."""
        begin, end = self.bounds(zone)
        known = pd.to_datetime(times, utc=True)
        after = known.ge(begin) if begin is not None else True
        before = known.lt(end) if end is not None else True
        return known.isna() | (after & before)

    def rows(self, frame: pd.DataFrame, column: str, zone: str) -> pd.DataFrame:
        if not self.given or frame.empty:
            return frame
        return frame[self.holds(frame[column], zone)].reset_index(drop=True)

    def table(self, table: pa.Table, column: str, zone: str) -> pa.Table:
        if not self.given or not len(table):
            return table
        return table.filter(pa.array(self.holds(table[column].to_pandas(), zone)))


def _moment(option: str, text: str | None, zone: str, day: pd.Timedelta) -> pd.Timestamp | None:
    if text is None:
        return None
    found = _FORM.fullmatch(text)
    try:
        moment = pd.Timestamp(text) if found else None
    except ValueError:
        moment = None
    if moment is None or found is None:
        raise SettingsError(f'"{text}" is no time', option, _REMEDY)
    if moment.year not in YEARS:
        raise SettingsError(f'"{text}" is no time of a mail log', option, _REMEDY)
    if found["zone"]:
        return moment.tz_convert("UTC")
    placed = moment if found["clock"] else moment + day
    return placed.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
