"""Which forwards did the notices to strangers come from? Where they go is what has to be mended."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.report.totals import by_weight


@dataclass(frozen=True)
class Forwards:
    """`targets`: who did not take what was forwarded, the most frequent first; `alone`: all notices
    are about such mail.
    """

    targets: list[str]
    alone: bool


def forwards(deliveries: pa.Table, rows: pd.DataFrame) -> Forwards:
    """Those that notices among some rows of abuse are about.

    Args:
        deliveries: DELIVERIES.
        rows: Abuse: `mechanism, cause_queue_id`.
    """
    notices = rows.loc[rows["mechanism"].eq("backscatter"), "cause_queue_id"].dropna()
    failed = deliveries.select(["queue_id", "recipient", "status", "mechanism"])
    mine = pc.and_(
        pc.equal(failed["mechanism"], "forwarding"), pc.equal(failed["status"], "bounced")
    )
    mine = pc.and_(mine, pc.is_in(failed["queue_id"], pa.array(notices.unique(), pa.string())))
    found = failed.select(["queue_id", "recipient"]).filter(mine).to_pandas()
    return Forwards(
        by_weight(found["recipient"]),
        alone=bool(len(notices)) and bool(notices.isin(found["queue_id"]).all()),
    )
