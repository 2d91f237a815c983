"""How full was the queue, hour by hour, and for how long fuller than usual?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.impact.abuse import VERDICTS, gravity
from analyzer.rows import borders, parted, those
from analyzer.schema import PRESSURE, WAITING, fit

Numbers = npt.NDArray[np.int64]
READ = ["origin_life", "received", "completed", "status", "size", "verdict"]
HOUR = pd.Timedelta(hours=1)
DAY = 24  # hours of usual work without which nothing is called unusual
HANDFUL = 10  # messages wait at any server, for one slow host elsewhere: no full queue


def queue_load(rows: pd.DataFrame, ends: pd.Timestamp | None) -> pa.Table:
    """PRESSURE: each message waits from its receipt until its last recipient is done with.

    What is deferred when the log ends waits until then.

    Args:
        rows: DELIVERIES rows with `origin_life`.
        ends: End of the log.
    """
    known = rows["received"].notna()
    if not known.any() or ends is None:
        return PRESSURE.empty_table()
    begin = rows["received"].min().floor("h")
    hours = pd.date_range(begin, max(ends.floor("h"), begin), freq="h").as_unit("us")
    loads: dict[str, Numbers] = {}
    life = rows["origin_life"]
    for where, part in parted(life, borders(life)):
        for verdict, load in _loads(those(rows[READ][where], known[where] & part), ends, hours):
            loads[verdict] = loads.get(verdict, 0) + load
    parts = [_table(load, hours).assign(verdict=verdict) for verdict, load in loads.items()]
    table = pd.concat(parts, ignore_index=True).sort_values(["hour", "verdict"], kind="stable")
    return fit(pa.Table.from_pandas(table, preserve_index=False), PRESSURE)


def _loads(
    timed: pd.DataFrame, ends: pd.Timestamp, hours: pd.DatetimeIndex
) -> Iterator[tuple[str, Numbers]]:
    """Of each verdict, what came and went in each hour: messages and bytes in, then out."""
    stays = timed["status"].isin(WAITING) | timed["completed"].isna()
    came, gone = _whole(timed["received"]), _whole(timed["completed"].mask(stays, ends + HOUR))
    order = np.argsort(timed["origin_life"].to_numpy(), kind="stable")
    begins = np.flatnonzero(np.diff(timed["origin_life"].to_numpy()[order], prepend=-1))

    def each(of: Callable[..., Numbers], values: Numbers) -> Numbers:
        """Of each message, over its recipients."""
        return of(values[order], begins)

    first = each(np.minimum.reduceat, came)
    left = np.maximum(each(np.maximum.reduceat, gone), first)
    size = each(np.maximum.reduceat, np.asarray(timed["size"].fillna(0), np.int64))
    grave = each(np.minimum.reduceat, gravity(timed).astype(np.int64))
    for number, verdict in enumerate(VERDICTS):
        if (mine := grave == number).any():
            ways = [_by_hour(times[mine], size[mine], hours) for times in (first, left)]
            yield verdict, np.concatenate(ways)


def _whole(times: pd.Series[Any]) -> Numbers:
    """Times as whole microseconds."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def _by_hour(times: Numbers, size: Numbers, hours: pd.DatetimeIndex) -> Numbers:
    """Messages and bytes of each hour; what is later than all of them is left out."""
    hour = np.minimum((times - hours.asi8[0]) // (HOUR // pd.Timedelta(microseconds=1)), len(hours))
    found = [np.bincount(hour, of, len(hours) + 1)[:-1] for of in (None, size)]
    return np.array(found, np.int64)


def _table(load: Numbers, hours: pd.DatetimeIndex) -> pd.DataFrame:
    entered, bytes_in, left, bytes_out = load
    return pd.DataFrame(
        {
            "hour": hours,
            "entered": entered,
            "left": left,
            "waiting": np.cumsum(entered - left),
            "bytes_waiting": np.cumsum(bytes_in - bytes_out),
        }
    )


def unusual(load: pa.Table, onset: pd.Timestamp | None) -> dict[str, Any]:
    """`hours` since the onset in which more messages waited than in 95 % of the hours before, or
    than HANDFUL if that is more; that number as `usual`. Both None where a day of usual work is not
    in the log.
    """
    rows = load.to_pandas()
    waiting = rows.groupby("hour")["waiting"].sum()
    before = waiting[waiting.index < onset] if onset is not None else waiting.iloc[:0]
    if onset is None or len(before) < DAY:
        return {"hours": None, "usual": None}
    usual = max(HANDFUL, float(before.quantile(0.95)))
    during = waiting[waiting.index >= onset.floor("h")]
    return {"hours": int(during.gt(usual).sum()), "usual": round(usual, 1)}
