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
    told = [_offset(row) for row in _once(rows)]
    apart = [row for row in told if row is not None]
    jumps = evidence.jumps
    by = ["source", "what", "server"] if len(jumps) else []
    found = apart + [_told(rows) for _, rows in jumps.groupby(by)] if by else apart
    return pd.DataFrame(found).assign(kind="limit", subject_kind="server")


def _once(rows: list[Any]) -> list[Any]:
    """Of two servers that hand mail to each other, the way with more hand-overs, where both ways
    tell the same.
    """
    ways = {(row["server"], row["next_server"]): row for row in rows}

    def told(row: Any) -> bool:
        back = ways.get((row["next_server"], row["server"]))
        if back is None or abs(row["seconds"] + back["seconds"]) > APART:
            return False
        weight = (back["hand_overs"], str(back["server"]))
        return weight > (row["hand_overs"], str(row["server"]))

    return [row for row in rows if not told(row)]


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
    hour = abs(row["seconds"] - HOUR) <= HOUR / 4
    summer = ", or summer time ended: `timezone` in site.toml says by which rule" if hour else ""
    leapt = row["ahead_line"]
    since = "" if pd.isna(leapt) else f" (it may have been put ahead at line {leapt:.0f})"
    return (
        f"the time in {row['source']} goes back by {row['seconds']:.0f} s at line {row['line']}, "
        f"for {count(int(row['lines']), 'line')}: the clock was ahead before{since}, or is behind "
        f"after, or lines stand in another order{summer}. Times are shown as logged."
    )


def _set(row: pd.Series) -> str:
    return (
        f"line {row['line']} of {row['source']} says that the clock of {row['server']} was set, or "
        f"leapt, by {row['seconds']:.0f} s: times before and after it do not compare as they "
        "stand. Times are shown as logged."
    )


def _shifted(row: pd.Series) -> str:
    return (
        f"the time in {row['source']} goes ahead at line {row['line']}: by the server's own count "
        f"(`delay=`) {count(int(row['lines']), 'message')} under way took about "
        f"{row['seconds']:.0f} s less than by the stamps. So only the clock shown was put ahead, "
        "as when summer time begins: `timezone` in site.toml says by which rule. Times are shown "
        "as logged."
    )


def _ahead(row: pd.Series) -> str:
    return (
        f"before line {row['line']} of {row['source']} nothing is logged for {row['seconds']:.0f} "
        f"s, and {count(int(row['lines']), 'dialogue')} that had just begun went on after it, far "
        "longer than Postfix waits for a client: the clock was put ahead, or the machine stood "
        "still. Times are shown as logged."
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


def _stated(row: pd.Series) -> str:
    return (
        f"the stamps of {row['source']} are of {row['zone']} by {row['ground']}, and not of "
        f"{row['stated']}, which is stated. They are read as {row['zone']}. Check `timezone` in "
        "site.toml; if it is right, the clock of the server was wrong."
    )


WORDS: dict[str, tuple[str, Callable[[pd.Series], str]]] = {
    "back": ("confirmed", _back),
    "set": ("confirmed", _set),
    "twice": ("confirmed", _twice),
    "never": ("confirmed", _never),
    "stated": ("probable", _stated),
    "shifted": ("probable", _shifted),
    "ahead": ("probable", _ahead),
}

CLOCK = Detector(
    name="clock",
    question="Which times can not be compared as they stand?",
    verdicts={
        "confirmed": f"{MANY} hand-overs or more between the two, or what the file itself shows",
        "probable": f"{SOME} or more, or what went on across a silence that it cannot have lasted",
        "possible": "fewer",
    },
    forgeable="nothing: both servers are ours",
    judge=judge,
)
