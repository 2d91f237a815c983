"""Two readings: which strangers sent mail whose delivery line may be forged?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import PLACE, TOLD, Detector, Evidence, evidence_of, totals
from analyzer.rows import those
from analyzer.words import count


def judge(evidence: Evidence) -> pd.DataFrame:
    """One limit for each stranger with lines that may mean relaying as well as mail for us."""
    rows = evidence.deliveries
    stranger = rows["client_side"].ne("inside") & rows["client_ip"].notna()
    unclear = rows["two_readings"] & stranger & rows["recipient_side"].eq("unknown")
    rows = those(rows[[*TOLD, *PLACE, "client_ip"]], unclear)
    if rows.empty:
        return pd.DataFrame()
    found = totals(rows, "client_ip").assign(evidence=evidence_of(rows, "client_ip"))
    return found.assign(
        kind="limit",
        verdict="possible",
        subject_kind="ip",
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _reason(row: pd.Series[Any]) -> str:
    return (
        f"the delivery lines of {count(row.recipients, 'recipient')} can be read in two ways: as "
        "mail for one of us whose answer quotes a log line, or as mail for a longer recipient "
        "elsewhere who imitates a line's end. The log does not tell which; what was sent so is "
        "called neither innocent nor abuse. The log of the next hop tells."
    )


TWO_READINGS = Detector(
    name="two_readings",
    question="Which strangers sent mail whose delivery lines can be read in two ways?",
    verdicts={"possible": "a limit of this analysis"},
    forgeable="the lines themselves, by a recipient or a next hop; the client did it or suffers it",
    judge=judge,
)
