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


def hand_overs(tried: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """One row a delivery that another server of ours took: `server, next_server, seconds`, time and
    place; `seconds`: how much later the next server's clock is.
    """
    edges = tried[tried["child"].ge(0)]
    if edges.empty or known["server"].nunique() < 2:
        return pd.DataFrame(columns=["server", "next_server", "seconds", "time", *PLACE])
    told = known[["server", "received"]]
    leg = told.take(edges["life"].to_numpy(np.int64)).reset_index(drop=True)
    then = told.take(edges["child"].to_numpy(np.int64)).reset_index(drop=True)
    rows = edges[["time", *PLACE]].reset_index(drop=True)
    rows = rows.assign(
        server=leg["server"], next_server=then["server"], seconds=then["received"] - rows["time"]
    )
    rows["seconds"] = rows["seconds"].dt.total_seconds()
    return rows[rows["server"].ne(rows["next_server"])].dropna(subset=["seconds"])


def offsets(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of servers, in order of their names.

    Args:
        rows: From `hand_overs`.

    Returns:
        `seconds`: median of how much later the next server's clock is; `mad`: median distance of
        single hand-overs from it; `evidence`: places of the first deliveries.
    """
    if rows.empty:
        return pd.DataFrame(columns=[*COLUMNS, "evidence"])
    pair = rows.groupby(["server", "next_server"], sort=True)
    rows = rows.assign(away=(rows["seconds"] - pair["seconds"].transform("median")).abs())
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
