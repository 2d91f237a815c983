"""How much went through, hour by hour and source by source?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.impact.abuse import gravest
from analyzer.rows import AT_ONCE, Flags, Int32, Int64, heads, slices, those
from analyzer.schema import NOT_DELIVERIES, VOLUME, fit

KEY = ["hour", "client_ip", "verdict", "mechanism"]
READ = [*KEY[1:], *"received submission status relay size life origin_life".split()]


def hourly(deliveries: pd.DataFrame, elsewhere: pd.Index[str]) -> pa.Table:
    """VOLUME, from DELIVERIES rows with `life` and `origin_life`.

    A message counts once, with the gravest of its verdicts, so that sums over rows are true. Bytes
    leave once a transaction: a message for many recipients at one host may go in one, so the log
    gives bounds. Lower: once for each message and next hop. Upper: once for each delivered
    recipient. Notices that this server made were not taken in.

    Args:
        elsewhere: Next hops that are hosts of others, from `traffic.hosts_elsewhere`.
    """
    part = _part(deliveries["received"])
    found = [
        _of_hours(those(deliveries[READ], part == number), elsewhere) for number in np.unique(part)
    ]
    return pa.concat_tables([VOLUME.empty_table(), *found])


def _part(times: pd.Series[pd.Timestamp]) -> Int32:
    """Whole hours that are counted together, one after the other; an unknown one first."""
    hour = np.empty(len(times), np.int32)
    for some in slices(len(times)):
        hour[some] = times[some].dt.floor("h").to_numpy("datetime64[us]").astype("datetime64[h]")
    hours, sizes = np.unique(hour, return_counts=True)
    part = (np.cumsum(sizes) - sizes) // AT_ONCE
    return part.astype(np.int32)[np.searchsorted(hours, hour).astype(np.int32)]


def _of_hours(deliveries: pd.DataFrame, elsewhere: pd.Index[str]) -> pa.Table:
    """VOLUME of some hours."""
    size = deliveries["size"].fillna(0).to_numpy(np.int64)
    keys = deliveries[KEY[1:]].assign(hour=deliveries["received"].dt.floor("h"))[KEY]
    group, first = _groups(keys)
    labels = keys.iloc[first]

    def total(rows: Flags, of: Int64 | None = None) -> Int64:
        """Of each group."""
        found = np.zeros(len(labels), np.int64)
        np.add.at(found, group[rows], 1 if of is None else of[rows])
        return found

    once = gravest(deliveries, "origin_life")
    came = once & deliveries["submission"].ne("internal").to_numpy(np.bool_)
    gone = deliveries["status"].eq("delivered") & deliveries["relay"].isin(elsewhere)
    left = gone.to_numpy()
    sent = deliveries[["life", "relay"]].assign(group=group)
    transactions = left.copy()
    transactions[left] = ~sent[left].duplicated().to_numpy()
    table = labels.assign(
        messages=total(once),
        recipients=total(~deliveries["status"].isin(NOT_DELIVERIES).to_numpy()),
        bytes_in=total(came, size),
        bytes_out=total(transactions, size),
        bytes_out_most=total(left, size),
    )
    return fit(pa.Table.from_pandas(table, preserve_index=False), VOLUME)


def _groups(keys: pd.DataFrame) -> tuple[Int32, Int64]:
    """A number for each combination of the keys, in their order, and where it stands first; null is
    a value like any other, before all.
    """
    group = np.zeros(len(keys), np.int64)
    for name in keys:
        codes, known = pd.factorize(keys[name], sort=True)
        group = group * (len(known) + 1) + codes + 1
    number, groups = pd.factorize(group)
    order: Int64 = np.argsort(groups)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[number], np.flatnonzero(heads(number))[order]
