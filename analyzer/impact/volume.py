"""How much went through, hour by hour and source by source?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.schema import NOT_DELIVERIES, VOLUME, fit

KEY = ["hour", "client_ip", "verdict", "mechanism"]


def hourly(deliveries: pd.DataFrame) -> pa.Table:
    """VOLUME, from DELIVERIES rows with `life` and `origin_life`.

    A message counts once, with the gravest of its verdicts, so that sums over rows are true. Bytes
    leave once a transaction: a message for many recipients at one host may go in one, so the log
    gives bounds. Lower: once for each message and next hop. Upper: once for each delivered
    recipient.
    """
    rows = deliveries.assign(
        hour=deliveries["received"].dt.floor("h"),
        size=deliveries["size"].fillna(0),
        gravity=deliveries["verdict"].map({"abusive": 0, "unclear": 1, "legitimate": 2}),
    )
    keys = rows[KEY].astype(object).where(rows[KEY].notna(), None)
    rows["group"] = keys.groupby(KEY, dropna=False, sort=True).ngroup()
    labels = keys.assign(group=rows["group"]).drop_duplicates("group").set_index("group")
    once = rows.sort_values("gravity", kind="stable").drop_duplicates("origin_life")
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)]
    to_a_host = rows["relay"].str.contains("[", regex=False, na=False)
    left = rows[rows["status"].eq("delivered") & to_a_host]
    transactions = left.drop_duplicates(["group", "life", "relay"])
    sums = {
        "messages": once.groupby("group").size(),
        "recipients": counted.groupby("group").size(),
        "bytes_in": once.groupby("group")["size"].sum(),
        "bytes_out": transactions.groupby("group")["size"].sum(),
        "bytes_out_most": left.groupby("group")["size"].sum(),
    }
    found = {name: total.reindex(labels.index).fillna(0) for name, total in sums.items()}
    table = labels.assign(**{name: total.astype("int64") for name, total in found.items()})
    table["hour"] = pd.to_datetime(table["hour"], utc=True)
    table = table.sort_values(KEY, kind="stable", na_position="first")
    return fit(pa.Table.from_pandas(table, preserve_index=False), VOLUME)
