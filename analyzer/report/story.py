"""What is told, in which words and numbers? The PDF, the page and the terminal all tell this.

Every text in a story is ready to be shown: strangers' words have gone through `display`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report import (
    audit,
    certainty,
    coverage,
    decisions,
    glossary,
    harm,
    method,
    refusals,
    remedies,
    sentences,
)
from analyzer.report.answers import answers
from analyzer.report.closed import Closing, closing
from analyzer.report.facts import Facts, gather
from analyzer.report.timeline import timeline
from analyzer.report.totals import MADE_HERE, OUTCOMES

PLACES_SHOWN = 5
ATTEMPT_NAMES = {
    "relay_denied": "Relaying refused",
    "unknown_user": "Unknown user refused",
    "blocklist": "Client refused as blocklisted",
    "auth_failed": "Login failed",
    "accepted_no_data": "Recipient accepted, message never sent",
    "other": "Refused for another reason",
}


def tell(case: Case) -> dict[str, Any]:
    """The story of a case, as plain words and numbers."""
    facts = gather(case)
    blocklists = case.impact.get("blocklists", [])
    end = closing(case, facts)
    zone = str(case.site.get("timezone") or "UTC")
    return {
        "title": sentences.title(facts),
        "subtitle": sentences.subtitle(facts),
        "found": facts.found,
        "verdict": facts.verdict,
        "doubt": sentences.doubt(facts),
        "lead": sentences.lead(facts),
        "figures": _figures(facts),
        "closing": _closing(end) if facts.found else None,
        "money": harm.money(case.impact),
        "decisions": decisions.decisions(facts, end, blocklists, case.impact),
        "doors": _doors(facts),
        "certainty": certainty.certainty(facts),
        "steps": remedies.steps(facts, blocklists),
        "timeline": timeline(facts, blocklists, case, zone),
        "zone": display(zone, 40),
        "sources": _sources(facts),
        "year": sentences.years(facts),
        "blocklists": [refusals.told(entry) for entry in blocklists],
        "attempts": _attempts(facts),
        "impact": [_figure(figure) for figure in case.impact.get("figures", [])],
        "audit": audit.page(case.audit, facts),
        "harm": harm.page(case.impact),
        "method": method.STEPS,
        "glossary": glossary.terms(),
        "findings": [_finding(row) for row in records(_weightiest_first(facts.findings))],
        "inputs": coverage.register(case),
        "accounting": coverage.accounting(facts),
        "site": coverage.site(case),
        "limits": coverage.limits(facts),
        "answers": answers(facts),
        "tool": "{name} {version}".format(
            **{"name": "relaytrail", "version": ""} | case.manifest.get("tool", {})
        ).strip(),
        "numbers": _numbers(facts),
        "epoch": int(facts.log_last.timestamp()) if facts.log_last is not None else 0,
    }


def _closing(end: Closing) -> dict[str, Any]:
    return {"headline": end.headline, "proofs": end.proofs, "closed": end.closed}


def _figures(facts: Facts) -> list[dict[str, str]]:
    """The six numbers of the first page."""
    total = facts.total
    if not facts.found:
        pairs = [
            ("Abusive messages", "0", f"of {words.count(facts.messages_read, 'message')} read"),
            ("Not clear", words.thousands(facts.unclear), "messages"),
            ("Deliveries read", words.thousands(facts.deliveries_read), "recipients"),
            _refused(facts),
            ("Log begins", *sentences.two_lines(facts.log_first)),
            ("Log ends", *sentences.two_lines(facts.log_last)),
        ]
    else:
        least = sentences.least(facts)
        besides = (
            f", {words.count(facts.notices.messages, 'notice')} besides" if facts.notices else ""
        )
        accepted = f"of {words.count(total.recipients, 'recipient')}"
        size = f"{least}{words.size(total.bytes)}" if total.bytes else "size not logged"
        note = "; ".join(filter(None, [certainty.shares(facts), f"{size}{besides}"]))
        pairs = [
            ("Abusive messages", words.thousands(total.messages), note),
            ("Recipients", words.thousands(total.recipients), f"{least}addresses on envelopes"),
            ("Delivered", words.thousands(total.delivered), accepted),
            _origin(facts),
            ("First message", *sentences.two_lines(total.first)),
            ("Last message", *sentences.two_lines(total.last)),
        ]
    return [{"label": label, "value": value, "note": note} for label, value, note in pairs]


def _refused(facts: Facts) -> tuple[str, str, str]:
    if facts.refusals_shown:
        return "Relay attempts refused", words.thousands(facts.denied), "attempts"
    return "Relay attempts refused", words.NONE, "not shown by message tracking"


def _origin(facts: Facts) -> tuple[str, str, str]:
    """How many addresses it came from; of notices alone, how many they are about."""
    if facts.brought and not facts.total.addresses:
        about = words.thousands(len(facts.brought))
        return "Addresses it is about", about, "whose mail came in, and was not to be delivered"
    logins = words.count(len(facts.total.accounts), "login")
    origin = f"through {logins}" if facts.total.accounts else "without a login"
    if not (facts.total.accounts or facts.logins_named):
        origin = "the log names no login"
    return "Addresses it came from", words.thousands(len(facts.total.addresses)), origin


def _doors(facts: Facts) -> dict[str, Any]:
    """Each door with its numbers, and what the log shows of its opening and closing."""
    rows = [
        {
            "name": facts.door(mechanism).name,
            "messages": words.thousands(total.messages),
            "recipients": words.thousands(total.recipients),
            "delivered": words.thousands(total.delivered),
            "addresses": words.thousands(len(total.addresses)),
            "first": words.short(total.first),
            "last": words.short(total.last),
        }
        for mechanism, total in facts.doors.items()
    ]
    seen = facts.findings[facts.findings["detector"] == "door"]
    return {
        "rows": rows,
        "reasons": [words.capital(display(str(reason), 400)) for reason in seen["reason"]],
    }


def _sources(facts: Facts) -> list[dict[str, Any]]:
    """One row an address, heaviest first; sort keys beside the words."""
    counts = ("messages", "recipients", "delivered", "bounced", "deferred", "expired", "other")
    rows = []
    for row in records(facts.sources):
        shown = {name: words.thousands(row[name]) for name in counts}
        rows.append(
            {
                "source": row["source"]
                if row["source"] == MADE_HERE
                else display(str(row["source"]), 60),
                **shown,
                "mail": f"{words.count(row['messages'], 'message')}, "
                f"{words.count(row['recipients'], 'recipient')}",
                "bytes": words.size(row["bytes"]) if row["bytes"] else words.NONE,  # not logged
                "bytes_key": int(row["bytes"]),
                **{name: words.short(row[name]) for name in ("first", "last")},
                **{f"{name}_key": words.stamp(row[name]) for name in ("first", "last")},
            }
        )
    return rows


def _attempts(facts: Facts) -> list[dict[str, str]]:
    return [
        {
            "kind": ATTEMPT_NAMES.get(row["kind"], display(str(row["kind"]), 40)),
            "attempts": words.thousands(row["attempts"]),
            "addresses": words.thousands(row["addresses"]),
            **{name: words.short(row[name]) for name in ("first", "last")},
        }
        for row in records(facts.attempts)
    ]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _figure(figure: dict[str, Any]) -> dict[str, str]:
    value, unit = figure.get("value"), str(figure.get("unit") or "")
    return {
        "title": display(str(figure.get("title", "")), 120),
        "value": _amount(value, unit) + _bounds(figure),
        "label": display(str(figure.get("label", "")), 20),
        "ground": display(str(figure.get("ground", "")), 240),
    }


def _bounds(figure: dict[str, Any]) -> str:
    """Between what a figure lies, where that is more than one number; in the same unit."""
    low, value, high = (figure.get(name) for name in ("low", "value", "high"))
    if value is None or low is None or high is None or low == high:
        return ""
    if figure.get("unit") == "byte":
        return f" ({words.size(low)} to {words.size(high)})"
    return f" ({_number(low)} to {_number(high)})"


def _amount(value: Any, unit: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return display(str(value), 60) if value is not None else words.NONE
    if unit == "byte":
        return words.size(value)
    spelt = len(unit) > 1 and unit.isalpha() and unit.islower()  # day, but neither h nor EUR
    unit = display(unit, 30)
    if spelt and float(value).is_integer():
        return words.count(int(value), unit)
    return f"{_number(value)} {unit}{'s' if spelt else ''}".strip()


def _number(value: float) -> str:
    """A decimal place is enough, but what is less than one keeps two digits."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _weightiest_first(findings: pd.DataFrame) -> pd.DataFrame:
    """Abuse, what surrounds it, what limits it, what was only tried; each in order of time."""
    weight = findings["kind"].map({"abuse": 0, "context": 1, "limit": 2, "attempt": 3}).fillna(4)
    return findings.loc[weight.sort_values(kind="stable").index]


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    places = list(row["evidence"])[:PLACES_SHOWN]
    return {
        "id": display(str(row["finding_id"]), 60),
        "kind": display(str(row["kind"]), 20),
        "verdict": display(str(row["verdict"]), 20),
        "subject": display(str(row["subject"]), 80),
        "messages": words.NONE if pd.isna(row["messages"]) else words.thousands(row["messages"]),
        "recipients": words.NONE
        if pd.isna(row["recipients"])
        else words.thousands(row["recipients"]),
        "first": words.stamp(row["first_seen"])[:16],
        "last": words.stamp(row["last_seen"])[:16],
        "reason": display(str(row["reason"]), 400),
        "evidence": [
            f"{display(str(p['source']), 80)}:{p['line']} (byte {p['offset']})" for p in places
        ],
        "places": [(p["source"], p["line"]) for p in places],
    }


def _numbers(facts: Facts) -> dict[str, Any]:
    """The figures behind the words, for programs and for tests."""
    total = facts.total
    counts = ("messages", "recipients", *OUTCOMES, "other", "bytes")
    times = {"first": total.first, "last": total.last}
    times |= {"log_first": facts.log_first, "log_last": facts.log_last}
    times |= {"delivered_until": facts.course.sent_until}
    return {
        **{name: getattr(total, name) for name in counts},
        **{name: None if time is None else time.isoformat() for name, time in times.items()},
        "addresses": len(total.addresses),
        "accounts": len(total.accounts),
        "held": total.held,
        "removed": total.removed,
        "delivered_later": facts.course.sent_later,
        "messages_waiting": facts.waiting.messages,
        "notices": facts.notices.messages if facts.notices else 0,
        "unclear_messages": facts.unclear,
        "messages_read": facts.messages_read,
        "deliveries_read": facts.deliveries_read,
        **facts.lines,
        "lower_bound": facts.lower_bound,
        "site_known": facts.site_known,
    }
