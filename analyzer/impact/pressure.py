"""How full was the queue, hour by hour, and for how long fuller than usual?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.schema import PRESSURE, fit

HOUR = pd.Timedelta(hours=1)
GRAVITY = {"abusive": 0, "unclear": 1, "legitimate": 2}
STAYS = ["deferred", "held", "unknown"]
DAY = 24  # hours of usual work without which nothing is called unusual


def queue_load(rows: pd.DataFrame, ends: pd.Timestamp | None) -> pa.Table:
    """PRESSURE: each message waits from its receipt until its last recipient is done with.

    What is deferred when the log ends waits until then.

    Args:
        rows: DELIVERIES rows with `origin_life`.
        ends: End of the log.
    """
    timed = rows[rows["received"].notna()]
    if timed.empty or ends is None:
        return PRESSURE.empty_table()
    stays = timed["status"].isin(STAYS) | timed["completed"].isna()
    gone = timed["completed"].mask(stays, ends + HOUR)
    gravity = timed["verdict"].map(GRAVITY)
    mail = timed.assign(gone=gone, gravity=gravity).groupby("origin_life")
    each = mail.agg({"received": "min", "gone": "max", "gravity": "min", "size": "max"})
    each["gone"] = each[["received", "gone"]].max(axis=1)
    each["size"] = each["size"].fillna(0).astype("int64")
    first, last = each["received"].min().floor("h"), ends.floor("h")
    hours = pd.date_range(first, max(last, first), freq="h")
    parts = [
        _load(part, hours).assign(verdict=verdict)
        for verdict, grave in GRAVITY.items()
        if len(part := each[each["gravity"].eq(grave)])
    ]
    table = pd.concat(parts, ignore_index=True).sort_values(["hour", "verdict"], kind="stable")
    return fit(pa.Table.from_pandas(table, preserve_index=False), PRESSURE)


def _load(mail: pd.DataFrame, hours: pd.DatetimeIndex) -> pd.DataFrame:
    close = (hours + HOUR).as_unit("us")
    came = mail.sort_values("received")
    went = mail.sort_values("gone")
    in_by = pd.DatetimeIndex(came["received"]).searchsorted(close)
    out_by = pd.DatetimeIndex(went["gone"]).searchsorted(close)
    bytes_in = np.concatenate([[0], came["size"].cumsum().to_numpy()])[in_by]
    bytes_out = np.concatenate([[0], went["size"].cumsum().to_numpy()])[out_by]
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
