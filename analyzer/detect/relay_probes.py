"""Relay probes: who tried the door and was refused, and who was let in but sent nothing?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places


def probes(attempts: pd.DataFrame) -> pd.DataFrame:
    """Attempts of strangers to have mail relayed: refused, or accepted and never sent."""
    stranger = attempts["client_side"].ne("inside") & attempts["auth_user"].isna()
    return attempts[stranger & attempts["kind"].isin(["relay_denied", "accepted_no_data"])]


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each client: refused attempts are no abuse."""
    rows = probes(evidence.attempts).sort_values(["time", "source", "line"])
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(
        denied=rows["repeat"].where(rows["kind"].eq("relay_denied"), 0),
        let_in=rows["repeat"].where(rows["kind"].eq("accepted_no_data"), 0),
    )
    groups = rows.groupby("client_ip")
    found = groups.agg(
        first_seen=("time", "min"),
        last_seen=("time", "max"),
        recipients=("denied", "sum"),
        let_in=("let_in", "sum"),
    )
    return found.assign(
        kind="attempt",
        verdict=found["recipients"].gt(0).map({True: "probable", False: "possible"}),
        subject_kind="ip",
        reason=[_words(int(row.recipients), int(row.let_in)) for row in found.itertuples()],
        evidence=[places(group) for _, group in groups],
    ).reset_index(names="subject")


def _words(denied: int, let_in: int) -> str:
    said = []
    if denied:
        said.append(
            f"asked us {denied:,} times to relay and was refused each time: an attempt, no abuse"
        )
    if let_in:
        said.append(
            f"had a recipient accepted {let_in:,} times and sent no message: the log does not name the recipient, "
            "so this is a probe that found the door open, or a check whether an address of ours exists"
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
