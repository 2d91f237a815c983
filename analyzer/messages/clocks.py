"""How far apart are the clocks of two of our servers, by the messages one handed to the other?

The second server's first line is written before the first server logs the answer, by the time that
the transfer took. So the median of many hand-overs tells the offset to a few seconds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.messages.legs import PLACE

PLACES_KEPT = 5
COLUMNS = ["server", "next_server", "hand_overs", "seconds", "mad", "first_seen", "last_seen"]


def offsets(tried: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of servers, in order of their names.

    Returns:
        `seconds`: median of how much later the next server's clock is; `mad`: median distance of
        single hand-overs from it; `evidence`: places of the first deliveries.
    """
    edges = tried[tried["child"].ge(0)]
    if edges.empty:
        return pd.DataFrame(columns=[*COLUMNS, "evidence"])
    told = known[["server", "received"]]
    leg = told.take(edges["life"].to_numpy(np.int64)).reset_index(drop=True)
    then = told.take(edges["child"].to_numpy(np.int64)).reset_index(drop=True)
    rows = edges[["time", *PLACE]].reset_index(drop=True)
    rows = rows.assign(
        server=leg["server"], next_server=then["server"], seconds=then["received"] - rows["time"]
    )
    rows["seconds"] = rows["seconds"].dt.total_seconds()
    rows = rows[rows["server"].ne(rows["next_server"])].dropna(subset=["seconds"])
    pair = rows.groupby(["server", "next_server"], sort=True)
    rows["away"] = (rows["seconds"] - pair["seconds"].transform("median")).abs()
    pair = rows.sort_values(["time", *PLACE], kind="stable").groupby(["server", "next_server"])
    found = pair.agg(
        hand_overs=("seconds", "size"),
        seconds=("seconds", "median"),
        mad=("away", "median"),
        first_seen=("time", "min"),
        last_seen=("time", "max"),
    )
    first = {key: part[PLACE].head(PLACES_KEPT).to_dict("records") for key, part in pair}
    return found.assign(evidence=pd.Series(first, dtype="object")).reset_index()
