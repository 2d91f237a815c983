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


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for each pair of servers that disagree, and each file whose clock jumps."""
    rows: list[Any] = evidence.clocks.to_dict("records")
    told = [_offset(row) for row in rows]
    apart = [row for row in told if row is not None]
    jumps = evidence.jumps
    found = apart + [_jump(rows) for _, rows in jumps.groupby("source")] if len(jumps) else apart
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


def _jump(rows: pd.DataFrame) -> dict[str, object]:
    first = rows.iloc[0]
    more = f", and {count(len(rows) - 1, 'more jump')} after it" if len(rows) > 1 else ""
    return {
        "subject": first["server"],
        "verdict": "confirmed",
        "first_seen": rows["time"].min(),
        "last_seen": rows["time"].max(),
        "reason": f"the time in {first['source']} goes back by {first['seconds']:.0f} s at line "
        f"{first['line']}, for {count(int(first['lines']), 'line')}{more}: the clock was ahead "
        "before, or is behind after, or lines stand in another order. Times are shown as logged.",
        "evidence": places(rows),
    }


CLOCK = Detector(
    name="clock",
    question="Which servers' times can not be compared as they stand?",
    verdicts={
        "confirmed": f"{MANY} hand-overs or more between the two, or a file that goes back itself",
        "probable": f"{SOME} or more",
        "possible": "fewer",
    },
    forgeable="nothing: both servers are ours",
    judge=judge,
)
