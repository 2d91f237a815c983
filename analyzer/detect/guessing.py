"""Guessing: who tried passwords, and did a login from there succeed afterwards?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, evidence_of, measured
from analyzer.detect.mask import gateways
from analyzer.words import count, listing

FAILURES, LOGINS = 20, 10  # a forgotten password fails less often, and for one login
AFTER = pd.Timedelta(hours=1)
NAMED = 5
MEASURED = {"failed logins": ("failures", FAILURES), "names tried": ("logins", LOGINS)}


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each client that failed often; a login that then sent mail is named."""
    rows = evidence.attempts
    rows = rows[rows["kind"].eq("auth_failed") & rows["client_ip"].notna() & rows["time"].notna()]
    rows = rows.sort_values(["time", "source", "line"], kind="stable")
    groups = rows.groupby("client_ip")
    found = groups.agg(
        first_seen=("time", "min"),
        last_seen=("time", "max"),
        failures=("repeat", "sum"),
        logins=("auth_user", "nunique"),
    )
    found = found[found["failures"].ge(FAILURES) | found["logins"].ge(LOGINS)]
    if found.empty:
        return pd.DataFrame()
    mine = rows[rows["client_ip"].isin(found.index)]
    sent = _sent(mine, evidence.deliveries)
    first = sent["client_ip"].map(found["first_seen"])
    found = found.assign(
        evidence=evidence_of(mine, "client_ip"),
        opened=_logins(_after(sent, mine)),
        before=_logins(sent[sent["received"].lt(first)]),
    )
    return found.assign(
        kind="attempt",
        verdict="probable",
        measured=measured(found, MEASURED),
        subject_kind="ip",
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _sent(failed: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """What logins sent from the clients, in order of time: `client_ip, auth_user, received`."""
    of_one = failed["client_ip"][~failed["client_ip"].isin(gateways(deliveries))]
    sent = deliveries.loc[
        deliveries["auth_user"].notna() & deliveries["client_ip"].isin(of_one),
        ["client_ip", "auth_user", "received"],
    ].dropna()
    return sent.drop_duplicates().sort_values("received", kind="stable")


def _after(sent: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    """What was sent within an hour after the client had failed."""
    if sent.empty:
        return sent
    last = failed[["client_ip", "time"]].astype({"time": sent["received"].dtype})
    tied = pd.merge_asof(
        sent, last, left_on="received", right_on="time", by="client_ip", tolerance=AFTER
    )
    return tied[tied["time"].notna()]


def _logins(sent: pd.DataFrame) -> pd.Series[Any]:
    """Who sent, in words, by client."""
    return sent.groupby("client_ip")["auth_user"].agg(_named).astype("object")


def _named(logins: pd.Series[str]) -> str:
    return listing(sorted(set(logins)), NAMED)


def _reason(row: pd.Series[Any]) -> str:
    whose = f", for {count(row.logins, 'name')}" if row.logins else " (the log does not say whose)"
    said = f"{count(row.failures, 'login')} failed{whose}"
    if isinstance(row.opened, str):
        return f"{said}; then mail was sent from here as {row.opened}"
    before = f"; before, mail was sent from here as {row.before}: has its password been changed?"
    return (
        f"{said}; none from here sent mail within an hour after a failure"
        f"{before if isinstance(row.before, str) else ''}"
    )


GUESSING = Detector(
    name="guessing",
    question="Who tried passwords, and did a login from there send mail afterwards?",
    verdicts={"probable": f"{FAILURES} failures or more, or {LOGINS} names"},
    forgeable="the names that were tried; not the address",
    judge=judge,
)
