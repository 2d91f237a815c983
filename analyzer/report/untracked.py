"""Of which messages that Exchange took by SMTP does its message tracking say nothing?

The receive protocol tells who asked for what, and not what became of it: alone it acquits nobody.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case


def untracked(case: Case) -> int:
    """How many, by the ids that the server's answers name and no message has."""
    talks = case.sessions.select(["mta", "queue_ids"])
    talks = talks.filter(pc.equal(talks["mta"].cast(pa.string()), "exchange"))
    answered = pc.list_flatten(talks["queue_ids"]).unique()
    if not len(answered):
        return 0
    legs = [case.messages["queue_id"], pc.list_flatten(case.messages["legs"])]
    tracked = pa.concat_arrays([part.cast(pa.string()).unique() for part in legs])
    return len(answered) - int(pc.sum(pc.is_in(answered, tracked), min_count=0).as_py())
