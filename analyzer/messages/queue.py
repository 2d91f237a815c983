"""To which message does an entry of a queue listing belong?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.schema import QUEUE, fit

DAY = pd.Timedelta(days=1)  # more than any error in the zone of a log's clock
SHOWN = ["server", "origin_queue_id", "client_ip", "auth_user", "mechanism", "verdict"]


def with_their_messages(listed: pa.Table, deliveries: pd.DataFrame) -> pa.Table:
    """QUEUE with what is known of each message.

    A listing names no server, and an id may be used again: the last message of that id is the one
    that can still wait. Where two servers have the id at the same time, none is named; nor where
    the listing tells of another sender or another day than the log, for then the log ends before
    the message that has the id by now.
    """
    if not len(listed) or deliveries.empty:
        return listed
    rows = deliveries[deliveries["queue_id"].isin(listed["queue_id"].to_pandas())]
    rows = rows.sort_values(["received", "source", "line"], kind="stable", na_position="first")
    last = rows.groupby(["queue_id", "server", "mta"], sort=False).tail(1)
    alone = last[~last.duplicated(["queue_id", "mta"], keep=False)]
    known = alone.set_index(["mta", "queue_id"])[[*SHOWN, "sender", "received"]]
    key = pd.MultiIndex.from_arrays([listed[name].to_pandas() for name in ("mta", "queue_id")])
    tied = known.reindex(key).reset_index(drop=True).astype("object")
    same = _same(listed, tied)
    for name in SHOWN:
        values = pa.array(tied[name].where(tied[name].notna() & same, None), pa.string())
        listed = listed.set_column(listed.column_names.index(name), name, values)
    return fit(listed, QUEUE)


def _same(listed: pa.Table, tied: pd.DataFrame) -> pd.Series[bool]:
    """Is it the message of the log? What one of the two does not tell speaks against nothing."""
    senders = listed["sender"].to_pandas()
    whole = senders.notna() & ~senders.astype("str").str.contains("...", regex=False)  # mailq cuts
    other = whole & tied["sender"].notna() & senders.ne(tied["sender"])
    apart = listed["arrived"].to_pandas() - pd.to_datetime(tied["received"], utc=True)
    same: pd.Series[bool] = ~(other | apart.abs().gt(DAY))
    return same
