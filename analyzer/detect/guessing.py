"""Guessing: who tried passwords, and did a login from there succeed afterwards?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, evidence_of, measured
from analyzer.detect.mask import gateways
from analyzer.words import count

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
    found = found.assign(
        evidence=evidence_of(mine, "client_ip"), opened=_opened(mine, evidence.deliveries)
    )
    return found.assign(
        kind="attempt",
        verdict="probable",
        measured=measured(found, MEASURED),
        subject_kind="ip",
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _opened(failed: pd.DataFrame, deliveries: pd.DataFrame) -> pd.Series[Any]:
    """Logins that sent from the client within an hour after it failed, by client."""
    of_one = failed["client_ip"][~failed["client_ip"].isin(gateways(deliveries))]
    sent = deliveries.loc[
        deliveries["auth_user"].notna() & deliveries["client_ip"].isin(of_one),
        ["client_ip", "auth_user", "received"],
    ].dropna()
    if sent.empty:
        return pd.Series(dtype=object)
    sent = sent.drop_duplicates().sort_values("received", kind="stable")
    last = failed[["client_ip", "time"]].astype({"time": sent["received"].dtype})
    tied = pd.merge_asof(
        sent, last, left_on="received", right_on="time", by="client_ip", tolerance=AFTER
    )
    tied = tied[tied["time"].notna()]
    return tied.groupby("client_ip")["auth_user"].agg(lambda logins: sorted(set(logins)))


def _reason(row: pd.Series[Any]) -> str:
    said = f"{count(row.failures, 'login')} failed, for {count(row.logins, 'name')}"
    if not isinstance(row.opened, list):
        return f"{said}; none from here sent mail within an hour after a failure"
    named = ", ".join(row.opened[:NAMED])
    more = len(row.opened) - NAMED
    return f"{said}; then mail was sent from here as {named}{f' and {more} more' * (more > 0)}"


GUESSING = Detector(
    name="guessing",
    question="Who tried passwords, and did a login from there send mail afterwards?",
    verdicts={"probable": f"{FAILURES} failures or more, or {LOGINS} names"},
    forgeable="the names that were tried; not the address",
    judge=judge,
)
