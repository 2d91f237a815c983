"""Message traces of Exchange Online: what does each row tell of a message and its recipient?

One row a message and recipient (Get-MessageTrace), or one a message with its recipients and their
statuses (`address##Status, Status;...`, the historical search). There are no events: a row is
receipt and fate in one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.exchange_values import (
    NULL,
    bare_ids,
    clean_ips,
    coalesced,
    in_utc,
    null_if_empty,
    numbers,
    recipients_of,
    senders,
    writes_day_first,
)
from analyzer.formats.layouts import NOT_UNDERSTOOD, PARSED, Layout, Rows, Told, constant
from analyzer.formats.stamps import MISSING

SERVER = "EXCHANGE-ONLINE"
TIME = ("received", "origintimestamputc", "origintimestamp")
STATUS = {
    "delivered": "sent",
    "failed": "bounced",
    "pending": "deferred",
    "expanded": "expanded",
    "quarantined": "dropped",
    "filteredasspam": "dropped",
    "receive": "unknown",
    "send": "sent",
    "deliver": "sent",
    "fail": "bounced",
    "expand": "expanded",
}
DIRECTION = {"1": "Incoming", "2": "Originating"}  # 1 inbound, 2 outbound


def tell(rows: Rows) -> Told:
    """Each row as a receipt and the fate of its recipients."""
    micros = in_utc(_any(rows, *TIME), rows.day_first)
    readable = micros != MISSING
    row = np.flatnonzero(readable)
    at = pa.array(row)
    network_id = null_if_empty(
        pc.utf8_lower(
            pc.replace_substring(_any(rows, "messagetraceid", "networkmessageid"), "-", "")
        )
    )
    message_id = bare_ids(rows.text("messageid"))
    own_id = coalesced(network_id, message_id)
    common = {
        "micros": pa.array(micros[row]),
        "server": constant(SERVER, len(row)),
        "queue_id": own_id.take(at).dictionary_encode(),
        "network_message_id": network_id.take(at),
        "message_id": message_id.take(at),
    }
    direction = rows.text("directionality").take(at)
    told = pa.array(list(DIRECTION.values())).take(
        pc.index_in(direction, pa.array(list(DIRECTION)))
    )
    received = rows.events(
        row,
        common
        | {
            "client_ip": clean_ips(_any(rows, "originalclientip", "fromip")).take(at),
            "submission": constant("smtp", len(row)).cast(pa.string()),
            "connector": null_if_empty(rows.text("connectorid")).take(at),
            "directionality": coalesced(pc.fill_null(told, ""), direction),
            "sender": senders(rows.text("senderaddress")).take(at),
            "size": numbers(_any(rows, "size", "totalbytes")).take(at),
            "recipients": pa.nulls(len(row), pa.int64()),
        },
    )
    recipients, parent, said = _recipients(rows, at)
    picked = row[parent]
    words = pc.utf8_lower(pc.replace_substring(pc.fill_null(said, ""), " ", ""))
    last = pc.struct_field(pc.extract_regex(words, r"(?:^|,)(?P<last>[a-z]+)$"), "last")
    status = pa.array(list(STATUS.values())).take(pc.index_in(last, pa.array(list(STATUS))))
    of_recipient = pa.array(parent)
    deliveries = rows.events(
        picked,
        {name: values.take(of_recipient) for name, values in common.items()}
        | {
            "recipient": recipients,
            "status": pc.fill_null(status, "unknown"),
            "relay": null_if_empty(rows.text("toip")).take(pa.array(picked)),
            "reply": said,
        },
    )
    became = np.where(readable, PARSED, NOT_UNDERSTOOD).astype(np.int8)
    return Told(
        {"received": received, "delivery": deliveries}, became, constant("trace", len(rows)), micros
    )


def _any(rows: Rows, *names: str) -> pa.Array:
    """The first of these columns that the trace has."""
    return rows.text(next((name for name in names if name in rows), names[0]))


def _recipients(rows: Rows, at: pa.Array) -> tuple[pa.Array, np.ndarray, pa.Array]:
    if "recipientaddress" in rows:
        recipients, parent = recipients_of(rows.text("recipientaddress").take(at), None)
        status = null_if_empty(rows.text("status")).take(at).take(pa.array(parent))
        return recipients, parent, status
    both, parent = recipients_of(rows.text("recipientstatus").take(at), None)
    found = pc.extract_regex(both, r"^(?P<address>.*?)##(?P<status>[^#]*)$")
    whole = pc.if_else(found.is_valid(), pc.struct_field(found, "address"), both)
    return whole, parent, pc.if_else(found.is_valid(), pc.struct_field(found, "status"), NULL)


def day_first(rows: Rows) -> bool | None:
    """Do rows write the day before the month?"""
    return writes_day_first(_any(rows, *TIME), np.full(len(rows), MISSING))


TRACE = Layout("exchange online trace", ",", tell, day_first=day_first)
