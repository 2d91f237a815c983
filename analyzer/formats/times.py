"""When was each line of a log written, in UTC, and which lines may be an hour off?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats import clock, sendmail_ids, zone
from analyzer.formats.jumps import COLUMNS
from analyzer.formats.logs import Log, Year
from analyzer.formats.stamps import DAY, LEAP_YEAR, MISSING, SECOND
from analyzer.schema import UTC

Int64 = npt.NDArray[np.int64]

WITH_NEW_ID = ("client", "pickup", "received")  # lines written when their queue id was just given
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
    shown = {kind: _shown(log, kind, year) for kind in log.tables}
    ahead = {
        kind: zone.offsets(micros, log.tables[kind]["line"].to_numpy(), name)
        for kind, micros in shown.items()
    }
    changing = [_changing(kind, log.tables[kind], shown[kind], *ahead[kind]) for kind in shown]
    doubtful = _settle(changing, ahead)
    tables = {}
    for kind, table in log.tables.items():
        local = ~table["zoned"].to_numpy() & (shown[kind] != MISSING)
        micros = shown[kind] - np.where(local, ahead[kind][0], 0)
        time = pa.array(micros, mask=micros == MISSING).cast(pa.timestamp("us")).cast(UTC)
        tables[kind] = table.drop_columns(READ_AS).append_column("time", time)
    return tables, doubtful.assign(source=log.name, zone=name)


def _shown(log: Log, kind: str, year: Year | None) -> Int64:
    table = log.tables[kind]
    passed = clock.years_after(log.turned, table["line"].to_numpy())
    begun = year.year if year else LEAP_YEAR
    return clock.shown(table["micros"].to_numpy(), table["with_year"].to_numpy(), passed + begun)


def _changing(
    kind: str, table: pa.Table, shown: Int64, first: Int64, second: Int64
) -> pd.DataFrame:
    """The lines of hours that the clocks show twice or never."""
    local = ~table["zoned"].to_numpy() & (shown != MISSING)
    row = np.flatnonzero(local & (first != second))
    lines = table.take(row)
    return pd.DataFrame(
        {
            "kind": kind,
            "row": row,
            "line": lines["line"].to_numpy(),
            "offset": lines["offset"].to_numpy(),
            "server": lines["server"].cast(pa.string()).fill_null("").to_pandas(),
            "shown": shown[row],
            "ahead": first[row],
            "length": first[row] - second[row],
            "utc": _by_id(kind, lines),
        }
    )


def _by_id(kind: str, lines: pa.Table) -> Int64:
    """The microsecond of UTC at which the queue id of each line was given; MISSING if it tells
    none.
    """
    told = np.full(len(lines), MISSING)
    if kind in WITH_NEW_ID and len(lines):
        for seconds in (clock.seconds, sendmail_ids.seconds):
            at, holds = seconds(lines["queue_id"].combine_chunks())
            told[holds] = at[holds] * SECOND
    return told


def _settle(changing: list[pd.DataFrame], ahead: dict[str, tuple[Int64, Int64]]) -> pd.DataFrame:
    """Write the second offset over the first where a line is of the second time; what stays
    doubtful is told.
    """
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
                ahead[str(kind)][0][rows] = ahead[str(kind)][1][rows]
        if doubted.any():
            first = lines[doubted].head(1)
            micros = first["shown"] - first["ahead"]
            told = first[["server", "line", "offset"]].assign(
                what=what,
                time=pd.to_datetime(micros, unit="us", utc=True),
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
