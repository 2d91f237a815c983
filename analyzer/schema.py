"""Every table of a case, each column declared once, with its meaning and unit.

The case folder is a contract: other programs read it. Columns are added, never renamed.
"""

from __future__ import annotations

import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")
MEASURED = pa.struct([("what", pa.string()), ("value", pa.float64()), ("threshold", pa.float64())])
PLACE = pa.struct([("source", pa.string()), ("line", pa.int64()), ("offset", pa.int64())])
# Values of `status` in DELIVERIES whose rows are not counted: others took their place.
NOT_DELIVERIES = ["expanded", "filtered"]
# Those of mail that had no other end than waiting when the log ended.
WAITING = ["deferred", "held", "unknown"]
# Values of `mechanism` of abuse, the gravest first.
DOORS = ["open_relay", "stolen_account", "trusted_host", "local_injection", "backscatter"]
# How mail of ours is harmed, in the order in which it is told.
HARM_KINDS = {
    "blocked": "refused for reputation, and ended without delivery",
    "waiting": "refused for reputation, and still in the queue when the log ends",
    "delayed": "later than usual for the partner",
    "notice": "a bounce or warning about abuse, to one of our own users",
}


def column(
    name: str, type: pa.DataType, meaning: str, *, unit: str = "", required: bool = False
) -> pa.Field:
    """A field that takes its documentation along, into Parquet files and the docs."""
    return pa.field(name, type, not required, {"meaning": meaning, "unit": unit})


# The place of a line, the same three columns in every table that rests on lines.
SOURCE = column("source", pa.string(), "evidence file, as named in the manifest", required=True)
LINE = column("line", pa.int64(), "line of that file, counted from 1", required=True)
OFFSET = column(
    "offset",
    pa.int64(),
    "where the line begins in the decompressed stream",
    unit="byte",
    required=True,
)

EVENTS = pa.schema(
    [
        SOURCE,
        LINE,
        OFFSET,
        column("mta", pa.string(), "`postfix`, `sendmail`, `exchange`; null: syslog's own line"),
        column("server", pa.string(), "host as logged", required=True),
        column("instance", pa.string(), "Postfix: syslog_name of the instance that owns the queue"),
        column("service", pa.string(), "Postfix: service name in master.cf, where the log has one"),
        column("daemon", pa.string(), "program that wrote the line"),
        column("pid", pa.int64(), "process id of that program"),
        column("time", UTC, "when the server wrote the line; null if it wrote no possible time"),
        column("kind", pa.string(), "shape of the line, see docs/formats.md", required=True),
        column("repeat", pa.int64(), "how often syslog says the line was written", unit="line"),
        column("queue_id", pa.string(), "queue id the line is about"),
        column("client_name", pa.string(), "verified name of the client, `unknown` without one"),
        column("client_ip", pa.string(), "address of the client, as logged"),
        column(
            "orig_client_ip", pa.string(), "XFORWARD: the client of the first pass, before a filter"
        ),
        column("orig_client_name", pa.string(), "XFORWARD: its name"),
        column("orig_queue_id", pa.string(), "queue id of the message this one was made of"),
        column("auth_method", pa.string(), "SASL mechanism"),
        column("auth_user", pa.string(), "login as logged"),
        column("helo", pa.string(), "what the client called itself"),
        column("proto", pa.string(), "SMTP or ESMTP"),
        column("uid", pa.int64(), "user id of a local submission"),
        column(
            "submission",
            pa.string(),
            "how it was handed in, where one line says so: `smtp`, `local`, `internal`",
        ),
        column("connector", pa.string(), "Exchange: the connector that took or sent the message"),
        column("sender", pa.string(), "envelope sender; empty string is the null sender"),
        column("recipient", pa.string(), "envelope recipient, as logged"),
        column(
            "expanded",
            pa.bool_(),
            "the recipient came out of alias, list or .forward expansion here",
        ),
        column("orig_recipient", pa.string(), "recipient before alias expansion (`orig_to`)"),
        column(
            "message_id", pa.string(), "Message-ID, without angle brackets; written by the sender"
        ),
        column("size", pa.int64(), "message size, headers included", unit="byte"),
        column(
            "recipients",
            pa.int64(),
            "recipients the queue manager counted (`nrcpt`)",
            unit="recipient",
        ),
        column(
            "mailer",
            pa.string(),
            "delivery agent, where the line names it (Sendmail `mailer=`, Exchange source)",
        ),
        column("relay", pa.string(), "next hop of a delivery"),
        column("delay", pa.float64(), "age of the message at this attempt", unit="second"),
        column(
            "delays",
            pa.string(),
            "before queue manager / in queue / connecting / transmitting",
            unit="second",
        ),
        column("dsn", pa.string(), "enhanced status code"),
        column("status", pa.string(), "outcome as logged"),
        column("reply", pa.string(), "the remote's words, or the reason given"),
        column("action", pa.string(), "what was decided: reject, hold, discard, ..."),
        column(
            "stage", pa.string(), "SMTP stage of a decision: CONNECT, RCPT, END-OF-MESSAGE, ..."
        ),
        column("new_queue_id", pa.string(), "queue id of a message that this line says was made"),
        column("counters", pa.string(), "commands of a dialogue at its end, as logged"),
        column(
            "lost", pa.int64(), "lines that syslog says it dropped before this one", unit="line"
        ),
        column("local_user", pa.string(), "who handed it in on this machine, by name (Sendmail)"),
        column("bare", pa.bool_(), "Sendmail: the sender stands without angle brackets"),
        column("network_message_id", pa.string(), "Exchange: the mail's id on all our servers"),
        column("reference", pa.string(), "Exchange: Message-ID of the message a notice is about"),
        column("hop_ip", pa.string(), "Exchange: who handed it over in this step, maybe a proxy"),
        column(
            "first_hop",
            pa.string(),
            "Exchange: which of our servers took the mail first, by the server's own words; null "
            "where a front end only passed the connection on",
        ),
        column("directionality", pa.string(), "Exchange: `Incoming`, `Originating`, as logged"),
        column("session_id", pa.string(), "Exchange: SMTP session, as in the protocol log"),
        column(
            "two_readings",
            pa.bool_(),
            "the line may end a longer recipient later than it was read: what it says of the "
            "recipient, next hop and outcome acquits nobody; null: it has one reading",
        ),
        column(
            "certificate",
            pa.string(),
            "what the server says of the certificate that the client showed: `Trusted`, "
            "`Verified`, `Untrusted` (Postfix), `OK` (Sendmail)",
        ),
        column("fingerprint", pa.string(), "of that certificate"),
    ],
    metadata={
        "meaning": "One row for each line that tells of a message, an attempt or the server itself."
    },
)

_ORIGIN = [
    column(
        "client_ip",
        pa.string(),
        "true origin as far as the log shows it, RFC 5952; null for local submission",
    ),
    column("client_name", pa.string(), "its verified name, `unknown` without one"),
]
MTA = column("mta", pa.string(), "`postfix`, `sendmail`, `exchange`", required=True)
SERVER = column("server", pa.string(), "host as logged", required=True)
MASKED = column(
    "origin_masked", pa.bool_(), "the log shows only a gateway, filter or proxy", required=True
)
NOT_LOGGED = "(not logged)"
AUTH = column(
    "auth_user",
    pa.string(),
    f"login as logged; `{NOT_LOGGED}` where the protocol says that there was one, and no line "
    "names it; null without authentication",
)
SUBMISSION = column(
    "submission",
    pa.string(),
    "`smtp`, `local` (pickup, sendmail -t), `internal` (the server's own notices); null: not shown",
)

MESSAGES = pa.schema(
    [
        MTA,
        SERVER,
        column("queue_id", pa.string(), "queue id of the first leg", required=True),
        column("message_id", pa.string(), "without angle brackets; null if none was logged"),
        column("received", UTC, "the line that accepted the message"),
        *_ORIGIN,
        column("helo", pa.string(), "what the client called itself, where a line says so"),
        MASKED,
        AUTH,
        column("auth_method", pa.string(), "SASL mechanism"),
        SUBMISSION,
        column("uid", pa.int64(), "user id of a local submission"),
        column("sender", pa.string(), "envelope sender; empty string is the null sender"),
        column("size", pa.int64(), "as the MTA logged it", unit="byte"),
        column("recipients", pa.int64(), "final recipients seen", unit="recipient", required=True),
        column(
            "legs",
            pa.list_(pa.string()),
            "every queue id the message had here, the first first",
            required=True,
        ),
        column("ended", UTC, "when the last leg left the queue; null if the log does not show it"),
        SOURCE,
        LINE,
        OFFSET,
        column("local_user", pa.string(), "who handed it in on this machine, by name (Sendmail)"),
        column(
            "auth_ground",
            pa.string(),
            "what `auth_user` rests on: `line` (the line that accepted the message), `connection` "
            "(Sendmail: the login line of the same process and client before it), `protocol` (the "
            "protocol says that there was a login, and no line names it), `sender` (Exchange: no "
            "line names it, and a mailbox may send as itself only), `mailbox` (POP before SMTP: "
            "the login to a mailbox from the same address shortly before)",
        ),
        column(
            "certificate",
            pa.string(),
            "the client certificate of the session: `trusted` (by an authority that the server "
            "trusts), `untrusted`; null where the log shows none",
        ),
        column("fingerprint", pa.string(), "of that certificate, where a line names it"),
    ],
    metadata={"meaning": "One row for each message, as it was received."},
)

DELIVERIES = pa.schema(
    [
        MTA,
        SERVER,
        column("queue_id", pa.string(), "id of the delivering leg", required=True),
        column(
            "origin_queue_id",
            pa.string(),
            "id of the first leg; equal to queue_id where there is one",
            required=True,
        ),
        column("cause_queue_id", pa.string(), "for a notice: id of the message it is about"),
        column("message_id", pa.string(), "without angle brackets; null if none was logged"),
        column("received", UTC, "the line that accepted the message on its first leg"),
        column("completed", UTC, "last delivery event of this recipient"),
        *_ORIGIN,
        MASKED,
        AUTH,
        SUBMISSION,
        column("sender", pa.string(), "envelope sender; empty string is the null sender"),
        column(
            "origin_sender",
            pa.string(),
            "envelope sender of the first leg (differs for lists and SRS)",
        ),
        column("recipient", pa.string(), "final recipient", required=True),
        column(
            "original_recipient",
            pa.string(),
            "recipient in the first leg's envelope",
            required=True,
        ),
        column(
            "size",
            pa.int64(),
            "as the MTA logged it; repeats on every row of a message",
            unit="byte",
        ),
        column(
            "status",
            pa.string(),
            "`delivered`, `bounced`, `deferred`, `expired`, `rejected`, `discarded`, `held`, "
            "`removed`, `unknown`; not counted as deliveries: `filtered` (handed to a filter, or "
            "to our own next server, or requeued under a new id), `expanded` (replaced by other "
            "recipients)",
            required=True,
        ),
        column("dsn", pa.string(), "enhanced status code"),
        column("relay", pa.string(), "next hop"),
        column("reply", pa.string(), "the remote's words"),
        column(
            "flow",
            pa.string(),
            "who handed it in and where it ends: `inbound`, `outbound`, `internal`, "
            "`third_party`, `unknown`",
            required=True,
        ),
        column(
            "third_party_addresses",
            pa.bool_(),
            "textbook reading: neither the sender's nor the recipient's domain is ours",
        ),
        column("mechanism", pa.string(), "the door, or an innocent reason; null for ordinary mail"),
        column("verdict", pa.string(), "`abusive`, `unclear`, `legitimate`", required=True),
        SOURCE,
        LINE,
        OFFSET,
        column(
            "origin_life",
            pa.int64(),
            "number of the message; tells apart those whose first queue id was used again",
            required=True,
        ),
        column("orig_source", pa.string(), "evidence file of the line that accepted the message"),
        column("orig_line", pa.int64(), "that line"),
        column("orig_offset", pa.int64(), "where that line begins", unit="byte"),
        column("connector", pa.string(), "Exchange: the receive connector that took the message"),
    ],
    metadata={
        "meaning": "One row for each message and final recipient, placed at its last delivery "
        "line. `(server, queue_id, received, recipient)` occurs once; short queue ids are used "
        "again, so without `received` (or, where the log has lost that line, `origin_life`) it "
        "may not."
    },
)

ATTEMPTS = pa.schema(
    [
        column("time", UTC, "when it was refused, or when the recipient was accepted"),
        SERVER,
        *_ORIGIN,
        column("helo", pa.string(), "what the client called itself"),
        AUTH,
        column("sender", pa.string(), "envelope sender, as logged"),
        column("recipient", pa.string(), "envelope recipient; null where the log does not name it"),
        column("stage", pa.string(), "SMTP stage"),
        column("reply", pa.string(), "what the server answered"),
        column(
            "kind",
            pa.string(),
            "`relay_denied`, `unknown_user`, `blocklist`, `auth_failed`, "
            "`accepted_no_data` (a recipient was accepted, where the log names him one elsewhere, "
            "the message never sent), `other`",
            required=True,
        ),
        column(
            "repeat", pa.int64(), "how often syslog says it happened", unit="attempt", required=True
        ),
        column(
            "queue_id", pa.string(), "set when another recipient of the transaction was accepted"
        ),
        SOURCE,
        LINE,
        OFFSET,
    ],
    metadata={
        "meaning": "One row for each refused recipient, failed login or recipient without message."
    },
)

SESSIONS = pa.schema(
    [
        MTA,
        SERVER,
        column("session_id", pa.string(), "Exchange: id of the SMTP session; else null"),
        column("pid", pa.int64(), "process that held the dialogue; null for Exchange"),
        column("client_ip", pa.string(), "who connected, as this server saw it, RFC 5952"),
        column("client_name", pa.string(), "its verified name, `unknown` without one"),
        column("helo", pa.string(), "what the client called itself, where a line says so"),
        column("connected", UTC, "the line that says so; null where the log has none"),
        column("disconnected", UTC, "the line of its end; null where the log has none"),
        column("lost", pa.string(), "stage after which it broke off; null where it did not"),
        column("tls", pa.bool_(), "STARTTLS was done; null where the log does not show it"),
        column("auth_tries", pa.int64(), "AUTH commands; null: not shown", unit="command"),
        column("auth_failures", pa.int64(), "failed logins", unit="command", required=True),
        AUTH,
        column("mail", pa.int64(), "MAIL FROM accepted; null: not shown", unit="command"),
        column(
            "rcpt_accepted", pa.int64(), "recipients accepted; null: not shown", unit="recipient"
        ),
        column("rcpt_refused", pa.int64(), "recipients refused", unit="recipient", required=True),
        column(
            "data",
            pa.int64(),
            "DATA or BDAT commands, accepted or not; null: not shown",
            unit="command",
        ),
        column(
            "queue_ids",
            pa.list_(pa.string()),
            "ids of the messages that were begun in it, in order; Exchange: internal-message-id",
            required=True,
        ),
        column(
            "messages", pa.int64(), "those of them that were taken", unit="message", required=True
        ),
        SOURCE,
        LINE,
        OFFSET,
    ],
    metadata={
        "meaning": "One row for each SMTP dialogue with a client, placed at its first line. Its "
        "lines are those of one process (Exchange: one session id) between connect and disconnect."
    },
)

FINDINGS = pa.schema(
    [
        column(
            "finding_id",
            pa.string(),
            "stable name: detector and number in order of time",
            required=True,
        ),
        column(
            "detector",
            pa.string(),
            "the question that was asked, see docs/detectors.md",
            required=True,
        ),
        column(
            "kind",
            pa.string(),
            "`abuse`, `attempt` (refused), `context`, `limit` (gap, mask, doubt)",
            required=True,
        ),
        column("mechanism", pa.string(), "the door; null unless kind is abuse"),
        column("verdict", pa.string(), "`confirmed`, `probable`, `possible`", required=True),
        column("subject", pa.string(), "who or what it is about", required=True),
        column(
            "subject_kind",
            pa.string(),
            "`ip`, `network`, `account`, `uid`, `connector`, `server`",
            required=True,
        ),
        column("first_seen", UTC, "when its first message, attempt or line came"),
        column("last_seen", UTC, "when its last one came; what was queued may have gone out later"),
        column("messages", pa.int64(), "distinct messages", unit="message"),
        column("recipients", pa.int64(), "final recipients", unit="recipient"),
        column("bytes", pa.int64(), "size of each message, once", unit="byte"),
        column(
            "delivered", pa.int64(), "recipients whose mail a next hop accepted", unit="recipient"
        ),
        column("bounced", pa.int64(), "recipients refused for good", unit="recipient"),
        column(
            "deferred",
            pa.int64(),
            "recipients still waiting at the end of the log",
            unit="recipient",
        ),
        column(
            "expired", pa.int64(), "recipients given up after the queue lifetime", unit="recipient"
        ),
        column("reason", pa.string(), "what was seen and why it counts, in words", required=True),
        column("evidence", pa.list_(PLACE), "lines to read first", required=True),
        column(
            "incident",
            pa.string(),
            "what belongs together: the same door or people in the same days; null where it "
            "belongs to no abuse",
        ),
        column(
            "measured",
            pa.list_(MEASURED),
            "what was measured, and the threshold it passed; points of misuse are those of its "
            "strongest run",
        ),
        column(
            "checks", pa.list_(pa.string()), "innocent reasons that were looked for, and how many"
        ),
        column("baseline_first", UTC, "from here on the log tells what is usual; null: not needed"),
        column("baseline_last", UTC, "until here"),
        column("reproduce", pa.string(), "the command that shows it; CASE stands for the folder"),
    ],
    metadata={"meaning": "One row for each finding."},
)

UNREAD = pa.schema(
    [
        SOURCE,
        LINE,
        OFFSET,
        column(
            "program", pa.string(), "program that wrote the line, where that much could be read"
        ),
        column("note", pa.string(), "why it could not be read"),
        column("text", pa.binary(), "the line, byte for byte, without its end", required=True),
    ],
    metadata={"meaning": "Every line that no shape fits, whole, with its place."},
)

VOLUME = pa.schema(
    [
        column("hour", UTC, "start of the hour in which the message was received"),
        column("client_ip", pa.string(), "origin; null for mail made on the server"),
        column("verdict", pa.string(), "`abusive`, `unclear`, `legitimate`", required=True),
        column("mechanism", pa.string(), "as in deliveries"),
        column(
            "messages",
            pa.int64(),
            "distinct messages received, each with its gravest verdict",
            unit="message",
            required=True,
        ),
        column(
            "recipients",
            pa.int64(),
            "deliveries, expanded and filtered rows not counted",
            unit="recipient",
            required=True,
        ),
        column(
            "bytes_in",
            pa.int64(),
            "size of each message, once; not of notices that the server made itself",
            unit="byte",
            required=True,
        ),
        column(
            "bytes_out",
            pa.int64(),
            "size for each transaction with another host: a lower bound",
            unit="byte",
            required=True,
        ),
        column(
            "bytes_out_most",
            pa.int64(),
            "size for each delivered recipient: the upper bound",
            unit="byte",
            required=True,
        ),
    ],
    metadata={"meaning": "Hourly volume by source."},
)

QUEUE = pa.schema(
    [
        column("mta", pa.string(), "`postfix`, `sendmail`", required=True),
        column("queue_id", pa.string(), "as listed", required=True),
        column(
            "state",
            pa.string(),
            "queue by name (`active`, `deferred`, `hold`, ...); of mailq by its mark",
        ),
        column("arrived", UTC, "when the message came, where the listing states the year"),
        column("arrival_logged", pa.string(), "the same as mailq writes it, without year and zone"),
        column("size", pa.int64(), "as listed", unit="byte"),
        column("sender", pa.string(), "envelope sender; empty string is the null sender"),
        column("recipient", pa.string(), "one that still waits; null where none is listed"),
        column("reason", pa.string(), "why it waits, in the words of the other side"),
        column("server", pa.string(), "of the message in the log; null if the log has none"),
        column("origin_queue_id", pa.string(), "first leg of that message"),
        column("client_ip", pa.string(), "true origin of that message"),
        column("auth_user", pa.string(), "login of that message"),
        column("mechanism", pa.string(), "of that message, as in deliveries"),
        column("verdict", pa.string(), "of that message, as in deliveries"),
        SOURCE,
        LINE,
        OFFSET,
    ],
    metadata={"meaning": "One row for each recipient in a listing of the queue (mailq)."},
)

BANDWIDTH = pa.schema(
    [
        column("start", UTC, "start of the five minutes", required=True),
        column("verdict", pa.string(), "`abusive`, `unclear`, `legitimate`", required=True),
        column("mechanism", pa.string(), "as in deliveries"),
        column("messages_in", pa.int64(), "messages taken in", unit="message", required=True),
        column("bytes_in", pa.int64(), "size of each, once", unit="byte", required=True),
        *(
            column(name, pa.int64(), meaning, unit=unit, required=True)
            for name, meaning, unit in (
                (
                    "transactions_least",
                    "dialogues: one a message and next hop that took it, else as `transactions`",
                    "transaction",
                ),
                ("transactions", "one a message, next hop and second", "transaction"),
                ("transactions_most", "one a line of a delivery attempt", "transaction"),
                ("bytes_out_least", "body bytes sent, counted as `transactions_least`", "byte"),
                ("bytes_out", "body bytes sent, counted as `transactions`", "byte"),
                ("bytes_out_most", "body bytes sent, counted as `transactions_most`", "byte"),
            )
        ),
    ],
    metadata={
        "meaning": "Mail that came in and went out, by five minutes as a 95th percentile is billed."
    },
)

PRESSURE = pa.schema(
    [
        column("hour", UTC, "start of the hour", required=True),
        column("verdict", pa.string(), "`abusive`, `unclear`, `legitimate`", required=True),
        column("entered", pa.int64(), "messages received in it", unit="message", required=True),
        column(
            "left",
            pa.int64(),
            "messages whose last delivery ended in it",
            unit="message",
            required=True,
        ),
        column(
            "waiting", pa.int64(), "messages in the queue at its end", unit="message", required=True
        ),
        column("bytes_waiting", pa.int64(), "their size", unit="byte", required=True),
    ],
    metadata={"meaning": "How full the queue was, hour by hour."},
)

HARM = pa.schema(
    [
        column(
            "kind",
            pa.string(),
            ", ".join(f"`{kind}` ({meaning})" for kind, meaning in HARM_KINDS.items()),
            required=True,
        ),
        column("time", UTC, "first refusal; delayed: received; notice: delivered"),
        SERVER,
        column("queue_id", pa.string(), "as in deliveries", required=True),
        column("user", pa.string(), "whose mail it was: the sender, or our forwarding address"),
        column("partner", pa.string(), "domain of the recipient"),
        column("recipient", pa.string(), "as in deliveries", required=True),
        column("status", pa.string(), "as in deliveries", required=True),
        column("provider", pa.string(), "who refused it, as in docs/impact.md"),
        column(
            "delay",
            pa.float64(),
            "from received to delivered, or to the end of the log",
            unit="second",
        ),
        column(
            "usual",
            pa.float64(),
            "delayed: 95 % of mail to that partner was faster before the abuse",
            unit="second",
        ),
        column("reply", pa.string(), "the remote's words of the first refusal"),
        SOURCE,
        LINE,
        OFFSET,
        column(
            "in_its_name",
            pa.bool_(),
            "notice: the mail that it is about was sent from here with the user's own login, or "
            "as the script's or host's own sender; false: its address was forged; else null",
        ),
    ],
    metadata={"meaning": "One row for each recipient of legitimate mail that was harmed."},
)

TABLES = {
    "messages": MESSAGES,
    "deliveries": DELIVERIES,
    "attempts": ATTEMPTS,
    "sessions": SESSIONS,
    "findings": FINDINGS,
    "volume": VOLUME,
    "queue": QUEUE,
    "bandwidth": BANDWIDTH,
    "pressure": PRESSURE,
    "harm": HARM,
    "events": EVENTS,
    "unread": UNREAD,
}


def fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with exactly the columns of the schema, in its order; a missing column is null.

    Raises:
        pyarrow.ArrowInvalid: a value does not fit its declared type.
    """
    arrays = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def as_in_memory(schema: pa.Schema) -> pa.Schema:
    """The schema with texts as pandas holds them: so they need not be copied."""
    texts = [f.with_type(pa.large_string()) if f.type == pa.string() else f for f in schema]
    return pa.schema(texts, schema.metadata)


def as_markdown() -> str:
    """docs/schema.md, derived; a test fails while the committed page differs."""
    lines = [
        "# The tables of a case",
        "",
        "Derived from `analyzer/schema.py` by `make docs`; do not edit.",
        "",
    ]
    for name, schema in TABLES.items():
        lines += [f"## {name}", "", schema.metadata[b"meaning"].decode(), ""]
        lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
        for field in schema:
            unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"meaning"))
            lines.append(f"| `{field.name}` | {field.type} | {unit} | {meaning} |")
        lines.append("")
    return "\n".join(lines)
