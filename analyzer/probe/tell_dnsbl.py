"""How is it told on a terminal which lists know our addresses?"""

from __future__ import annotations

import textwrap
from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.probe.dnsbl import LISTED, NOT_LISTED, POLICY, UNKNOWN

NAMES = {LISTED: "LISTED", POLICY: "policy", NOT_LISTED: "not listed", UNKNOWN: "unknown"}


def as_text(result: dict[str, Any]) -> list[str]:
    """At most 80 columns; the lists' words are safe to print."""
    lines = []
    for ip in dict.fromkeys(row["ip"] for row in result["addresses"]):
        rows = [row for row in result["addresses"] if row["ip"] == ip]
        lines += [
            *words.wrapped(_sentence(ip, rows)),
            *(line for row in rows for line in _row(row)),
            "",
        ]
    if any(row["state"] in (LISTED, POLICY) for row in result["addresses"]):
        lines += words.wrapped(
            "First close the door, then prove it, then ask for removal: a list that finds it "
            "open lists again, for longer."
        )
    lines += words.wrapped(
        f"This is what the lists said at {result['asked']}; logs tell of earlier."
    )
    return lines


def _sentence(ip: str, rows: list[dict[str, Any]]) -> str:
    number = {state: sum(row["state"] == state for row in rows) for state in NAMES}
    told = [f"on {words.count(number[LISTED], 'list')}"]
    if number[POLICY]:
        told.append(f"{number[POLICY]} by policy, for its network and not for what it did")
    told += [f"not on {number[NOT_LISTED]}", f"{number[UNKNOWN]} did not tell"]
    return f"{ip}: {', '.join(told)}."


def _row(row: dict[str, Any]) -> list[str]:
    said = display(f"  {row['zone']:26} {NAMES[row['state']]:10} {row['meaning']}", 400)
    lines = words.wrapped(said, rest=" " * 40)
    if row["state"] in (LISTED, POLICY):
        more = [display(row["text"], 200), row["page"]]
        lines += [
            line
            for part in more
            if part
            for line in textwrap.wrap(
                part, words.WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6
            )
        ]
    return lines
