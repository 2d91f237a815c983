"""Which daemon of Postfix wrote a line whose header names none?

rsyslog's `programname` ends at a slash: what is written with it says `postfix` for `postfix/smtpd`.
journalctl -o with-unit says `postfix@-.service`. The words of a line that tells of a message or a
client are those of one daemon, as a rule. Of all other lines nothing is known.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import postfix_readings
from analyzer.formats.postfix import POSTFIX
from analyzer.formats.postfix_dialogue import CERTIFICATE
from analyzer.formats.postfix_words import HEAD
from analyzer.formats.shapes import Dialect, Program, Shape, known

TAG = "postfix"
_INSTANCE = re.compile(r"^postfix-[A-Za-z0-9._-]{1,64}$")  # all but the first begin so
_UNIT = re.compile(r"^postfix(?:@[^ /]{1,64})?(?:\.service)?$")
WRITERS = {  # by kind; smtpd writes the others
    "pickup": "pickup",
    "message_id": "cleanup",
    "content_action": "cleanup",
    "cancelled": "cleanup",
    "queued": "qmgr",
    "expired": "qmgr",
    "removed": "qmgr",
    "remote_reply": "smtp",
    "notice": "bounce",
    "administered": "postsuper",
    "server": "master",
}
OWN_AGENTS = ("local", "virtual")  # whose relay is their name


def recognise(tag: str) -> Program | None:
    """Postfix's usual name or an instance's, cut off at its slash, or that of its unit."""
    if _INSTANCE.match(tag):
        return Program(tag, None, "")
    return Program(TAG, None, "") if _UNIT.match(tag) else None


def complete(kind: str, table: pa.Table) -> pa.Table:
    """The lines with the daemon that wrote them."""
    daemon = _agents(table) if kind == "delivery" else _writers(kind, table)
    at = table.column_names.index("daemon")
    table = table.set_column(at, "daemon", daemon.dictionary_encode())
    return postfix_readings.complete(kind, table)


def _writers(kind: str, table: pa.Table) -> pa.ChunkedArray:
    writer = pa.chunked_array([pa.array([WRITERS.get(kind, "smtpd")] * len(table), pa.string())])
    if kind != "decision":
        return writer
    at_end = pc.fill_null(pc.equal(table["stage"], "END-OF-MESSAGE"), False)
    by_milter = pc.fill_null(pc.starts_with(table["action"], "milter-"), False)
    return pc.if_else(pc.and_(at_end, by_milter), "cleanup", writer)


def _agents(table: pa.Table) -> pa.ChunkedArray:
    """Of deliveries, by the next hop: a host with its address, a socket, an agent of its own."""
    relay = table["relay"].cast(pa.string())
    nowhere = pc.equal(relay, "none")
    sent = pc.equal(table["status"].cast(pa.string()), "sent")
    own = pc.is_in(relay, pa.array(OWN_AGENTS))
    socket = pc.match_substring_regex(relay, r"\[[^\]]*/")
    remote = pc.or_(nowhere, pc.match_substring(relay, "["))
    agent = pc.if_else(own, relay, pc.if_else(remote, "smtp", "pipe"))
    agent = pc.if_else(socket, "lmtp", agent)
    return pc.if_else(pc.and_(nowhere, sent), "discard", agent)


def _without_daemon(shape: Shape) -> Shape:
    daemon = shape.sample.removeprefix(HEAD).partition("[")[0]
    sample = shape.sample.replace(f"{TAG}/{daemon}[", f"{TAG}[", 1)
    complete = shape.complete
    if shape.kind == "administered":
        complete = complete.replace("removed|", "")  # the queue manager says so of each message
    return replace(shape, programs=frozenset(), sample=sample, complete=complete)


UNNAMED = Dialect(
    mta="postfix",
    shapes=(
        *(_without_daemon(s) for s in POSTFIX.shapes if s.bearing and s is not CERTIFICATE),
        known(
            frozenset(),
            "",
            "Dec  7 05:00:00 mx1 postfix[11]: Postfix is running with old default settings",
            # What tells of a message says from=, to=, client= or the like.
            r"^(?:[^=]*|statistics: .*)$",
        ),
    ),
    recognise=recognise,
    queue_id=POSTFIX.queue_id,
    complete=complete,
)
