"""Masks: behind which addresses of ours is the true client hidden from the log?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import TOLD, Detector, Evidence, evidence_of, totals
from analyzer.rows import numbered, those
from analyzer.words import count

READ = [*TOLD, "client_ip", "client_side", "origin_sender", "recipient_side"]


def judge(evidence: Evidence) -> pd.DataFrame:
    """One limit for each gateway, load balancer or filter that hands in what strangers send."""
    rows = evidence.deliveries
    masked = rows["origin_masked"].eq(True) & rows["client_ip"].notna()
    rows = those(rows[READ], masked)
    if rows.empty:
        return pd.DataFrame()
    groups = rows.groupby("client_ip")
    found = totals(rows, "client_ip").assign(
        evidence=evidence_of(rows, "client_ip", "orig_"),
        senders=groups["origin_sender"].nunique(),
        away=rows[rows["recipient_side"].eq("outside")]
        .groupby("client_ip")["origin_life"]
        .nunique(),
        trusted=rows["client_side"].eq("inside").groupby(rows["client_ip"]).any(),
    )
    return found.assign(
        kind="limit",
        verdict="confirmed" if evidence.site_known else "probable",
        subject_kind="ip",
        reason=[_reason(str(ip), row) for ip, row in found.iterrows()],
    ).reset_index(names="subject")


def gateways(rows: pd.DataFrame) -> pd.Index[str]:
    """The addresses behind which others hide: what was done from there says nothing of one."""
    return numbered(rows["client_ip"], rows["origin_masked"].eq(True).to_numpy())[1]


def _reason(ip: str, row: pd.Series[int]) -> str:
    relayed = ""
    if row["away"] > 0:
        mail = count(int(row["away"]), "message")
        why = "because the address is a trusted one" if row["trusted"] else "without a login"
        relayed = f" {mail} to outside went through it, {why}."
    messages, senders = count(int(row["messages"]), "message"), count(int(row["senders"]), "sender")
    return (
        f"{ip} is a gateway, proxy or filter of ours: {messages} under {senders} came in by it, "
        f"and the log shows only its address. Who sent is hidden.{relayed} It is no infected host, "
        "and to block it blocks everybody."
    )


MASK = Detector(
    name="mask",
    question="Behind which addresses of ours is the true client hidden from the log?",
    verdicts={"confirmed": "the site is known", "probable": "who is local was inferred"},
    forgeable="sender domains, by which a gateway is recognised; not its address",
    judge=judge,
)
