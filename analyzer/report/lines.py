"""What do the lines say on which findings rest? As columns of events, a click away in the page.

The log's own text stays in the evidence; here stands what was read of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from analyzer import words
from analyzer.display import display

SHOWN = {
    "client_ip": "client",
    "auth_user": "login",
    "sender": "from",
    "recipient": "to",
    "size": "size",
    "relay": "relay",
    "status": "status",
    "dsn": "dsn",
    "action": "action",
    "stage": "stage",
    "reply": "reply",
    "message_id": "message-id",
}
COLUMNS = ["source", "line", "time", "daemon", "kind", "queue_id", *SHOWN]
MOST = 10_000  # places
Place = tuple[str, int]


def said(folder: Path | None, findings: pa.Table) -> dict[Place, str]:
    """The words of every line that a finding names, by (source, line); none without events."""
    parts = sorted((folder / "events").rglob("events.parquet")) if folder else []
    wanted = _places(findings)
    if not parts or not wanted:
        return {}
    sources, lines = (sorted(set(column)) for column in zip(*wanted, strict=True))
    near = pc.field("line").isin(lines) & pc.field("source").isin(sources)
    rows = ds.dataset(parts).to_table(COLUMNS, filter=near).to_pylist()
    return {
        (row["source"], row["line"]): _words(row)
        for row in rows
        if (row["source"], row["line"]) in wanted
    }


def _places(findings: pa.Table) -> set[Place]:
    flat = pc.list_flatten(findings["evidence"].combine_chunks())
    return {(place["source"], place["line"]) for place in flat.slice(0, MOST).to_pylist() if place}


def _words(row: dict[str, Any]) -> str:
    """2026-12-08 05:32:40 smtp 4A1 delivery: to=<b@x.example>, status=bounced"""
    head = [words.stamp(row["time"]) if row["time"] else words.NONE]
    head += [display(str(row[name]), 60) for name in ("daemon", "queue_id", "kind") if row[name]]
    told = [
        f"{said}={display(str(row[name]), 200)}"
        for name, said in SHOWN.items()
        if row[name] is not None
    ]
    return " ".join(head) + (": " + ", ".join(told) if told else "")
