"""Does the second case show that the abuse of the first ended? Never more than its log can show.

It is over only where nothing is missing: the same server, a day of clean hours, a refused attempt
at every door, most of the hours of the week in which it ran, and no line that could hide a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.doors import door
from analyzer.report.facts import lines_of
from analyzer.report.sentences import mostly

OVER, LIKELY, NOT_OVER, NOT_SHOWN = "over", "likely_over", "not_over", "not_shown"
ENOUGH = 24  # clean hours with mail; a day and a night
SITE = ("domains", "relay_domains", "networks", "servers", "forwards", "lists")


def end_shown(
    told: dict[str, Any], before: Case, after: Case, abused: Sequence[str]
) -> tuple[str, str]:
    """Verdict and reason.

    Args:
        told: The figures of both cases, as `comparison.compare` gives them.
        abused: Servers through which the abuse of the first came.
    """
    if why := _unfit(told, before, after):
        return NOT_SHOWN, why
    if told["after"]["abusive"]:
        mail = words.count(told["after"]["abusive"], "abusive message")
        return NOT_OVER, f"{mail} after the first case, the last at {told['after']['last_abuse']}"
    seen = _servers(after)
    if why := _open(told, after, [server for server in abused if server not in seen]):
        return NOT_SHOWN, why
    clean = words.count(told["after"]["clean_hours"], "clean hour")
    if doubts := _doubts(told, before, after):
        return LIKELY, f"{clean} with mail, but {doubts[0]}"
    tries = words.count(told["refused"]["attempts"], "attempt")
    return OVER, f"{clean} with mail, and {tries} at the same door refused in them"


def _unfit(told: dict[str, Any], before: Case, after: Case) -> str:
    """Why the cases are no before and after; empty where they are."""
    if _evidence(before) == _evidence(after):
        return "both are the same case: give one of the time after the fix"
    last, ends = told["before"]["last_abuse"], told["after"]["last"]
    if last is None:
        other = ", the second has: they may be in the wrong order" if _has_abuse(after) else ""
        return f"the first case has no abuse to compare with{other}"
    if why := _of_others(before, after):
        return why
    if ends is None or pd.Timestamp(ends) <= pd.Timestamp(last):
        end = "the second case ends before the last abuse of the first"
        return f"{end}; they may be in the wrong order"
    return ""


def _of_others(before: Case, after: Case) -> str:
    """Why the second case is of somebody else's servers: its abuse is none of ours."""
    servers = _servers(before), _servers(after)
    if all(servers) and not servers[0] & servers[1]:
        first, second = (
            words.listing(sorted(display(name, 60) for name in names)) for names in servers
        )
        return f"the first case is of {first}, the second of {second}: it tells of other servers"
    domains = [
        {str(name).lower() for name in case.site.get("domains") or ()} for case in (before, after)
    ]
    if all(domains) and not domains[0] & domains[1]:
        return "no domain of the first case is one of the second: give both the same site.toml"
    return ""


def _servers(case: Case) -> set[str]:
    """Those that the case has mail of."""
    return {str(name) for name in case.deliveries["server"].unique().to_pylist() if name}


def _open(told: dict[str, Any], after: Case, missing: Sequence[str]) -> str:
    """Why nothing is shown either way; empty where something is."""
    if missing:
        names = words.listing([display(name, 60) for name in missing])
        return f"no mail of {names}, through which the abuse came, is in the second case"
    lines = lines_of(after)
    if mostly(lines):
        return f"{words.count(lines['unread'], 'line')} of the second case could not be read"
    if told["after"]["untimed"]:
        mail = words.count(told["after"]["untimed"], "message")
        return f"{mail} of the second case may be abuse, and the log has no time of it"
    if told["after"]["unclear"]:
        mail = words.count(told["after"]["unclear"], "message")
        return f"{mail} of the second case may or may not be abuse"
    if told["after"]["clean_hours"] < ENOUGH:
        hours = told["after"]["clean_hours"]
        clean = f"only {words.count(hours, 'clean hour')}" if hours else "no clean hour"
        return f"{clean} with mail; {ENOUGH} are the least that shows anything"
    return ""


def _doubts(told: dict[str, Any], before: Case, after: Case) -> list[str]:
    """What keeps a clean time from being a proof, the gravest first."""
    found = []
    if unread := lines_of(after)["unread"]:
        found.append(f"{words.count(unread, 'line')} of it could not be read")
    if any(entry.get("damage") for entry in after.manifest.get("inputs", [])):
        found.append("a file of it could not be read to its end")
    if "log_gap" in after.findings["detector"].to_pylist():
        found.append("lines are missing from it")
    sites = [case.site for case in (before, after)]
    if sites[1].get("origin") == "inferred":
        found.append("who is local was inferred, not stated")
    elif any(sites[0].get(key) != sites[1].get(key) for key in SITE):
        found.append("it was judged by other settings of who is local")
    if let_in := told["refused"]["let_in"]:
        who = words.count(let_in, "address")
        found.append(f"{who} that had relayed had a recipient accepted again, and sent nothing")
    if told["refused"]["unproven"]:
        names = words.listing([door(name).name.lower() for name in told["refused"]["unproven"]])
        found.append(f"nobody was seen to try the door again and be refused ({names})")
    same = told["same"]
    if 2 * same["seen"] < same["slots"]:
        seen = f"only {same['seen']}" if same["seen"] else "none"
        of = f"{seen} of the {same['slots']} hours" if same["slots"] > 1 else "no hour"
        are = words.form(max(same["seen"], 1), "is", "are")
        found.append(f"{of} of the week in which the abuse ran {are} seen")
    return found


def _evidence(case: Case) -> tuple[list[str], Any]:
    inputs = [str(entry.get("sha256")) for entry in case.manifest.get("inputs", [])]
    return sorted(inputs), case.manifest.get("options")


def _has_abuse(case: Case) -> bool:
    return "abuse" in case.findings["kind"].to_pylist()
