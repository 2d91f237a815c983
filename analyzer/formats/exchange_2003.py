"""Exchange 2000 and 2003 message tracking: what does each row tell of a message?

Tab separated, one row an event and recipient, events by number; there is no id but the Message-ID,
which the sender writes. Times are GMT and written without leading zeros.

Source: Microsoft KB 246965, 821905, 246959, 311739.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.exchange_values import (
    NULL,
    Picked,
    bare_ids,
    clean_ips,
    coalesced,
    in_utc,
    null_if_empty,
    numbers,
    senders,
    short_names,
)
from analyzer.formats.layouts import IDLE, NOT_UNDERSTOOD, PARSED, Layout, Rows, Told
from analyzer.formats.stamps import MISSING


@dataclass(frozen=True)
class Meaning:
    """What a number tells. `status`: of its recipient. `submission`: how the message came."""

    kind: str
    tells: str
    status: str = ""
    submission: str = ""
    mailer: str = ""


# Numbers without an entry are steps on the way (categorised, queued, routed, transfer begun) or
# reports.
MEANINGS = {
    1019: Meaning(
        "received", "submitted over SMTP: the first event of mail from outside", submission="smtp"
    ),
    1027: Meaning(
        "received", "submitted by a mailbox: the first event of our users' mail", submission="local"
    ),
    1034: Meaning("delivery", "queued for another server: waits until more is said", "deferred"),
    1023: Meaning("delivery", "delivered here", "sent", mailer="storedriver"),
    1028: Meaning("delivery", "delivered into the store", "sent", mailer="storedriver"),
    1031: Meaning("delivery", "handed over to another server", "sent", mailer="smtp"),
    1021: Meaning("delivery", "put aside as bad mail", "bounced", mailer="smtp"),
    1030: Meaning("delivery", "refused for good; a notice was made", "bounced", mailer="smtp"),
    1039: Meaning("delivery", "deleted by the filter", "dropped", mailer="filter"),
    1040: Meaning("delivery", "refused by the filter", "bounced", mailer="filter"),
    1041: Meaning("delivery", "put aside by the filter", "dropped", mailer="filter"),
}
KINDS = {str(event): number for number, event in enumerate(MEANINGS)}
DATE = r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})$"
TIME = r"^(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2}):(?P<second>[0-9]{1,2})(?: GMT)?$"


def tell(rows: Rows) -> Told:
    """Rows of a 2003 log as events."""
    micros = _micros(rows)
    event = rows.text("event-id")
    number = pc.fill_null(pc.index_in(event, pa.array(list(KINDS))), -1).to_numpy().astype(np.intp)
    readable = (micros != MISSING) & pc.match_substring_regex(event, "^[0-9]{1,5}$").to_numpy(
        zero_copy_only=False
    )
    became = np.where(number >= 0, PARSED, IDLE).astype(np.int8)
    became[~readable] = NOT_UNDERSTOOD
    number[~readable] = -1
    message_id = bare_ids(_present(rows, "msgid"))
    server = pc.fill_null(
        short_names(pc.fill_null(_present(rows, "server-hostname"), "")), ""
    ).dictionary_encode()
    tables = {}
    for kind, told in (("received", _received), ("delivery", _delivered)):
        mine = [n for n, meaning in enumerate(MEANINGS.values()) if meaning.kind == kind]
        row = np.flatnonzero(np.isin(number, mine))
        at = pa.array(row)
        common = {
            "micros": pa.array(micros[row]),
            "server": server.take(at),
            "queue_id": message_id.take(at).dictionary_encode(),
            "message_id": message_id.take(at),
            "mailer": null_if_empty(_meant("mailer", number[row])),
        }
        tables[kind] = rows.events(row, common | told(rows, at, number[row]))
        if kind == "received":  # one row a recipient, before groups and forwards replace any
            tables["addressed"] = rows.events(row, common | {"recipient": _recipient(rows, at)})
    program = pc.binary_join_element_wise("event", event, " ").dictionary_encode()
    return Told(tables, became, program, micros)


def _present(rows: Rows, name: str) -> pa.Array:
    """A column; a dash stands for nothing."""
    values = rows.text(name)
    return null_if_empty(pc.if_else(pc.equal(values, "-"), "", values))


def _meant(what: str, number: Picked) -> pa.Array:
    """What the numbers of some rows, by their place in MEANINGS, tell of this."""
    told = pa.array([getattr(meaning, what) for meaning in MEANINGS.values()])
    return told.take(pa.array(number))


def _received(rows: Rows, at: pa.Array, number: Picked) -> dict[str, pa.Array]:
    submission = _meant("submission", number)
    by_smtp = pc.equal(submission, "smtp")
    client = clean_ips(pc.fill_null(_present(rows, "client-ip"), "")).take(at)
    reference = bare_ids(pc.fill_null(_present(rows, "linked-msgid"), "")).take(at)
    sender = senders(pc.fill_null(_present(rows, "sender-address"), "")).take(at)
    notice = pc.and_(reference.is_valid(), pc.fill_null(pc.equal(sender, ""), False))
    return {
        "submission": pc.if_else(notice, "internal", submission),
        "client_ip": pc.if_else(by_smtp, client, NULL),
        "client_name": pc.if_else(by_smtp, _present(rows, "client-hostname").take(at), NULL),
        "sender": sender,
        "size": numbers(rows.text("total-bytes")).take(at),
        "recipients": numbers(rows.text("number-recipients")).take(at),
        "reference": pc.if_else(notice, reference, NULL),
    }


def _delivered(rows: Rows, at: pa.Array, number: Picked) -> dict[str, pa.Array]:
    partner = _present(rows, "partner-name").take(at)
    return {
        "recipient": _recipient(rows, at),
        "status": _meant("status", number),
        # The next hop stands in the client columns of 1031: one tool's reading, and ours of what
        # samples there are.
        "relay": coalesced(
            pc.fill_null(_present(rows, "client-hostname").take(at), ""), pc.fill_null(partner, "")
        ),
    }


def _recipient(rows: Rows, at: pa.Array) -> pa.Array:
    return pc.utf8_trim(pc.fill_null(_present(rows, "recipient-address").take(at), ""), "<>")


def _micros(rows: Rows) -> npt.NDArray[np.int64]:
    """Times written as `2003-8-12` and `0:58:14 GMT`."""
    date, time = (
        pc.extract_regex(rows.text(name), pattern)
        for name, pattern in (("date", DATE), ("time", TIME))
    )
    parts = [pc.struct_field(date, name) for name in ("year", "month", "day")]
    parts += [pc.struct_field(time, name) for name in ("hour", "minute", "second")]
    year, month, day, hour, minute, second = (
        pc.fill_null(pc.utf8_lpad(part, width, "0"), "")
        for part, width in zip(parts, (4, 2, 2, 2, 2, 2), strict=True)
    )
    dates = pc.binary_join_element_wise(year, month, day, "-")
    times = pc.binary_join_element_wise(hour, minute, second, ":")
    return in_utc(pc.binary_join_element_wise(dates, times, "T"))


TRACKING_2003 = Layout("exchange tracking 2003", "\t", tell, trailing=True)
