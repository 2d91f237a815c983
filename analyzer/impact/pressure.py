"""How full was the queue, hour by hour, and for how long fuller than usual?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.impact.abuse import VERDICTS, gravity
from analyzer.schema import PRESSURE, fit

Numbers = npt.NDArray[np.int64]
READ = ["origin_life", "received", "completed", "status", "size", "verdict"]
HOUR = pd.Timedelta(hours=1)
STAYS = ["deferred", "held", "unknown"]
DAY = 24  # hours of usual work without which nothing is called unusual


def queue_load(rows: pd.DataFrame, ends: pd.Timestamp | None) -> pa.Table:
    """PRESSURE: each message waits from its receipt until its last recipient is done with.

    What is deferred when the log ends waits until then.

    Args:
        rows: DELIVERIES rows with `origin_life`.
        ends: End of the log.
    """
    timed = rows.loc[rows["received"].notna(), READ]
    if timed.empty or ends is None:
        return PRESSURE.empty_table()
    stays = timed["status"].isin(STAYS) | timed["completed"].isna()
    came, gone = _whole(timed["received"]), _whole(timed["completed"].mask(stays, ends + HOUR))
    order = np.argsort(timed["origin_life"].to_numpy(), kind="stable")
    begins = np.flatnonzero(np.diff(timed["origin_life"].to_numpy()[order], prepend=-1))

    def each(of: Callable[..., Numbers], values: Numbers) -> Numbers:
        """Of each message, over its recipients."""
        return of(values[order], begins)

    first = each(np.minimum.reduceat, came)
    left = np.maximum(each(np.maximum.reduceat, gone), first)
    size = each(np.maximum.reduceat, np.asarray(timed["size"].fillna(0), np.int64))
    grave = each(np.minimum.reduceat, gravity(timed))
    begin = timed["received"].min().floor("h")
    hours = pd.date_range(begin, max(ends.floor("h"), begin), freq="h").as_unit("us")
    parts = [
        _load(first[mine], left[mine], size[mine], hours).assign(verdict=verdict)
        for number, verdict in enumerate(VERDICTS)
        if (mine := grave == number).any()
    ]
    table = pd.concat(parts, ignore_index=True).sort_values(["hour", "verdict"], kind="stable")
    return fit(pa.Table.from_pandas(table, preserve_index=False), PRESSURE)


def _whole(times: pd.Series[Any]) -> Numbers:
    """Times as whole microseconds."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def _load(came: Numbers, gone: Numbers, size: Numbers, hours: pd.DatetimeIndex) -> pd.DataFrame:
    close = (hours + HOUR).asi8
    by_came, by_gone = np.argsort(came, kind="stable"), np.argsort(gone, kind="stable")
    in_by = np.searchsorted(came[by_came], close)
    out_by = np.searchsorted(gone[by_gone], close)
    bytes_in = np.concatenate([[0], np.cumsum(size[by_came])])[in_by]
    bytes_out = np.concatenate([[0], np.cumsum(size[by_gone])])[out_by]
    return pd.DataFrame(
        {
            "hour": hours,
            "entered": np.diff(in_by, prepend=0),
            "left": np.diff(out_by, prepend=0),
            "waiting": in_by - out_by,
            "bytes_waiting": bytes_in - bytes_out,
        }
    )


def unusual(load: pa.Table, onset: pd.Timestamp | None) -> dict[str, Any]:
    """`hours` since the onset in which more messages waited than in 95 % of the hours before, and
    that number as `usual`; both None where a day of usual work is not in the log.
    """
    rows = load.to_pandas()
    waiting = rows.groupby("hour")["waiting"].sum()
    before = waiting[waiting.index < onset] if onset is not None else waiting.iloc[:0]
    if onset is None or len(before) < DAY:
        return {"hours": None, "usual": None}
    usual = float(before.quantile(0.95))
    during = waiting[waiting.index >= onset.floor("h")]
    return {"hours": int(during.gt(usual).sum()), "usual": round(usual, 1)}
