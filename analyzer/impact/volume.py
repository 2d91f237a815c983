"""How much went through, hour by hour and source by source?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.schema import NOT_DELIVERIES, VOLUME, fit

KEY = ["hour", "client_ip", "verdict", "mechanism"]
READ = ["client_ip", "verdict", "mechanism", "life", "origin_life", "status", "relay"]
GRAVEST = ["abusive", "unclear", "legitimate"]


def hourly(deliveries: pd.DataFrame) -> pa.Table:
    """VOLUME, from DELIVERIES rows with `life` and `origin_life`.

    A message counts once, with the gravest of its verdicts, so that sums over rows are true. Bytes
    leave once a transaction: a message for many recipients at one host may go in one, so the log
    gives bounds. Lower: once for each message and next hop. Upper: once for each delivered
    recipient.
    """
    hour, size = deliveries["received"].dt.floor("h"), deliveries["size"].fillna(0)
    rows = deliveries[READ].assign(hour=hour, size=size)
    rows["gravity"] = np.select([rows["verdict"].eq(name) for name in GRAVEST], range(3), 3)
    rows["group"] = _groups(rows[KEY])
    labels = rows.drop_duplicates("group").set_index("group")[KEY]
    labels = labels.astype(object).where(labels.notna(), None)
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


def _groups(keys: pd.DataFrame) -> npt.NDArray[np.int64]:
    """A number for each combination of the keys; null is a value like any other."""
    group = np.zeros(len(keys), np.int64)
    for name in keys:
        codes, known = pd.factorize(keys[name])
        group, _ = pd.factorize(group * (len(known) + 1) + codes + 1)
    return group
