"""Exchange message tracking, 2007 to Subscription Edition: what does each row tell of a message?

Columns go by the names in `#Fields`, never by position. One mail gives many rows, on every server
and service that handled it; most tell nothing of who handed it in or what became of it, and are
counted as ignored.

Source: Microsoft's message tracking reference; reference rows of 2010, 2013, 2016 and 2019 servers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.exchange_values import (
    LOST,
    NULL,
    Picked,
    bare_ids,
    by_distinct,
    clean_ips,
    coalesced,
    dsns,
    has_zone,
    in_utc,
    names_next,
    next_ids,
    null_if_empty,
    numbers,
    recipients_of,
    says_expired,
    senders,
    short_names,
    statuses_of,
    without_lost,
    without_rounded,
    writes_day_first,
)
from analyzer.formats.layouts import IDLE, NOT_UNDERSTOOD, PARSED, Layout, Rows, Told
from analyzer.formats.stamps import MISSING


@dataclass(frozen=True)
class Meaning:
    """What an event tells. `status`: of recipients. `by_client`: client columns name the logger."""

    kind: str
    tells: str
    status: str = ""
    by_client: bool = False


# Events without an entry are known or new ones that say nothing of who sent what to whom: shadow
# copies (HA...), agents, moderation, throttling, the store's own preparations.
MEANINGS = {
    "RECEIVE": Meaning("received", "taken from outside, a mailbox or our own server"),
    "TRANSFER": Meaning("received", "recipients were forked from `reference`"),
    "DSN": Meaning("received", "a notice was made; `reference` is the Message-ID it is about"),
    "SEND": Meaning("delivery", "the next server took it, ours or another's", "sent", True),
    "SENDEXTERNAL": Meaning("delivery", "another's server took it", "sent", True),
    "DELIVER": Meaning("delivery", "it was put into a mailbox", "sent", True),
    "FAIL": Meaning("delivery", "it cannot be delivered", "bounced", True),
    "DELIVERFAIL": Meaning("delivery", "it cannot be put into the mailbox", "bounced", True),
    "DEFER": Meaning("delivery", "it waits", "deferred", True),
    "DROP": Meaning("delivery", "it was given up without a notice", "dropped"),
    "EXPAND": Meaning("readdressed", "a group was replaced by its members"),
    "REDIRECT": Meaning("readdressed", "another recipient was put in the place of one"),
    "RESOLVE": Meaning("readdressed", "an address was replaced by the main one of its mailbox"),
}  # fmt: skip
KINDS = {name: number for number, name in enumerate(MEANINGS)}
PROXIED = r"(?:^|;)S:ProxiedClientIPAddress=(?P<ip>[0-9A-Fa-f.:%]{2,64})(?:;|$)"
PROXIED_NAME = r"(?:^|;)S:ProxiedClientHostname=(?P<name>[^;]{1,255})(?:;|$)"
FIRST_HOP = r"(?:^|;)S:FirstForestHop=(?P<name>[A-Za-z0-9._-]{1,255})(?:;|$)"
SESSION = r"^(?P<session>[0-9A-Fa-f]{16});"
BEGAN = r"^[0-9A-Fa-f]{16};(?P<began>[0-9T:.-]{19,27}Z);"  # a session over SMTP
# 2007 has no directionality; A for anonymous, I for internal is inferred from samples
TRUST = r"^[0-9A-Fa-f]{2}(?P<letter>[AI])"
DIRECTION = {"A": "Incoming", "I": "Originating"}
SUBMISSION = {"SMTP": "smtp"}
SUBMISSION |= dict.fromkeys(("STOREDRIVER", "PICKUP", "MAILBOXRULE"), "local")
SUBMISSION |= dict.fromkeys(("DSN", "AGENT", "APPROVAL", "ORAR", "ROUTING", "RESOLVER"), "internal")


def tell(rows: Rows) -> Told:
    """Tracking rows as events."""
    micros = in_utc(rows.text("date-time"), rows.day_first)
    event = pc.utf8_upper(rows.text("event-id"))
    origin = pc.utf8_upper(rows.text("source"))
    number = pc.fill_null(pc.index_in(event, pa.array(list(KINDS))), -1).to_numpy().astype(np.intp)
    readable = (micros != MISSING) & pc.not_equal(event, "").to_numpy(zero_copy_only=False)
    readable &= pc.not_equal(rows.text("recipient-address"), LOST).to_numpy(zero_copy_only=False)
    became = np.where(number >= 0, PARSED, IDLE).astype(np.int8)
    became[~readable] = NOT_UNDERSTOOD
    number[~readable] = -1
    # The others, most of all rows, need no more of their columns.
    telling = np.flatnonzero(number >= 0)
    at = pa.array(telling)
    base = _Base(
        rows.only(telling), micros[telling], number[telling], event.take(at), origin.take(at)
    )
    tables = {
        "received": base.received(),
        "addressed": base.addressed(),
        "delivery": base.deliveries(),
        "readdressed": base.readdressed(),
    }
    program = pc.binary_join_element_wise(origin, event, " ").dictionary_encode()
    return Told(tables, became, program, micros)


class _Base:
    """The tracking rows of a section, and what every kind of event takes from them."""

    def __init__(
        self,
        rows: Rows,
        micros: npt.NDArray[np.int64],
        number: Picked,
        event: pa.Array,
        origin: pa.Array,
    ) -> None:
        self.rows, self.micros, self.number = rows, micros, number
        self.event, self.origin = event, origin
        by_client = np.array([meaning.by_client for meaning in MEANINGS.values()])[number]
        client, server = (
            short_names(rows.text(f"{side}-hostname")) for side in ("client", "server")
        )
        preferred = pc.if_else(pa.array(by_client), client, server)
        other = pc.if_else(pa.array(by_client), server, client)
        server = pc.fill_null(coalesced(preferred, other), "")
        if "client-hostname" not in rows:  # of what was sent, the other column names the next hop
            server = pa.array([""] * len(rows), pa.string())
        self.server = server.dictionary_encode()
        self.zoned = has_zone(rows.text("date-time"))
        self.network_id = null_if_empty(
            pc.utf8_lower(pc.replace_substring(rows.text("network-message-id"), "-", ""))
        )
        self.message_id = bare_ids(rows.text("message-id"))
        # What tells the rows of one mail on one server: an export may lack its own id. The last is
        # the sender's text: mails that have it in common are told apart by their receipts.
        own_id = null_if_empty(without_rounded(rows.text("internal-message-id")))
        self.own_id = pc.coalesce(own_id, self.network_id, self.message_id)

    def of(self, *events: str) -> Picked:
        wanted = np.array([event in events for event in KINDS])
        return np.flatnonzero(wanted[self.number])

    def common(self, row: Picked) -> dict[str, pa.Array]:
        at = pa.array(row)
        return {
            "micros": pa.array(self.micros[row]),
            "zoned": pa.array(self.zoned[row]),
            "server": self.server.take(at),
            "queue_id": self.own_id.take(at).dictionary_encode(),
            "network_message_id": self.network_id.take(at),
            "message_id": self.message_id.take(at),
            "mailer": pc.utf8_lower(self.origin.take(at)),
        }

    def received(self) -> pa.Table:
        """Rows that begin a message, or its next leg."""
        rows, row = self.rows, self.of("RECEIVE", "TRANSFER", "DSN")
        at = pa.array(row)
        event = self.event.take(at)
        custom = rows.text("custom-data", row)
        proxied = null_if_empty(pc.struct_field(pc.extract_regex(custom, PROXIED), "ip"))
        proxied_name = null_if_empty(
            pc.struct_field(pc.extract_regex(custom, PROXIED_NAME), "name")
        )
        first_hop = null_if_empty(pc.struct_field(pc.extract_regex(custom, FIRST_HOP), "name"))
        hop = clean_ips(rows.text("client-ip", row))
        original = coalesced(clean_ips(rows.text("original-client-ip", row)), clean_ips(proxied))
        is_hop = pc.fill_null(pc.equal(original, hop), False)
        passed_on = pc.and_(original.is_valid(), pc.invert(is_hop))
        name = null_if_empty(rows.text("client-hostname", row))
        source = self.origin.take(at)
        kinds = pa.array(list(SUBMISSION))
        submission = pa.array(list(SUBMISSION.values())).take(pc.index_in(source, kinds))
        made_here = pc.not_equal(event, "RECEIVE")
        internal = pa.scalar("internal", pa.string())
        submission = pc.if_else(
            pc.equal(event, "DSN"), internal, pc.if_else(made_here, NULL, submission)
        )
        client = coalesced(original, pc.if_else(pc.equal(source, "SMTP"), hop, NULL))
        reference = bare_ids(without_lost(rows.text("reference", row)))
        parent = pc.if_else(pc.equal(event, "DSN"), NULL, reference)
        session = pc.struct_field(
            pc.extract_regex(rows.text("source-context", row), SESSION), "session"
        )
        return rows.events(
            row,
            {
                **self.common(row),
                "client_ip": pc.if_else(made_here, NULL, client),
                "client_name": pc.if_else(
                    made_here, NULL, pc.if_else(passed_on, proxied_name, name)
                ),
                "hop_ip": pc.if_else(made_here, NULL, hop),
                "first_hop": pc.if_else(proxied.is_valid(), NULL, first_hop),
                "orig_queue_id": pc.if_else(
                    pc.match_substring_regex(pc.fill_null(parent, ""), "^[0-9]+$"), parent, NULL
                ),
                "reference": pc.if_else(pc.equal(event, "DSN"), reference, NULL),
                "submission": submission,
                "connector": null_if_empty(rows.text("connector-id", row)),
                "directionality": self._directions(row),
                "session_id": null_if_empty(pc.utf8_upper(pc.fill_null(session, ""))),
                "sender": senders(rows.text("return-path", row)),
                "size": numbers(rows.text("total-bytes", row)),
                "recipients": numbers(rows.text("recipient-count", row)),
            },
        )

    def _directions(self, row: Picked) -> pa.Array:
        direction = null_if_empty(self.rows.text("directionality", row))
        found = pc.extract_regex(self.rows.text("message-info", row), TRUST)
        letter = pc.struct_field(found, "letter")
        told = pa.array(list(DIRECTION.values())).take(
            pc.index_in(letter, pa.array(list(DIRECTION)))
        )
        return coalesced(direction, told)

    def addressed(self) -> pa.Table:
        """The recipients of messages as they came."""
        row = self.of("RECEIVE", "DSN")
        recipients, parent = self._recipients(row)
        picked = row[parent]
        return self.rows.events(picked, {**self.common(picked), "recipient": recipients})

    def deliveries(self) -> pa.Table:
        """Rows that tell what became of recipients, one event a recipient."""
        rows = self.rows
        row = self.of(*[name for name, meaning in MEANINGS.items() if meaning.kind == "delivery"])
        recipients, parent = self._recipients(row)
        counts = np.bincount(parent, minlength=len(row))
        words = statuses_of(without_lost(rows.text("recipient-status", row)), counts)
        picked = row[parent]
        of_recipient = pa.array(parent)
        context = null_if_empty(rows.text("source-context", row))
        answer = context.take(of_recipient)
        status = pa.array([meaning.status for meaning in MEANINGS.values()]).take(
            pa.array(self.number[picked])
        )
        # The answer to DATA has the id; that to each RCPT says more only where it was no.
        taken = pc.and_(pc.equal(status, "sent"), names_next(context).take(of_recipient))
        expired = pc.and_(pc.equal(status, "bounced"), by_distinct(words, says_expired))
        return rows.events(
            picked,
            {
                **self.common(picked),
                "recipient": recipients,
                "status": pc.if_else(expired, "expired", status),
                "dsn": by_distinct(words, dsns),
                "relay": null_if_empty(rows.text("server-hostname", row)).take(of_recipient),
                "reply": coalesced(pc.if_else(taken, answer, words), answer),
                "connector": null_if_empty(rows.text("connector-id", row)).take(of_recipient),
                "new_queue_id": next_ids(context).take(of_recipient),
            },
        )

    def readdressed(self) -> pa.Table:
        """Recipients that took the place of others; `status` is `expanded` but for a mere alias."""
        row = self.of("EXPAND", "REDIRECT", "RESOLVE")
        recipients, parent = self._recipients(row)
        related, of_row = recipients_of(self.rows.text("related-recipient-address", row), None)
        counts, given = (np.bincount(of, minlength=len(row)) for of in (parent, of_row))
        first = np.cumsum(given) - given
        nth = np.arange(len(parent)) - (np.cumsum(counts) - counts)[parent]
        pairwise = (counts == given)[parent]
        at = np.where(pairwise, first[parent] + nth, first[parent])
        known = (given > 0)[parent]
        picked = row[parent]
        before = (
            related.take(pa.array(np.where(known, at, 0), mask=~known))
            if len(related)
            else pa.nulls(len(parent), pa.string())
        )
        passes_on = pc.not_equal(self.event.take(pa.array(picked)), "RESOLVE")
        return self.rows.events(
            picked,
            {
                **self.common(picked),
                "recipient": recipients,
                "orig_recipient": before,
                "status": pc.if_else(passes_on, "expanded", NULL),
            },
        )

    def _recipients(self, row: Picked) -> tuple[pa.Array, Picked]:
        """The recipients of some rows, and the place among these rows of the one that names it."""
        counts = (
            numbers(self.rows.text("recipient-count", row))
            if "recipient-count" in self.rows
            else None
        )
        return recipients_of(self.rows.text("recipient-address", row), counts)


def day_first(rows: Rows) -> bool | None:
    """Do rows of an export write the day before the month?"""
    began = pc.struct_field(pc.extract_regex(rows.text("source-context"), BEGAN), "began")
    return writes_day_first(rows.text("date-time"), in_utc(began))


TRACKING = Layout("exchange tracking", ",", tell, day_first=day_first)
