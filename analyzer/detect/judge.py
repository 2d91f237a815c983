"""Which rows are abuse or have an innocent reason, and what are the findings?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.detect.backscatter import BACKSCATTER, notices, refused_too_late
from analyzer.detect.detector import Evidence
from analyzer.detect.door import DOOR
from analyzer.detect.open_relay import OPEN_RELAY, relayed
from analyzer.detect.relay_probes import RELAY_PROBES
from analyzer.detect.site_doubt import SITE_DOUBT
from analyzer.schema import FINDINGS, fit

DETECTORS = (OPEN_RELAY, BACKSCATTER, DOOR, RELAY_PROBES, SITE_DOUBT)
ABUSE = ["open_relay", "backscatter"]


@dataclass
class Judged:
    """`deliveries`: the rows with `mechanism` and `verdict`; `findings`: as declared."""

    deliveries: pd.DataFrame
    findings: pa.Table


def mechanisms(rows: pd.DataFrame) -> pd.Series[str]:
    """The door of an abusive row, or the innocent reason why mail passes; null for ordinary mail.

    A message that a stranger had relayed is abuse for all its recipients. Then innocent reasons:
    what came in for one of our addresses and went on is forwarding, even a notice. Backscatter is
    asked last.
    """
    open_relay = relayed(rows)
    went_on = rows["original_side"].eq("inside") & rows["recipient_side"].eq("outside")
    for_others = rows["relay_domain"] & rows["client_side"].eq("outside")
    notice = notices(rows, open_relay) & ~open_relay & ~went_on
    late = refused_too_late(rows, notice) & ~for_others
    names = ["open_relay", "forwarding", "backup_mx", "backscatter"]
    found = np.select([open_relay, went_on, for_others, notice | late], names, "")
    return pd.Series(found, rows.index).replace("", None)


def judge(evidence: Evidence) -> Judged:
    """Give every row its mechanism and verdict, and ask every detector."""
    rows = evidence.deliveries
    mechanism = mechanisms(rows)
    abuse = "abusive" if evidence.site_known else "unclear"
    unexplained = mechanism.isna() & rows["flow"].isin(["third_party", "unknown"])
    verdict = np.select([mechanism.isin(ABUSE), unexplained], [abuse, "unclear"], "legitimate")
    judged = rows.assign(mechanism=mechanism, verdict=verdict)
    seen = replace(evidence, deliveries=judged)
    found = [_numbered(detector.name, detector.judge(seen)) for detector in DETECTORS]
    return Judged(judged, pa.concat_tables(found))


def _numbered(name: str, found: pd.DataFrame) -> pa.Table:
    """Findings of one detector in order of time, named by it and their number."""
    if found.empty:
        return FINDINGS.empty_table()
    order = [column for column in ("first_seen", "subject", "reason") if column in found]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    ids = [f"{name}-{number}" for number in range(1, len(found) + 1)]
    found = found.assign(detector=name, finding_id=ids)
    evidence = pa.array(found["evidence"].tolist(), FINDINGS.field("evidence").type)
    columns = [column for column in FINDINGS.names if column in found and column != "evidence"]
    plain = pa.Table.from_pandas(found[columns], preserve_index=False)
    return fit(plain.append_column("evidence", evidence), FINDINGS)
