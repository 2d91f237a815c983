"""Is it one story or several? Each incident in a sentence, in order of time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer import words
from analyzer.display import display
from analyzer.report.doors import door
from analyzer.report.totals import NOTICES

NAMED = 3


def stories(findings: pd.DataFrame) -> list[dict[str, Any]]:
    """`name, first, last, text` of each incident in which mail was sent that should not have been.

    Args:
        findings: Rows of FINDINGS.
    """
    abuse = findings[findings["kind"].eq("abuse") & findings["incident"].notna()]
    rows = [_story(str(name), mine) for name, mine in abuse.groupby("incident")]
    return sorted(rows, key=lambda row: int(row["name"].split()[1]))


def _story(name: str, mine: pd.DataFrame) -> dict[str, Any]:
    """One incident. Notices neither begin nor prolong what they are about."""
    itself = mine[mine["mechanism"].ne(NOTICES)]
    timed = itself if len(itself) else mine
    return {
        "name": f"Incident {name.rpartition('-')[2]}",
        "first": timed["first_seen"].min(),
        "last": timed["last_seen"].max(),
        "text": "; ".join(_door(str(door), its) for door, its in _by_door(mine)),
    }


def _by_door(mine: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """The findings of each door, what follows from another one last."""
    return sorted(mine.groupby("mechanism"), key=lambda door: door[0] == NOTICES)


def _door(mechanism: str, mine: pd.DataFrame) -> str:
    subjects = [display(str(subject), 45) for subject in mine["subject"].drop_duplicates()]
    if mechanism == "local_injection":
        subjects = [f"uid {name}" if name.isdigit() else name for name in subjects]
    messages = words.count(int(mine["messages"].sum()), "message")
    perhaps = "perhaps " if mine["verdict"].eq("possible").all() else ""
    return f"{perhaps}{door(mechanism).incident} {words.listing(subjects, NAMED)} ({messages})"


def shared(findings: pd.DataFrame, rows: pd.DataFrame) -> int:
    """Addresses that had a part in more than one incident.

    Args:
        findings: Rows of FINDINGS.
        rows: Abuse: `mechanism, client_ip, auth_user`.
    """
    abuse = findings[findings["kind"].eq("abuse") & findings["incident"].notna()]
    abuse = abuse[["mechanism", "subject", "incident"]]
    parts = [
        rows[["mechanism", "client_ip", name]]
        .drop_duplicates()
        .set_axis(["mechanism", "client_ip", "subject"], axis="columns")
        .merge(abuse, on=["mechanism", "subject"])
        for name in ("client_ip", "auth_user")
    ]
    once = pd.concat(parts)[["client_ip", "incident"]].dropna().drop_duplicates()
    return int(once["client_ip"].duplicated().groupby(once["client_ip"]).any().sum())


def separate(told: list[dict[str, Any]], shared: int = 0) -> str:
    """For whoever takes all of it for one attack; empty where it is one.

    Args:
        shared: Addresses that had a part in more than one.
    """
    if len(told) < 2:
        return ""
    shown = [
        f"{story['name']}, from {words.short(story['first'])}: {story['text']}" for story in told
    ]
    more = f". And {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    apart = f"No: {len(told)} incidents that share no address, login or open door"
    if shared:
        has = words.form(shared, "has", "have")
        addresses = words.count(shared, "address")
        apart = f"{len(told)} incidents, but {addresses} {has} a part in more than one of them"
    return f"{apart}. " + ". ".join(shown[:NAMED]) + f"{more}."


def guessed(findings: pd.DataFrame) -> list[tuple[pd.Timestamp, str]]:
    """When passwords were guessed for a login that then sent."""
    mine = findings[findings["detector"].eq("guessing") & findings["incident"].notna()]
    texts = [f"Passwords are guessed from {display(str(who), 45)}." for who in mine["subject"]]
    return list(zip(mine["first_seen"], texts, strict=True))[:NAMED]
