"""Clocks: which servers' times can not be compared as they stand?

Times are shown as they were logged and never rewritten: an offset is an estimate.
"""

from __future__ import annotations

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
    return {
        "subject": first["server"],
        "verdict": "confirmed",
        "first_seen": rows["time"].min(),
        "last_seen": rows["time"].max(),
        "reason": WORDS[first["what"]](first) + more,
        "evidence": places(rows),
    }


def _back(row: pd.Series) -> str:
    hour = abs(row["seconds"] - HOUR) <= HOUR / 4
    summer = ", or summer time ended: `timezone` in site.toml says by which rule" if hour else ""
    return (
        f"the time in {row['source']} goes back by {row['seconds']:.0f} s at line {row['line']}, "
        f"for {count(int(row['lines']), 'line')}: the clock was ahead before, or is behind after, "
        f"or lines stand in another order{summer}. Times are shown as logged."
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


WORDS = {"back": _back, "twice": _twice, "never": _never}

CLOCK = Detector(
    name="clock",
    question="Which servers' times can not be compared as they stand?",
    verdicts={
        "confirmed": f"{MANY} hand-overs or more between the two, or what the file itself shows",
        "probable": f"{SOME} or more",
        "possible": "fewer",
    },
    forgeable="nothing: both servers are ours",
    judge=judge,
)
