"""About which message is a notice that Exchange made?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import among
from analyzer.messages.exchange_rows import WHERE, read
from analyzer.messages.legs import PLACE
from analyzer.messages.lives import Events


def with_notices(events: Events) -> Events:
    """For each notice made here, an event under the message it is about.

    It names that message by the Message-ID, which a sender writes: of several with this id on this
    server, the last before it whose sender the notice goes to is meant.
    """
    rows = read(
        events,
        "received",
        [*WHERE, "time", "order", "message_id", "sender", "submission", "reference", *PLACE, "mta"],
    )
    rows["time"] = pd.to_datetime(rows["time"], utc=True)
    made = rows[rows["reference"].notna() & rows["submission"].eq("internal")]
    if made.empty:
        return events
    tie = _tie(_about(made, rows, events), events["received"].schema)
    both = [tie]
    if "notice" in events:  # of another server, where an id is a word or a text
        known = {field.name: field for field in events["notice"].schema}
        both = [
            events["notice"],
            tie.cast(pa.schema([known.get(field.name, field) for field in tie.schema])),
        ]
    return {
        **events,
        "notice": pa.concat_tables(both, promote_options="permissive").unify_dictionaries(),
    }


def _about(made: pd.DataFrame, rows: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The notices with `queue_id` of the message that each is about; `new_queue_id`: its own."""
    told = [read(events, kind, [*WHERE, "recipient"]) for kind in ("addressed", "delivery")]
    of_notices = [rows[among(rows["queue_id"], made["queue_id"])] for rows in told]
    to = pd.concat(of_notices).drop_duplicates(WHERE).set_index(WHERE)["recipient"]
    receiver = to.reindex(pd.MultiIndex.from_frame(made[WHERE]))
    made = made.assign(receiver=receiver.str.lower().fillna("").to_numpy())
    about = rows[among(rows["message_id"], made["reference"]) & ~rows["row"].isin(made["row"])]
    about = about.assign(receiver=about["sender"].fillna("").str.lower())[
        ["server", "message_id", "receiver", "queue_id", "time"]
    ]
    found = pd.merge_asof(
        made.rename(columns={"queue_id": "new_queue_id"})
        .drop(columns="message_id")
        .sort_values("time", kind="stable"),
        about.sort_values("time", kind="stable"),
        on="time",
        left_by=["server", "reference", "receiver"],
        right_by=["server", "message_id", "receiver"],
    )
    known: pd.DataFrame = found[found["queue_id"].notna()]
    return known


def _tie(found: pd.DataFrame, received: pa.Schema) -> pa.Table:
    """The notices as events, each typed as the rows they were read from."""
    return pa.table(
        {
            **{
                name: pa.array(found[name], received.field(name).type)
                for name in ("time", "order", "line", "offset")
            },
            **{
                name: pa.array(found[name], pa.string()).dictionary_encode()
                for name in ("source", "mta", "server", "queue_id")
            },
            **{
                name: pa.array([None] * len(found), pa.string()).dictionary_encode()
                for name in ("instance", "service", "daemon")
            },
            "pid": pa.nulls(len(found), pa.int64()),
            "new_queue_id": pa.array(found["new_queue_id"], pa.string()),
        }
    )
