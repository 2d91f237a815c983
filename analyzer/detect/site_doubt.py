"""Site: what in the answer to "who is local" must be doubted?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import Detector, Evidence

DOMAINS_SHOWN = 8


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for an inferred site, for each network too wide, and for each domain left out."""
    rows = [(network, "network", _too_wide(network)) for network in evidence.doubted_networks]
    if not evidence.site_known:
        rows.append(("site", "server", _inferred(evidence.inferred_domains)))
    found = pd.DataFrame(rows, columns=["subject", "subject_kind", "reason"])
    if evidence.site_known:
        found = pd.concat([found, _left_out(evidence.deliveries)], ignore_index=True)
    nothing: Any = [[] for _ in found.index]
    return found.assign(kind="limit", verdict="possible", evidence=nothing)


def _left_out(deliveries: pd.DataFrame) -> pd.DataFrame:
    """Domains that the site omits, though mail for them ended in mailboxes of this server."""
    rows = deliveries[deliveries["recipient_side"].eq("unknown")]
    domains = rows["recipient"].str.lower().str.replace(r"^.*@", "", regex=True)
    counts = domains.value_counts().sort_index()
    return pd.DataFrame(
        {
            "subject": counts.index,
            "subject_kind": "server",
            "recipients": counts.to_numpy(),
            "reason": [
                f"{name} is not among the stated domains, but this server put mail for it into "
                f"its own mailboxes ({number:,} recipients): if it is yours, add it to `domains`."
                for name, number in counts.items()
            ],
        }
    )


def _too_wide(network: str) -> str:
    return (
        f"{network} is wider than any one owner's network of public addresses. A copied mynetworks "
        "may be the very hole, so it was not believed: clients in it count as strangers."
    )


def _inferred(domains: tuple[str, ...]) -> str:
    names = ", ".join(domains[:DOMAINS_SHOWN]) or "none found"
    return (
        "who is local was not stated in full, so it was inferred: our domains are those this "
        f"server delivered or rewrote itself ({names}), our networks the private ones. "
        "No verdict goes beyond possible."
    )


SITE_DOUBT = Detector(
    name="site_doubt",
    question='What in the answer to "who is local" must be doubted?',
    verdicts={"possible": "a limit of this analysis"},
    forgeable="nothing",
    judge=judge,
)
