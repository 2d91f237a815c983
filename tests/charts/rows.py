"""A case made by hand for charts: a test says which rows it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from analyzer import schema
from analyzer.case import Case

START = datetime(2026, 12, 8, 5, tzinfo=UTC)
RELAYED: dict[str, Any] = {
    "hour": START,
    "client_ip": "203.0.113.7",
    "verdict": "abusive",
    "mechanism": "open_relay",
    "messages": 90,
    "recipients": 400,
    "bytes_in": 1_000_000,
    "bytes_out": 2_000_000,
    "bytes_out_most": 5_000_000,
}
ORDINARY = RELAYED | {
    "client_ip": "198.51.100.9",
    "verdict": "legitimate",
    "mechanism": None,
    "messages": 10,
    "recipients": 10,
}
SENT: dict[str, Any] = {
    "mta": "postfix",
    "server": "mx1",
    "queue_id": "4A1",
    "origin_queue_id": "4A1",
    "received": START,
    "completed": START + timedelta(seconds=9),
    "client_ip": "203.0.113.7",
    "origin_masked": False,
    "submission": "smtp",
    "sender": "a@strange.example",
    "recipient": "b@other.example",
    "original_recipient": "b@other.example",
    "size": 2_000,
    "status": "delivered",
    "relay": "mx1.mail.big.example[192.0.2.1]:25",
    "flow": "third_party",
    "mechanism": "open_relay",
    "verdict": "abusive",
    "source": "mail.log",
    "line": 1,
    "offset": 0,
    "origin_life": 0,
}
INPUT = {
    "path": "mail.log",
    "lines": 100,
    "first": (START - timedelta(days=2)).isoformat(),
    "last": (START + timedelta(days=2)).isoformat(),
}


def table(name: str, rows) -> pa.Table:
    """The rows with every column of that table."""
    declared = schema.TABLES[name]
    data = {f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in declared}
    return pa.table(data, schema=declared)


def case(
    volume=(), deliveries=(), findings=(), attempts=(), blocklists=(), inputs=(INPUT,)
) -> Case:
    """A case with these rows of its tables."""
    return Case(
        messages=table("messages", []),
        deliveries=table("deliveries", deliveries),
        attempts=table("attempts", attempts),
        findings=table("findings", findings),
        volume=table("volume", volume),
        unread=table("unread", []),
        impact={"figures": [], "blocklists": list(blocklists)},
        manifest={"inputs": list(inputs)},
    )
