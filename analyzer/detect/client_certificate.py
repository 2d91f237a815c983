"""Client certificates: whom outside did the server let relay by one?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import TOLD, Detector, Evidence, evidence_of, totals
from analyzer.rows import those
from analyzer.words import count, listing

TRUSTED = (
    "that the server trusts, and strangers without one were not let in at that time. That is no "
    "open relay if the client is a partner: but see whether every certificate of a public "
    "authority is let in (permit_tls_all_clientcerts)."
)
UNTRUSTED = "that no authority vouches for, {}, and strangers were refused at that time. {}"
SAME = "always the same"
LOOK = (
    "That is no open relay if its fingerprint is in your list (relay_clientcerts): look for it "
    "there."
)
UNNAMED = "and of which the log names no fingerprint"
ASK = (
    "That is no open relay if the client is a partner whose certificate is in your list "
    "(relay_clientcerts); smtpd_tls_loglevel = 2 logs the fingerprint."
)


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each client, for only the owner knows whether it is a partner."""
    rows = evidence.deliveries
    mine = rows["mechanism"].eq("client_certificate")
    if not mine.any():
        return pd.DataFrame()
    rows = those(rows[[*TOLD, "client_ip", "certificate", "fingerprint"]], mine)
    of = rows.groupby("client_ip")
    found = totals(rows, "client_ip").assign(
        evidence=evidence_of(rows, "client_ip", "orig_"),
        trusted=rows["certificate"].eq("trusted").groupby(rows["client_ip"]).any(),
        fingerprints=of["fingerprint"].agg(lambda said: sorted(said.dropna().unique())),
    )
    return found.assign(
        kind="context",
        verdict="probable" if evidence.site_known else "possible",
        subject_kind="ip",
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _reason(row: pd.Series[Any]) -> str:
    named = f" ({listing(row.fingerprints)})" if row.fingerprints else ""
    untrusted = UNTRUSTED.format(*((SAME, LOOK) if row.fingerprints else (UNNAMED, ASK)))
    return (
        f"relayed by client certificate: {count(row.recipients, 'recipient')} outside, without a "
        f"login; the client showed a certificate{named} {TRUSTED if row.trusted else untrusted}"
    )


CLIENT_CERTIFICATE = Detector(
    name="client_certificate",
    question="Which hosts outside had us carry mail to outside people by a client certificate?",
    verdicts={
        "probable": "strangers without one were refused, or none was let in",
        "possible": "who is local was inferred from the log",
    },
    forgeable="a certificate that no authority vouches for; not its fingerprint, nor the address",
    judge=judge,
)
