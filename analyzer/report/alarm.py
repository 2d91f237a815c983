"""How is new abuse told on a terminal, a line or two each?"""

from __future__ import annotations

from datetime import datetime
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
        usual = f"{alarm.usual:g} an hour {words.form(alarm.usual, 'is', 'are')} usual"
        tail = f"{mail} for {to} within an hour, {usual}"
    else:
        tail = f"{mail} for {to}; {alarm.total:,} since the watch began"
    ids = ", ".join(display(name, 24) for name in alarm.queue_ids)
    named = words.form(len(alarm.queue_ids), "Queue id", "Queue ids")
    return words.wrapped(f"{head}: {tail}. {named} {ids}.", rest=" " * 4)


# What is told of a log beside abuse: what hides lines, and when it is over.
NOTICES = {
    "rotated": "was rotated: the old file is read to its end, the new one from its beginning",
    "new": "is new, and read from its beginning",
    "cut": "was cut short, and is read from its beginning: lines written and cut since the last "
    "look are lost",
    "cut_copied": "was cut short, and is read from its beginning; its copy was read to its end",
    "gone": "is not there: no line of it can be seen until it is back",
    "back": "is back, and read on",
    "unreadable": "cannot be read: no line of it can be seen",
    "readable": "can be read again",
}


def notice_as_text(notice: Any, now: datetime) -> list[str]:
    """At most 80 columns.

    Args:
        notice: `what, name, count, detail`.
        now: When it was noticed; the log's own lines have no time for it.
    """
    lines = words.count(notice.count, "line")
    detail = display(notice.detail, 160)
    if notice.what == "unread":
        were = words.form(notice.count, "was", "were")
        told = f": {lines} of mail servers {were} not understood and may hide abuse; the last: "
        told += detail
    elif notice.what == "no_mail":
        told = f": no line of a mail server among {lines}: nothing of it can be judged"
        told += f" ({detail})" if detail else ""
    else:
        told = f" {NOTICES[notice.what]}" + (f" ({detail})" if detail else "")
    head = f"{words.stamp(now)} UTC {display(notice.name, 60)}"
    return words.wrapped(f"{head}{told}.", rest=" " * 4)


def notice_as_json(notice: Any, now: datetime) -> dict[str, Any]:
    """One object; `what` is none of an alarm."""
    return {
        "what": notice.what,
        "log": notice.name,
        "lines": notice.count,
        "detail": notice.detail,
        "noticed": words.iso(now),
    }


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
