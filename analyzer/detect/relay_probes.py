"""Relay probes: who tried the door and was refused, and who was let in but sent nothing?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, busiest, evidence_of
from analyzer.words import count


def probes(attempts: pd.DataFrame) -> pd.DataFrame:
    """Attempts of strangers to have mail relayed: refused, or accepted and never sent."""
    stranger = attempts["client_side"].ne("inside") & attempts["auth_user"].isna()
    return attempts[stranger & attempts["kind"].isin(["relay_denied", "accepted_no_data"])]


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each client: refused attempts are no abuse.

    Where there are very many, the busiest have one each, and the others one for each server.
    """
    rows = probes(evidence.attempts).sort_values(["time", "source", "line"])
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(
        denied=rows["repeat"].where(rows["kind"].eq("relay_denied"), 0),
        let_in=rows["repeat"].where(rows["kind"].eq("accepted_no_data"), 0),
    )
    rows = rows[rows["client_ip"].notna()]
    shown = rows["client_ip"].isin(busiest(rows.groupby("client_ip").size()))
    who = rows["client_ip"].where(shown, rows["server"])
    rows = rows.assign(who=who, crowd=~shown)
    found = rows.groupby("who").agg(
        first_seen=("time", "min"),
        last_seen=("time", "max"),
        recipients=("denied", "sum"),
        let_in=("let_in", "sum"),
        crowd=("crowd", "first"),
        clients=("client_ip", "nunique"),
    )
    found = found.assign(evidence=evidence_of(rows, "who"))
    return found.assign(
        kind="attempt",
        verdict=found["recipients"].gt(0).map({True: "probable", False: "possible"}),
        subject_kind=found["crowd"].map({True: "server", False: "ip"}),
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _reason(row: pd.Series[Any]) -> str:
    said = []
    if row.crowd:
        said.append(
            f"{count(row.clients, 'more client')}, none busier than those that have a finding of "
            "their own; each is in attempts.parquet, by client_ip"
        )
    if row.recipients:
        said.append(f"{count(row.recipients, 'request')} to relay refused: an attempt, no abuse")
    if row.let_in:
        said.append(
            f"{count(row.let_in, 'recipient')} accepted and no message sent; the log does not name "
            "the recipient: a probe that found the door open, or a check whether one of us exists"
        )
    return "; ".join(said)


RELAY_PROBES = Detector(
    name="relay_probes",
    question="Who tried whether we relay, and what did we answer?",
    verdicts={
        "probable": "the server refused to relay for this client",
        "possible": "a recipient was accepted and no message came",
    },
    forgeable="nothing: client_ip is the TCP peer; sender and recipient are the client's words",
    judge=judge,
)
