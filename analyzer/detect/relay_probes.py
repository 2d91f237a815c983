"""Relay probes: who tried the door and was refused, and who was let in and had nothing carried?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import PLACE, Detector, Evidence, busiest, evidence_of
from analyzer.rows import those
from analyzer.words import count

KINDS = {
    "denied": "relay_denied",
    "let_in": "accepted_no_data",
    "elsewhere": "accepted_elsewhere",  # the same, where the log names the recipient
    "turned_away": "turned_away",
}


def probes(attempts: pd.DataFrame) -> pd.DataFrame:
    """Attempts of strangers to have mail relayed: refused, or accepted and never sent."""
    stranger = attempts["client_side"].ne("inside") & attempts["auth_user"].isna()
    return attempts[stranger & attempts["kind"].isin(["relay_denied", "accepted_no_data"])]


def turned_away(deliveries: pd.DataFrame) -> pd.DataFrame:
    """The same columns, of strangers' recipients elsewhere who were accepted and whose message was
    then refused for what was in it. (Thrown away is what an access table may say of them, too.)
    """
    stranger = deliveries["client_side"].eq("outside") & deliveries["submission"].eq("smtp")
    away = deliveries["original_side"].eq("outside") & deliveries["recipient_side"].eq("outside")
    refused = deliveries["status"].eq("rejected") & deliveries["mechanism"].isna()
    mine = (stranger & away & refused).to_numpy()
    rows = those(deliveries[["received", "server", "client_ip", *PLACE]], mine)
    return rows.rename(columns={"received": "time"}).assign(kind="turned_away", repeat=1)


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each client: refused attempts are no abuse.

    Where there are very many, the busiest have one each, and the others one for each server.
    """
    asked, sent = probes(evidence.attempts), turned_away(evidence.deliveries)
    named = asked["kind"].eq("accepted_no_data") & asked["recipient"].notna()
    asked = asked.assign(kind=asked["kind"].mask(named, "accepted_elsewhere"))[sent.columns]
    rows = pd.concat([part for part in (asked, sent) if len(part)] or [asked])
    rows = rows[rows["client_ip"].notna()].sort_values(["time", "source", "line"])
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(
        **{name: rows["repeat"].where(rows["kind"].eq(kind), 0) for name, kind in KINDS.items()}
    )
    shown = rows["client_ip"].isin(busiest(rows.groupby("client_ip").size()))
    who = rows["client_ip"].where(shown, rows["server"])
    rows = rows.assign(who=who, crowd=~shown)
    found = rows.groupby("who").agg(
        first_seen=("time", "min"),
        last_seen=("time", "max"),
        recipients=("denied", "sum"),
        let_in=("let_in", "sum"),
        elsewhere=("elsewhere", "sum"),
        turned_away=("turned_away", "sum"),
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
    if row.elsewhere:
        said.append(
            f"{count(row.elsewhere, 'recipient')} elsewhere accepted and no message sent: a probe "
            "that found the door open"
        )
    if row.turned_away:
        said.append(
            f"{count(row.turned_away, 'recipient')} elsewhere accepted, and the message refused "
            "when it came: the door was open, and nothing was carried"
        )
    return "; ".join(said)


RELAY_PROBES = Detector(
    name="relay_probes",
    question="Who tried whether we relay, and what did we answer?",
    verdicts={
        "probable": "the server refused to relay for this client",
        "possible": "a recipient was accepted, and no message came or it was then refused",
    },
    forgeable="nothing: client_ip is the TCP peer; sender and recipient are the client's words",
    judge=judge,
)
