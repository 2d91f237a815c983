"""A case made by hand: a stranger relays, a colleague writes; a test says what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from analyzer import schema
from analyzer.case import Case

START = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
PLACE = {"source": "mail.log", "line": 7, "offset": 700}
HERE: dict[str, Any] = {"mta": "postfix", "server": "mx1.example.org", **PLACE}
RELAYED: dict[str, Any] = HERE | {
    "queue_id": "4A1",
    "origin_queue_id": "4A1",
    "received": START,
    "completed": START + timedelta(seconds=3),
    "client_ip": "203.0.113.7",
    "origin_masked": False,
    "submission": "smtp",
    "sender": "a@strange.example",
    "recipient": "b@other.example",
    "original_recipient": "b@other.example",
    "size": 2_000,
    "status": "delivered",
    "flow": "third_party",
    "mechanism": "open_relay",
    "verdict": "abusive",
    "origin_life": 0,
}
INNOCENT: dict[str, Any] = {
    "queue_id": "4B1",
    "origin_queue_id": "4B1",
    "client_ip": "198.51.100.9",
    "flow": "inbound",
    "mechanism": None,
    "verdict": "legitimate",
}
ABUSE: dict[str, Any] = {
    "finding_id": "open_relay-1",
    "detector": "open_relay",
    "kind": "abuse",
    "mechanism": "open_relay",
    "verdict": "confirmed",
    "subject": "203.0.113.7",
    "subject_kind": "ip",
    "first_seen": START,
    "last_seen": START,
    "messages": 1,
    "recipients": 1,
    "bytes": 2_000,
    "delivered": 1,
    "bounced": 0,
    "deferred": 0,
    "expired": 0,
    "reason": "a client outside our networks, not logged in, reached an outside recipient",
    "evidence": [PLACE],
}
DENIED: dict[str, Any] = PLACE | {
    "time": START + timedelta(hours=5),
    "server": "mx1.example.org",
    "client_ip": "203.0.113.7",
    "kind": "relay_denied",
    "repeat": 1,
}
BLOCKLIST: dict[str, Any] = {
    "provider": "Spamhaus SBL",
    "meaning": "the address is listed as a source of spam",
    "page": "https://check.spamhaus.org/",
    "first": "2026-12-08T07:00:00Z",
    "last": "2026-12-08T09:00:00Z",
    "refusals": 12,
    "own_refused": 2,
    "evidence": [PLACE],
    "words": "554 5.7.1 Service unavailable; Client host blocked",
}
INPUT: dict[str, Any] = {
    "path": "mail.log",
    "size": 12_345,
    "sha256": "ab" * 32,
    "stream_size": 12_345,
    "stream_sha256": "ab" * 32,
    "carrier": "plain",
    "format": "postfix",
    "first": "2026-12-07T00:00:00Z",
    "last": "2026-12-09T00:00:00Z",
    "lines": 100,
    "parsed": 90,
    "ignored": 8,
    "blank": 1,
    "unread": 1,
    "ignored_by_program": {"dovecot": 8},
    "damage": None,
    "duplicate_of": None,
}
SITE = {
    "origin": "given",
    "path": "site.toml",
    "timezone": "UTC",
    "domains": ["example.org"],
    "networks": ["10.0.0.0/8"],
}
FIGURE = {
    "name": "messages_relayed",
    "title": "Messages relayed for strangers",
    "value": 1,
    "unit": "message",
    "label": "measured",
    "ground": "deliveries with verdict abusive",
}


LISTED = {
    "mta": "postfix",
    "queue_id": "4A1",
    "recipient": "b@other.example",
    "verdict": "abusive",
    "mechanism": "open_relay",
    "source": "queue.json",
    "line": 1,
    "offset": 0,
}
VOLUME = {
    "hour": START,
    "client_ip": "203.0.113.7",
    "verdict": "abusive",
    "mechanism": "open_relay",
    "messages": 1,
    "recipients": 1,
    "bytes_in": 2_000,
    "bytes_out": 2_000,
    "bytes_out_most": 2_000,
}
Differences = Sequence[dict[str, Any]]


def table(rows: list[dict[str, Any]], name: str) -> pa.Table:
    """The rows with every column of that table."""
    declared = schema.TABLES[name]
    data = {
        field.name: pa.array([row.get(field.name) for row in rows], field.type)
        for field in declared
    }
    return pa.table(data, schema=declared)


def listing(*rows: dict[str, Any]) -> pa.Table:
    """A listing of the queue; a row says how it differs from the message that was relayed."""
    return table([LISTED | row for row in rows], "queue")


@pytest.fixture
def case() -> Callable[..., Case]:
    """Builds the plain case; an argument lists how its rows differ from the plain row."""

    def build(
        deliveries: Differences = ({}, INNOCENT),
        findings: Differences = ({},),
        attempts: Differences = ({},),
        blocklists: Differences = ({},),
        inputs: Differences = ({},),
        figures: Differences = ({},),
        **manifest: Any,
    ) -> Case:
        rows = [RELAYED | difference for difference in deliveries]
        messages = [row | {"recipients": 1, "legs": [row["queue_id"]]} for row in rows]
        return Case(
            messages=table(messages, "messages"),
            deliveries=table(rows, "deliveries"),
            attempts=table([DENIED | d for d in attempts], "attempts"),
            findings=table([ABUSE | d for d in findings], "findings"),
            volume=table([VOLUME], "volume"),
            unread=table([PLACE | {"text": b"\xff what"}], "unread"),
            impact={
                "figures": [FIGURE | d for d in figures],
                "blocklists": [BLOCKLIST | d for d in blocklists],
            },
            manifest={
                "tool": {"name": "relaytrail", "version": "0.1.0"},
                "options": {},
                "site": SITE,
                "clock": [],
                "inputs": [INPUT | d for d in inputs],
            }
            | manifest,
        )

    return build
