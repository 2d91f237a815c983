"""How much went through, hour by hour and source by source?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.schema import VOLUME, fit

NOT_DELIVERIES = ["expanded", "filtered"]
KEY = ["hour", "client_ip", "verdict", "mechanism"]


def hourly(deliveries: pd.DataFrame) -> pa.Table:
    """VOLUME, from DELIVERIES rows with `life` and `origin_life`.

    Bytes leave once a transaction: a message for many recipients at one host may go in one, so the
    log gives bounds. Lower: once for each message and next hop. Upper: once for each delivered
    recipient.
    """
    rows = deliveries.assign(
        hour=deliveries["received"].dt.floor("h"), size=deliveries["size"].fillna(0)
    )
    keys = rows[KEY].astype(object).where(rows[KEY].notna(), None)
    rows = rows.assign(group=keys.groupby(KEY, dropna=False, sort=True).ngroup())
    labels = (
        keys.assign(group=rows["group"]).drop_duplicates("group").set_index("group").sort_index()
    )
    counted = ~rows["status"].isin(NOT_DELIVERIES)
    left = rows[
        rows["status"].eq("delivered") & rows["relay"].str.contains("[", regex=False, na=False)
    ]
    grouped = rows.groupby("group")
    out = left.drop_duplicates(["group", "life", "relay"]).groupby("group")["size"].sum()
    table = labels.assign(
        messages=grouped["origin_life"].nunique(),
        recipients=counted.groupby(rows["group"]).sum(),
        bytes_in=rows.drop_duplicates(["group", "origin_life"]).groupby("group")["size"].sum(),
        bytes_out=out.reindex(labels.index).fillna(0),
        bytes_out_most=left.groupby("group")["size"].sum().reindex(labels.index).fillna(0),
    )
    counts = ["messages", "recipients", "bytes_in", "bytes_out", "bytes_out_most"]
    table[counts] = table[counts].astype("int64")
    table["hour"] = pd.to_datetime(table["hour"], utc=True)
    table = table.sort_values(KEY, kind="stable", na_position="first")
    return fit(pa.Table.from_pandas(table, preserve_index=False), VOLUME)
