"""Clocks: which times can not be compared as they stand?

Times are shown as they were logged and never rewritten: an offset is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places
from analyzer.words import count

APART = 5.0  # seconds; a transfer alone takes some
MANY, SOME = 10, 3  # hand-overs
HOUR = 3600.0  # seconds


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for each pair of servers that disagree, and each file whose clock is changed."""
    rows: list[Any] = evidence.clocks.to_dict("records")
    told = [_offset(row) for row in rows]
    apart = [row for row in told if row is not None]
    jumps = evidence.jumps
    by = ["source", "what", "server"] if len(jumps) else []
    found = apart + [_told(rows) for _, rows in jumps.groupby(by)] if by else apart
    return (
        pd.DataFrame(found).assign(kind="limit", subject_kind="server")
        if found
        else (pd.DataFrame())
    )


def _offset(row: dict[str, Any]) -> dict[str, object] | None:
    seconds, mad, number = (float(row[name]) for name in ("seconds", "mad", "hand_overs"))
    if abs(seconds) <= max(APART, 3 * mad):
        return None
    side = "ahead of" if seconds > 0 else "behind"
    return {
        "subject": row["next_server"],
        "verdict": "confirmed" if number >= MANY else "probable" if number >= SOME else "possible",
        "first_seen": row["first_seen"],
        "last_seen": row["last_seen"],
        "messages": int(number),
        "reason": f"the clock of {row['next_server']} is about {abs(seconds):.0f} s {side} that of "
        f"{row['server']} (median of {count(int(number), 'hand-over')}, give or take {mad:.0f} s). "
        "Times are shown as logged.",
        "evidence": row["evidence"],
    }


def _told(rows: pd.DataFrame) -> dict[str, object]:
    """One finding for what befell the clock of a server in a file, however often."""
    first = rows.iloc[0]
    more = f" ({count(len(rows) - 1, 'more time')} after it)" if len(rows) > 1 else ""
    verdict, words = WORDS[first["what"]]
    return {
        "subject": first["server"],
        "verdict": verdict,
        "first_seen": rows["time"].min(),
        "last_seen": rows["time"].max(),
        "reason": words(first) + more,
        "evidence": places(rows),
    }


def _back(row: pd.Series) -> str:
    back = f"back by {row['seconds']:.0f} s at line {row['line']}"
    if not pd.isna(row["ahead_line"]):
        return (
            f"the time in {row['source']} goes ahead at line {row['ahead_line']:.0f} and {back}: "
            "between them the clock was ahead. Times are shown as logged."
        )
    hour = abs(row["seconds"] - HOUR) <= HOUR / 4
    summer = ", or summer time ended: `timezone` in site.toml says by which rule" if hour else ""
    return (
        f"the time in {row['source']} goes {back}, for {count(int(row['lines']), 'line')}: the "
        "clock was ahead before, or is behind after, or lines stand in another order"
        f"{summer}. Times are shown as logged."
    )


def _set(row: pd.Series) -> str:
    by = "it does not say by how much" if pd.isna(row["seconds"]) else f"by {row['seconds']:.0f} s"
    return (
        f"{row['source']} says at line {row['line']} that the clock of {row['server']} was set: "
        f"{by}. Times before and after do not compare as they stand, and are shown as logged."
    )


def _shifted(row: pd.Series) -> str:
    return (
        f"the time in {row['source']} goes ahead at line {row['line']}: "
        f"{count(int(row['lines']), 'message')} under way then took {row['seconds']:.0f} s less by "
        "the server's own count (`delay=`) than by the stamps. So only the clock shown was put "
        "ahead, as when summer time begins: `timezone` in site.toml says by which rule. Times are "
        "shown as logged."
    )


def _ahead(row: pd.Series) -> str:
    return (
        f"between line {row['line']} of {row['source']} and the one before it lie "
        f"{row['seconds']:.0f} s, and {count(int(row['lines']), 'dialogue')} went on across them, "
        "longer than Postfix waits for a client: the clock was put ahead, or the machine stood "
        "still. Times are shown as logged."
    )


def _hole(row: pd.Series) -> str:
    return (
        f"for {row['seconds']:.0f} s up to line {row['line']} of {row['source']} there is no line "
        f"of {row['server']}, far longer than ever else: lines are missing, the server was off, "
        "or its clock was put ahead. The log cannot show which."
    )


def _twice(row: pd.Series) -> str:
    return (
        f"summer time ends in {row['source']}: {count(int(row['lines']), 'line')} from line "
        f"{row['line']} on are of an hour that clocks in {row['zone']} show twice, and nothing in "
        f"the log says of which time. They are taken for the first, and may be "
        f"{row['seconds']:.0f} s later."
    )


def _never(row: pd.Series) -> str:
    return (
        f"summer time begins in {row['source']}: {count(int(row['lines']), 'line')} from line "
        f"{row['line']} on show a time that clocks in {row['zone']} leave out. So the server's "
        "clock is of another zone, or was changed late: `timezone` in site.toml must be checked, "
        f"and all times may be off by {row['seconds']:.0f} s or more."
    )


WORDS: dict[str, tuple[str, Callable[[pd.Series], str]]] = {
    "back": ("confirmed", _back),
    "set": ("confirmed", _set),
    "twice": ("confirmed", _twice),
    "never": ("confirmed", _never),
    "shifted": ("confirmed", _shifted),
    "ahead": ("probable", _ahead),
    "hole": ("possible", _hole),
}

CLOCK = Detector(
    name="clock",
    question="Which times can not be compared as they stand, and where is the log silent?",
    verdicts={
        "confirmed": f"{MANY} hand-overs or more between the two, or what the file itself shows",
        "probable": f"{SOME} or more, or dialogues that went on for longer than Postfix waits",
        "possible": "fewer, or a silence far longer than any other of the server",
    },
    forgeable="nothing: both servers are ours",
    judge=judge,
)
