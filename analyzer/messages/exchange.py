"""Exchange's rows made ready, so that joining knows of no Exchange.

What stands twice begins one message; an address that was replaced goes along as the original
recipient; a notice is tied to the message it is about.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.exchange_notices import with_notices
from analyzer.messages.exchange_originals import with_original_recipients
from analyzer.messages.exchange_replaced import with_replaced
from analyzer.messages.exchange_rows import WHERE, of_exchange, read
from analyzer.messages.lives import Events

SAME_SUBMISSION = pd.Timedelta(minutes=1)  # 2003 writes a submission once a recipient, and again


def prepared(events: Events) -> Events:
    """The events with Exchange's own made ready; all others as they are.

    Args:
        events: In order of time; all rows that are tied.
    """
    if not of_exchange(events):
        return events
    return with_notices(with_original_recipients(with_replaced(_begun_once(events))))


def _begun_once(events: Events) -> Events:
    """A message is received once under an id; the same again within a minute is the same."""
    if "received" not in events:
        return events
    rows = read(
        events,
        "received",
        [*WHERE, "time", "message_id", "sender", "client_ip", "network_message_id"],
    )
    rows = rows[rows["queue_id"].notna()]
    groups = rows.groupby(WHERE, sort=False)
    before = groups[["time", "message_id", "sender", "client_ip", "network_message_id"]].shift()
    again = (rows["time"] - before["time"]).le(SAME_SUBMISSION)
    for name in ("message_id", "sender", "network_message_id"):
        again &= rows[name].fillna("").eq(before[name].fillna(""))
    again &= (
        rows["client_ip"].isna()
        | before["client_ip"].isna()
        | rows["client_ip"].eq(before["client_ip"])
    )
    kept = np.ones(len(events["received"]), np.bool_)
    kept[rows.loc[again, "row"].to_numpy(int)] = False
    return {**events, "received": events["received"].filter(pa.array(kept))}
