"""Which messages did Sendmail make itself, without a `from=` line of their own?

A clone (a list with an owner, or a message divided) and a notice appear under a new queue id; the
line that names the new id stands under the old one.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events, Lives

COLUMNS = ["life", "rank", "time", *PLACE, "mta", "queue", "queue_id", "new_queue_id", "sender"]


def made_here(events: Events, lives: Lives) -> dict[str, pd.DataFrame]:
    """Clones and notices: the line that made each, in order, with `life` of the message made.

    A clone has `orig_queue_id`, and the list's owner as `sender`, or null; a notice the null
    sender.
    """
    clones = _of_the_made(frame(events, "clone", COLUMNS), lives)
    notices = _of_the_made(frame(events, "notice", COLUMNS), lives)
    return {
        "clone": clones.rename(columns={"queue_id": "orig_queue_id"}),
        "notice": notices.assign(sender=""),
    }


def _of_the_made(rows: pd.DataFrame, lives: Lives) -> pd.DataFrame:
    rows = rows[rows["mta"].eq("sendmail")]
    made = lives.find(
        rows["queue"].to_numpy("int64"),
        pa.array(rows["new_queue_id"], pa.string()),
        rows["rank"].to_numpy("int64"),
    )
    known = rows.assign(life=made)
    return known[known["life"].ge(0) & known["life"].ne(rows["life"])]
