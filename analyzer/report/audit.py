"""What does the mail server's own configuration say of relaying, beside what the log shows?"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report.facts import Facts

Dict = dict[str, Any]
NOT_COUNTED = (
    "The files were audited for an earlier state of this case: how many messages of this log fit "
    "each hole is not counted. `relaytrail audit FILES --case CASE` counts them."
)
HOLES = ("critical", "high")
ASKED = "What a stranger gets who sends to a stranger, by the server's own files."


def page(audit: Dict | None, facts: Facts) -> Dict | None:
    """The page of a case that knows the configuration; None where it does not."""
    if audit is None:
        return None
    servers = [_server(server) for server in audit["servers"]]
    counted = audit.get("counted_in", "") is not None
    return {
        "lead": [ASKED, *_beside_the_log(audit["servers"], facts, counted=counted)],
        "servers": servers,
        "files": [
            {"path": display(str(entry["path"]), 120), "sha256": display(str(entry["sha256"]), 64)}
            for entry in audit["files"]
        ],
    }


def _beside_the_log(servers: list[Dict], facts: Facts, *, counted: bool) -> list[str]:
    """Do the files explain what the log shows?"""
    relayed = facts.doors.get("open_relay")
    verdicts = {server["verdict"] for server in servers}
    holes = [f for server in servers for f in server["findings"] if f["severity"] in HOLES]
    through = [f["messages"] or 0 for f in holes]
    if "open" in verdicts and not counted:
        return [NOT_COUNTED]
    if "open" in verdicts:
        if any(through):
            most = max(through)
            fit = f"{words.count(most, 'message')} in this log {words.form(most, 'fits', 'fit')}"
            return [f"{fit} the widest hole."]
        told = "None of the holes explains a message of this log"
        return [f"{told}: they may have been opened after it, or not been found yet."]
    if relayed is not None and "unknown" not in verdicts:
        were = words.form(relayed.messages, "was", "were")
        mail = words.count(relayed.messages, "message")
        told = f"yet {mail} of this log {were} relayed for them"
        rest = "or not all of it (an override in master.cf, a table)"
        return [f"These files refuse strangers, and {told}: of another time or server, {rest}."]
    return []


def _server(server: Dict) -> Dict:
    return {
        "name": display(str(server["mta"]), 20),
        "verdict": display(str(server["verdict"]), 20),
        "doors": [_door(door) for door in server["doors"]],
        "findings": [_finding(finding) for finding in server["findings"]],
        "notes": [display(str(note), 400) for note in server["unknown"]],
    }


def _door(door: Dict) -> Dict:
    reach = f" (only {display(str(door['reach']), 60)})" if door["reach"] else ""
    return {
        "name": display(str(door["name"]), 80),
        "verdict": display(str(door["verdict"]), 20),
        "because": display(str(door["because"]), 400) + reach,
    }


def _finding(finding: Dict) -> Dict:
    place = f"{finding['file']}:{finding['line']}" if finding["line"] else str(finding["file"])
    messages = finding["messages"]
    return {
        "severity": display(str(finding["severity"]), 20),
        "check": display(str(finding["check"]), 60),
        "place": display(place, 200),
        "service": display(str(finding["service"] or ""), 60),
        "text": display(str(finding["text"] or ""), 400),
        "detail": display(str(finding["detail"]), 400),
        "why": display(str(finding["why"]), 400),
        "instead": display(str(finding["instead"] or ""), 600),
        "through": "" if messages is None else _through(int(messages)),
    }


def _through(messages: int) -> str:
    return (
        f"{words.count(messages, 'message')} of this log {words.form(messages, 'fits', 'fit')} it"
    )
