"""How much went through, hour by hour and source by source?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.impact.abuse import gravest
from analyzer.schema import NOT_DELIVERIES, VOLUME, fit

KEY = ["hour", "client_ip", "verdict", "mechanism"]

Rows = npt.NDArray[np.int64] | npt.NDArray[np.bool_]


def hourly(deliveries: pd.DataFrame) -> pa.Table:
    """VOLUME, from DELIVERIES rows with `life` and `origin_life`.

    A message counts once, with the gravest of its verdicts, so that sums over rows are true. Bytes
    leave once a transaction: a message for many recipients at one host may go in one, so the log
    gives bounds. Lower: once for each message and next hop. Upper: once for each delivered
    recipient.
    """
    size = deliveries["size"].fillna(0).to_numpy(np.int64)
    keys = deliveries[KEY[1:]].assign(hour=deliveries["received"].dt.floor("h"))[KEY]
    group = _groups(keys)
    labels = keys[~pd.Series(group).duplicated().to_numpy()]

    def total(rows: Rows, of: npt.NDArray[np.int64] | int = 1) -> npt.NDArray[np.int64]:
        """Of each group."""
        found = np.zeros(len(labels), np.int64)
        np.add.at(found, group[rows], of)
        return found

    once = gravest(deliveries, "origin_life")
    to_a_host = deliveries["relay"].str.contains("[", regex=False, na=False)
    left = np.flatnonzero(deliveries["status"].eq("delivered") & to_a_host)
    sent = deliveries[["life", "relay"]].take(left).assign(group=group[left])
    transactions = left[~sent.duplicated().to_numpy()]
    table = labels.assign(
        messages=total(once),
        recipients=total(~deliveries["status"].isin(NOT_DELIVERIES).to_numpy()),
        bytes_in=total(once, size[once]),
        bytes_out=total(transactions, size[transactions]),
        bytes_out_most=total(left, size[left]),
    )
    table = table.sort_values(KEY, kind="stable", na_position="first")
    return fit(pa.Table.from_pandas(table, preserve_index=False), VOLUME)


def _groups(keys: pd.DataFrame) -> npt.NDArray[np.int64]:
    """A number for each combination of the keys; null is a value like any other."""
    group = np.zeros(len(keys), np.int64)
    for name in keys:
        codes, known = pd.factorize(keys[name])
        group, _ = pd.factorize(group * (len(known) + 1) + codes + 1)
    return group
