"""SMTP receive protocol logs of Exchange: who asked a connector for what, and what was the answer?

These logs name what tracking does not: the connector of the front end that let a stranger in, the
login of a session, the recipients that were refused, and whether an anonymous session had the right
to relay. One row a line of the dialogue; rows of a session share its id. Send protocol logs have
the same columns, but name no server with a connector: what it asks of others tells nothing here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.exchange_values import NULL, coalesced, in_utc, null_if_empty, short_names
from analyzer.formats.layouts import IDLE, NOT_UNDERSTOOD, PARSED, Layout, Rows, Told
from analyzer.formats.stamps import MISSING

# What rows tell something, by their event character and a pattern of their data (or context).
SAID = (
    ("+", "data", r"^"),
    ("-", "data", r"^"),
    ("*", "context", r"(?i)^set session permissions$"),
    ("*", "context", r"(?i)^authenticated"),
    ("*", "context", r"^User Name: "),
    ("*", "data", r"^User Name: "),
    ("<", "data", r"(?i)^(?:(?:EHLO|HELO|AUTH) |(?:STARTTLS|DATA|BDAT)\b)"),
    ("<", "data", r"(?i)^MAIL FROM:"),
    ("<", "data", r"(?i)^RCPT TO:"),
    (">", "data", r"^(?:250 2\.1\.5|250 2\.6\.0|[45][0-9]{2} )"),
    ("*", "data", r"^[0-9A-Fa-f]{16};"),
)
ENDPOINT = r"^\[?(?P<ip>[0-9A-Fa-f:.]{2,45}?)(?:%[^\]:]*)?\]?:(?P<port>[0-9]{1,5})$"


def tell(rows: Rows) -> Told:
    """Rows of a dialogue as `session` events: what was said in `reply`, who said it in `action`."""
    micros = in_utc(rows.text("date-time"))
    event, data, context = (rows.text(name) for name in ("event", "data", "context"))
    wanted = np.zeros(len(rows), np.bool_)
    for sign, column, pattern in SAID:
        fits = pc.and_(
            pc.equal(event, sign),
            pc.match_substring_regex(context if column == "context" else data, pattern),
        )
        wanted |= fits.to_numpy(zero_copy_only=False)
    taken = pc.match_substring(rows.text("connector-id"), "\\")  # MX1\Default Frontend MX1
    wanted &= taken.to_numpy(zero_copy_only=False)
    readable = (micros != MISSING) & pc.is_in(event, pa.array(["+", "-", ">", "<", "*"])).to_numpy(
        zero_copy_only=False
    )
    became = np.where(wanted, PARSED, IDLE).astype(np.int8)
    became[~readable] = NOT_UNDERSTOOD
    row = np.flatnonzero(wanted & readable)
    at = pa.array(row)
    connector = null_if_empty(rows.text("connector-id")).take(at)
    server = short_names(pc.replace_substring_regex(rows.text("connector-id"), r"\\.*$", "")).take(
        at
    )
    remote = pc.extract_regex(rows.text("remote-endpoint").take(at), ENDPOINT)
    table = rows.events(
        row,
        {
            "micros": pa.array(micros[row]),
            "server": server.dictionary_encode(),
            "queue_id": pa.array([None] * len(row), pa.string()).dictionary_encode(),
            "client_ip": null_if_empty(pc.struct_field(remote, "ip")),
            "connector": connector,
            "session_id": null_if_empty(pc.utf8_upper(rows.text("session-id"))).take(at),
            "action": event.take(at),
            "reply": coalesced(data.take(at), NULL),
            "stage": null_if_empty(context.take(at)),
        },
    )
    program = pc.binary_join_element_wise("dialogue", event, " ").dictionary_encode()
    return Told({"session": table}, became, program, micros)


PROTOCOL = Layout("exchange protocol", ",", tell)
