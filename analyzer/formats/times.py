"""When was each line of a log written, in UTC, and which lines may be an hour off?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.formats import clock, zone
from analyzer.formats.jumps import COLUMNS
from analyzer.formats.logs import Log, Year
from analyzer.formats.stamps import DAY, LEAP_YEAR, MISSING, SECOND
from analyzer.formats.told_times import SECONDS_OF, WITH_NEW_ID
from analyzer.rows import Int64
from analyzer.schema import UTC

READ_AS = ["micros", "with_year", "zoned"]


def dated(log: Log, year: Year | None, name: str) -> tuple[dict[str, pa.Table], pd.DataFrame]:
    """The log's tables with `time` in UTC instead of the stamps as read.

    Args:
        name: The zone of stamps that name none.

    Returns:
        Beside the tables one row for each server and hour that summer time makes doubtful, with
        the columns of `jumps`, `what` and `zone`. `twice`: `lines` that may be `seconds` later than
        said. `never`: `lines` with a time that the zone's clocks leave out.
    """
    micros = {kind: np.empty(len(table), np.int64) for kind, table in log.tables.items()}
    changing = [
        lines
        for kind, table in log.tables.items()
        for lines in _shown(log, kind, year, name, micros[kind])
    ]
    doubtful = _settle(changing, micros)
    tables = {
        kind: table.drop_columns(READ_AS).append_column("time", _times(table, micros[kind]))
        for kind, table in log.tables.items()
    }
    return tables, doubtful.assign(source=log.name, zone=name)


def _shown(
    log: Log, kind: str, year: Year | None, zone_name: str, told: Int64
) -> Iterator[pd.DataFrame]:
    """Write the time of each line of a kind, as if it were the first that the clocks show; tell of
    lines of hours that they show twice or never.
    """
    begun = year.year if year else LEAP_YEAR
    start = 0
    for chunk in log.tables[kind].to_batches():
        line = chunk["line"].to_numpy()
        with_year, zoned = (
            chunk[name].to_numpy(zero_copy_only=False) for name in ("with_year", "zoned")
        )
        years = clock.years_after(log.turned, line) + begun
        shown = clock.shown(chunk["micros"].to_numpy(), with_year, years)
        first, second = zone.offsets(shown, line, zone_name)
        local = ~zoned & (shown != MISSING)
        told[start : start + len(chunk)] = np.where(local, shown - first, shown)
        rows = np.flatnonzero(local & (first != second))
        if rows.size:
            lines = _changing(
                kind, chunk.take(pa.array(rows)), shown[rows], first[rows], second[rows]
            )
            yield lines.assign(row=rows + start)
        start += len(chunk)


def _times(table: pa.Table, micros: Int64) -> pa.ChunkedArray:
    """As the table is cut; nothing is copied."""
    ends = np.cumsum([len(chunk) for chunk in table["line"].chunks])
    parts = np.split(micros, ends[:-1]) if len(ends) else []
    return pa.chunked_array([_time(part) for part in parts], UTC)


def _time(micros: Int64) -> pa.Array:
    missing = micros == MISSING
    told = pa.array(micros, mask=missing if missing.any() else None)
    return told.cast(pa.timestamp("us")).cast(UTC)


def _changing(
    kind: str, lines: pa.RecordBatch, shown: Int64, first: Int64, second: Int64
) -> pd.DataFrame:
    """What is asked of lines of an hour that the clocks show twice or never."""
    return pd.DataFrame(
        {
            "kind": kind,
            "line": lines["line"].to_numpy(),
            "offset": lines["offset"].to_numpy(),
            "server": lines["server"].cast(pa.string()).fill_null("").to_pandas(),
            "shown": shown,
            "ahead": first,
            "length": first - second,
            "utc": _by_id(kind, lines),
        }
    )


def _by_id(kind: str, lines: pa.RecordBatch) -> Int64:
    """The microsecond of UTC at which the queue id of each line was given; MISSING if it tells
    none.
    """
    told = np.full(len(lines), MISSING)
    if kind in WITH_NEW_ID and len(lines):
        for seconds in SECONDS_OF.values():
            at, holds = seconds(lines["queue_id"])
            told[holds] = at[holds] * SECOND
    return told


def _settle(changing: list[pd.DataFrame], micros: dict[str, Int64]) -> pd.DataFrame:
    """Move lines of the second time by what is shown twice; what stays doubtful is told."""
    doubtful = []
    for lines in _by_hour(changing):
        length = lines["length"].to_numpy()
        what, doubted = "never", np.ones(len(lines), np.bool_)
        if length[0] > 0:
            columns = (lines[name].to_numpy() for name in ("shown", "length", "utc", "ahead"))
            second, doubted = zone.second_time(*columns)
            what = "twice"
            for kind, later in lines[second].groupby("kind"):
                rows = later["row"].to_numpy()
                micros[str(kind)][rows] += later["length"].to_numpy()
        if doubted.any():
            first = lines[doubted].head(1)
            at = first["shown"] - first["ahead"]
            told = first[["server", "line", "offset"]].assign(
                what=what,
                time=pd.to_datetime(at, unit="us", utc=True),
                seconds=abs(length[0]) / SECOND,
                lines=int(doubted.sum()),
            )
            doubtful.append(told)
    if not doubtful:
        return pd.DataFrame(columns=[*COLUMNS, "what"])
    return pd.concat(doubtful, ignore_index=True)


def _by_hour(changing: list[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The lines of each server and change of its clock, in their order."""
    there = [lines for lines in changing if len(lines)]
    if not there:
        return
    lines = pd.concat(there, ignore_index=True).sort_values("line", kind="stable")
    day = lines["shown"] // DAY
    for _, found in lines.groupby(["server", day, lines["length"] > 0], sort=True):
        yield found
