"""What happened when? Only what a line of the log shows or a test of ours was told, in order."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.course import Course
from analyzer.report.facts import Facts
from analyzer.report.refusals import provider
from analyzer.report.stories import guessed, stories
from analyzer.report.totals import NOTICES

LISTS_SHOWN = 4
STORIES_SHOWN = 6
Event = tuple[pd.Timestamp | None, str]


def timeline(
    facts: Facts, blocklists: list[dict[str, Any]], asked: Case, zone: str
) -> list[dict[str, str]]:
    """Time (UTC), the same by the clock of *zone* (empty where that is UTC), and what happened.

    Args:
        asked: The case, for the relay test and the blocklist check in it.
    """
    events: list[Event] = [(facts.log_first, "The log begins.")]
    if facts.first_denied is not None:
        time, origin = facts.first_denied
        who = f" to {display(origin, 45)}" if origin else ""
        events.append((time, f"Relaying is refused{who} for the first time."))
    doors = facts.findings[facts.findings["detector"] == "door"]
    for time, reason in zip(doors["last_seen"], doors["reason"], strict=True):  # shown by then
        events.append((time, words.capital(_first_clause(display(str(reason), 240)))))
    events += guessed(facts.findings)
    told = stories(facts.findings)
    events += _each(told) if len(told) > 1 else _abuse(facts)
    for entry in blocklists[:LISTS_SHOWN]:
        name = provider(entry)
        refused = pd.Timestamp(entry["first"]) if entry.get("first") else None
        events.append((refused, f"{name} refuses our mail for the first time."))
        if entry.get("ended"):
            taken = words.moment(pd.Timestamp(entry["taken_from"]))
            text = f"{name} refuses our mail for the last time; it is taken again from {taken} on."
            events.append((pd.Timestamp(entry["last"]), text))
    events.append((facts.log_last, "The log ends."))
    events += [*_relay_test(asked.relay_test), *_lists_asked(asked.dnsbl)]
    timed = [(time, text) for time, text in events if time is not None and not pd.isna(time)]
    timed.sort(key=lambda event: event[0])
    return [
        {"time": words.stamp(time)[:16], "local": _local(time, zone), "text": text}
        for time, text in timed
    ]


def _relay_test(test: dict[str, Any] | None) -> list[Event]:
    if not test or not test.get("started"):
        return []
    said = display(str(test.get("sentence") or ""), 400)
    return [(pd.Timestamp(test["started"]), f"A relay test of {_named(test)}: {said}")]


def _named(test: dict[str, Any]) -> str:
    return display(str(test.get("host") or "the server"), 60)


def _lists_asked(asked: dict[str, Any] | None) -> list[Event]:
    """One event an address: which lists name it now, and how many tell nothing."""
    if not asked or not asked.get("asked"):
        return []
    return [
        (pd.Timestamp(asked["asked"]), _lists(ip, [r for r in asked["addresses"] if r["ip"] == ip]))
        for ip in dict.fromkeys(row["ip"] for row in asked["addresses"])
    ]


def _lists(ip: str, rows: list[dict[str, Any]]) -> str:
    by = {state: [r for r in rows if r["state"] == state] for state in ("listed", "policy")}
    silent = sum(row["state"] == "unknown" for row in rows)
    named = {
        state: words.listing([display(str(r["provider"]), 40) for r in found], 6)
        for state, found in by.items()
        if found
    }
    told = [f"listed by {named['listed']}" if by["listed"] else "listed by none"]
    told += [f"by policy alone by {named['policy']}"] if by["policy"] else []
    told += [f"{silent} did not tell"] if silent else []
    lists = words.count(len(rows), "blocklist")
    return f"{lists} asked about {display(ip, 45)}: {', '.join(told)}."


def _local(time: pd.Timestamp, zone: str) -> str:
    """By the clock on the wall of the server, as 8 Dec 06:32."""
    return "" if zone in ("", "UTC") else words.short(time.tz_convert(zone))


def _first_clause(reason: str) -> str:
    """The whole is told under the doors."""
    clause = re.split(r"(?<=[.;:]) ", reason, maxsplit=1)[0]
    return clause.rstrip(".;:") + "."


def _each(told: list[dict[str, Any]]) -> list[Event]:
    """Where each of several incidents begins and ends."""
    begins = [
        (story["first"], f"{story['name']} begins: {story['text']}.")
        for story in told[:STORIES_SHOWN]
    ]
    ends = [
        (story["last"], f"{story['name']}: its last message.") for story in told[:STORIES_SHOWN]
    ]
    return begins + ends


def _abuse(facts: Facts) -> list[Event]:
    total = facts.total
    notices = set(facts.causes) == {NOTICES}
    what, did = ("notice to a stranger", "sent") if notices else ("abusive message", "accepted")
    events: list[Event] = [(total.first, f"The first {what} is {did}.")]
    if total.messages > 1:
        if facts.peak is not None:
            hour, messages = facts.peak
            most = words.count(messages, "notice" if notices else "abusive message")
            events.append((hour, f"The busiest hour begins: {most}."))
        events.append((total.last, f"The last {what} is {did}."))
    return events + _pause(facts.course) + _afterwards(facts)


def _pause(course: Course) -> list[Event]:
    if course.pause is None:
        return []
    begins, ends = course.pause
    pause = words.span(ends - begins)
    return [(begins, f"It pauses for {pause}."), (ends, "It goes on after its longest pause.")]


def _afterwards(facts: Facts) -> list[Event]:
    """What was refused after the last message, and what the queue still let out."""
    events: list[Event] = []
    if facts.denied_after is not None:
        attempts, first = facts.denied_after
        until = words.count(attempts, "attempt")
        again = " again" if _was_open_before_refusing(facts) else ""
        events.append((first, f"Relaying is refused{again}; {until} until the log ends."))
    if facts.course.failed_logins is not None:
        logins, first = facts.course.failed_logins
        told = f"{words.count(logins, 'login')} until the log ends"
        events.append((first, f"Logins with its accounts or from its addresses fail; {told}."))
    if facts.course.sent_until is not None:
        sent = words.count(facts.course.sent_later, "delivery")
        told = f"{sent} after the last message came in"
        events.append((facts.course.sent_until, f"The queue delivers for the last time; {told}."))
    return events


def _was_open_before_refusing(facts: Facts) -> bool:
    """No attempt was refused before strangers' mail was taken."""
    relayed, denied = facts.doors["open_relay"].first, facts.first_denied
    return relayed is None or denied is None or denied[0] >= relayed
