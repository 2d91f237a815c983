"""Which messages of Exchange 2003 are notices, though they name no message that they are about?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.exchange_rows import WHERE, by_exchange, read, text, with_column
from analyzer.messages.lives import Events

AT_ONCE = pd.Timedelta(minutes=1)  # a notice is made when its cause is given up


def with_references(events: Events) -> Events:
    """Notices with the `reference` that they lack.

    They came from no client and no mailbox, just when mail of their recipient was given up. Their
    envelope has no sender (RFC 3464): the log may give their From instead.

    Args:
        events: All of a log; rows of columns of text are in memory for such messages alone.
    """
    if not {"received", "addressed", "delivery"} <= events.keys():
        return events
    made = _from_nowhere(events["received"])
    if made.empty:
        return events
    to = read({"addressed": _of(events["addressed"], made)}, "addressed", [*WHERE, "recipient"])
    made = made.merge(to.drop_duplicates(WHERE)[[*WHERE, "recipient"]], on=WHERE)
    given_up = _given_up(events)
    if made.empty or given_up.empty:
        return events
    found: pd.DataFrame = pd.merge_asof(
        made.assign(receiver=made["recipient"].astype("str").str.lower())
        .drop(columns="message_id")
        .sort_values("time", kind="stable"),
        given_up.sort_values("time", kind="stable"),
        on="time",
        by=["server", "receiver"],
        direction="nearest",
        tolerance=AT_ONCE,
    )
    return _referring(events, found[found["message_id"].notna()])


def _from_nowhere(received: pa.Table) -> pd.DataFrame:
    """Messages handed over by SMTP from nowhere, under the only id that 2003 has, with their place
    in the table. A mailbox hands its mail over so as well, and is named before.
    """
    key, by_smtp = text(received, "queue_id"), pc.equal(text(received, "submission"), "smtp")
    asked = pc.and_(by_smtp, pc.equal(key, text(received, "message_id")))
    asked = pc.and_(asked, pc.is_null(text(received, "client_ip")))
    asked = pc.fill_null(pc.and_(asked, pc.is_null(text(received, "reference"))), False)
    asked = asked.to_numpy() & by_exchange(received)
    rows = received.filter(pa.array(asked))
    others = key.filter(pa.array(~asked))
    alone = pc.invert(pc.is_in(text(rows, "queue_id"), others)).to_numpy()
    place = np.flatnonzero(asked)[alone]
    made = read({"received": rows.filter(pa.array(alone))}, "received", [*WHERE, "time"])
    made = made.assign(place=place[made["row"].to_numpy(np.int64)], message_id=None)
    return made.assign(time=pd.to_datetime(made["time"], utc=True))


def _of(table: pa.Table, made: pd.DataFrame) -> pa.Table:
    ids = pa.array(made["queue_id"].unique(), pa.string())
    return table.filter(pc.fill_null(pc.is_in(text(table, "queue_id"), ids), False))


def _given_up(events: Events) -> pd.DataFrame:
    """Mail that was given up here, by whose it was: `receiver`, of the notice."""
    delivery = events["delivery"]
    bounced = delivery.filter(pc.fill_null(pc.equal(text(delivery, "status"), "bounced"), False))
    told = read({"delivery": bounced}, "delivery", [*WHERE, "time", "message_id"])
    mine = {"received": _of(events["received"], told)}
    senders = read(mine, "received", [*WHERE, "sender"]).drop_duplicates(WHERE)
    told = told.merge(senders[[*WHERE, "sender"]], on=WHERE)
    told = told.assign(
        receiver=told["sender"].astype("str").str.lower(),
        time=pd.to_datetime(told["time"], utc=True),
    )
    return told[told["receiver"].fillna("").ne("")][["server", "receiver", "time", "message_id"]]


def _referring(events: Events, notices: pd.DataFrame) -> Events:
    received, notices = events["received"], notices.sort_values("place")
    which = np.zeros(len(received), np.bool_)
    which[notices["place"].to_numpy(np.intp)] = True
    causes = pa.array(notices["message_id"].astype("str"), pa.string(), from_pandas=True)
    for name, told in {"reference": causes, "submission": "internal", "sender": ""}.items():
        column = pc.replace_with_mask(text(received, name), pa.array(which), told)
        received = with_column(received, name, column)
    return {**events, "received": received}
