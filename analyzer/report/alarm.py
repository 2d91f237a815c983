"""How is new abuse told on a terminal, a line or two each?"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report.doors import door

BURST = "login bursts"


def as_text(alarm: Any) -> list[str]:
    """At most 80 columns; strangers' words are safe to print.

    Args:
        alarm: `what, verdict, subject, messages, recipients, total, last, queue_ids, usual`.
    """
    stamp = words.stamp(alarm.last)
    mail = words.count(alarm.messages, "message")
    to = words.count(alarm.recipients, "recipient")
    doubt = "" if alarm.verdict != "unclear" else ", maybe"
    what = BURST if alarm.what == "burst" else door(alarm.what).alarm
    head = f"{stamp} {what}{doubt}: {display(alarm.subject, 60)}"
    if alarm.what == "burst":
        tail = f"{mail} for {to} within an hour, {alarm.usual:g} an hour are usual"
    else:
        tail = f"{mail} for {to}; {alarm.total:,} since the watch began"
    ids = ", ".join(display(name, 24) for name in alarm.queue_ids)
    return words.wrapped(f"{head}: {tail}. Queue ids {ids}.", rest=" " * 4)


def as_json(alarm: Any) -> dict[str, Any]:
    """One object: times in ISO 8601, UTC."""
    return {
        "what": alarm.what,
        "verdict": alarm.verdict,
        "subject": alarm.subject,
        "messages": alarm.messages,
        "recipients": alarm.recipients,
        "total": alarm.total,
        "first": words.iso(alarm.first),
        "last": words.iso(alarm.last),
        "usual": alarm.usual,
        "queue_ids": list(alarm.queue_ids),
    }
