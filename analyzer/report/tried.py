"""What did strangers try, and what was said to them? Of ATTEMPTS, for the numbers of a report."""

from __future__ import annotations

import pandas as pd

from analyzer import words
from analyzer.display import display
from analyzer.report.doors import DOORS

SHOWN = 3
WHO = {"account": "the login ", "uid": "uid "}
ATTEMPT = ["time", "client_ip", "auth_user", "kind", "repeat"]


def by_kind(attempts: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind of attempt, the commonest first."""
    table = attempts.groupby("kind", as_index=False).agg(
        attempts=("repeat", "sum"),
        addresses=("client_ip", "nunique"),
        first=("time", "min"),
        last=("time", "max"),
    )
    return table.sort_values(["attempts", "kind"], ascending=[False, True], ignore_index=True)


def let_in(attempts: pd.DataFrame, unclear: pd.DataFrame, findings: pd.DataFrame) -> int:
    """Recipients that probes had accepted, of whom no message came or one that was refused."""
    clients = findings.loc[findings["detector"].eq("relay_probes"), "subject"]
    asked = attempts["kind"].eq("accepted_no_data") & attempts["auth_user"].isna()
    refused = unclear["status"].eq("rejected") & unclear["mechanism"].eq("unclear")
    never_sent = attempts.loc[asked & attempts["client_ip"].isin(clients), "repeat"].sum()
    return int(never_sent) + int((refused & unclear["client_ip"].isin(clients)).sum())


def first_denied(attempts: pd.DataFrame) -> tuple[pd.Timestamp, str | None] | None:
    """When relaying was refused for the first time, and to whom."""
    denied = attempts[(attempts["kind"] == "relay_denied") & attempts["time"].notna()]
    if denied.empty:
        return None
    first = denied.sort_values("time", kind="stable").head(1)
    client = first["client_ip"].iloc[0]
    return first["time"].iloc[0], client if isinstance(client, str) else None


def denied_after(
    attempts: pd.DataFrame, last: pd.Timestamp | None
) -> tuple[int, pd.Timestamp] | None:
    """Relay attempts refused after the last relayed message: what shows that the door is shut."""
    if last is None:
        return None
    after = attempts[(attempts["kind"] == "relay_denied") & (attempts["time"] > last)]
    return None if after.empty else (int(after["repeat"].sum()), after["time"].min())


def misused(findings: pd.DataFrame) -> list[str]:
    """A sentence for each login, host or user of which somebody else had nothing accepted."""
    mine = findings[findings["kind"].eq("attempt") & findings["detector"].isin(DOORS)]
    columns = (mine[name] for name in ("verdict", "subject_kind", "subject", "messages"))
    told = [
        f"{words.capital(verdict)}: {WHO.get(kind, '')}{display(who, 60)} was used by somebody "
        f"else, who can do so again; {_refused(int(messages))}."
        for verdict, kind, who, messages in zip(*columns, strict=True)
    ]
    more = len(told) - SHOWN
    return [
        *told[:SHOWN],
        *([f"{more:,} more {words.form(more, 'is', 'are')} in findings.json."] if more > 0 else []),
    ]


def _refused(messages: int) -> str:
    if messages == 1:
        return "its only message was refused after its DATA"
    return f"all {words.count(messages, 'message')} were refused after their DATA"
