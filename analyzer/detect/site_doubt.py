"""Site: what in the answer to "who is local" must be doubted?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import Detector, Evidence


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for a site that was inferred, and one for each network too wide to believe."""
    rows = [
        {
            "subject": network,
            "subject_kind": "network",
            "reason": f"{network} is wider than any one owner's network of public addresses. A copied mynetworks may be "
            "the very hole, so it was not believed: clients in it count as strangers.",
        }
        for network in evidence.doubted_networks
    ]
    if not evidence.site_known:
        names = ", ".join(evidence.inferred_domains[:8]) or "none found"
        rows.append(
            {
                "subject": "site",
                "subject_kind": "server",
                "reason": "who is local was not stated in full, so it was inferred: domains are those this server delivered "
                f"or rewrote itself ({names}), networks the private ones. No verdict goes beyond possible.",
            }
        )
    return (
        pd.DataFrame(rows).assign(kind="limit", verdict="possible", evidence=[[] for _ in rows])
        if rows
        else pd.DataFrame()
    )


SITE_DOUBT = Detector(
    name="site_doubt",
    question='What in the answer to "who is local" must be doubted?',
    verdicts={"possible": "a limit of this analysis"},
    forgeable="nothing",
    judge=judge,
)
