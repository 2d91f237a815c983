"""When was a source used by somebody else? The stretch of its messages that speaks most for it.

A flood, one message an hour for weeks, and abuse from the first line to the last are found alike:
it is the sum of points that counts, not the rate. A run begins with the first message that adds to
the sum and ends with the last.
"""

from __future__ import annotations

import pandas as pd


def best_run(points: pd.Series[float], by: pd.Series[str]) -> pd.DataFrame:
    """The stretch with the largest sum of points for each source.

    Args:
        points: Of each message, in order of time; the index says which.
        by: Whose message it is; same index.

    Returns:
        One row a source, by name: `first`, `last` (labels of the index), `score`.
    """
    total = points.groupby(by).cumsum()
    before = total - points
    lowest = before.groupby(by).cummin()
    score = total - lowest
    last = score.groupby(by).idxmax()
    # The run begins where the sum before it was lowest, for the last time before its end.
    lows = pd.DataFrame({"by": by, "label": points.index})[before.eq(lowest)]
    lows = lows[lows["label"].le(lows["by"].map(last))]
    first = lows.groupby("by")["label"].max()
    return pd.DataFrame({"first": first, "last": last, "score": score[last].to_numpy()})


def in_run(by: pd.Series[str], runs: pd.DataFrame) -> pd.Series[bool]:
    """Which messages lie in the run of their source; in the index of *by*."""
    label = by.index.to_series()
    return label.ge(by.map(runs["first"])) & label.le(by.map(runs["last"]))
