"""By what is a sign measured: a share, doublings beyond what is ordinary, a day, the others?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEVERAL = 3  # outside senders that no application needs, and that it does not use every day
USUAL_DAYS = 3  # what a source uses on so many days is its own
FEW = 3  # other sources, which tell little of what is usual
QUIET_DAYS = 0.25  # of its days on which a source sends least
MOST = 4.0  # doublings that count


def unlike_others(mail: pd.DataFrame, shown: pd.Series[float]) -> pd.Series[float]:
    """What is shown, less where other sources mostly show it: what is usual here tells little."""
    mostly = shown.groupby(mail["by"]).mean().ge(0.5)
    others = (mostly.sum() - mostly) / (len(mostly) - 1 + FEW)
    return shown * (1.0 - mail["by"].map(others))


def share(part: pd.Series[Any], whole: pd.Series[Any]) -> pd.Series[float]:
    return (part / whole.replace(0, np.nan)).fillna(0.0).astype("float64")


def doublings(number: pd.Series[Any], beyond: Any) -> pd.Series[float]:
    """How often *beyond* must be doubled to reach each number; 0 up to it."""
    least = np.asarray(beyond, np.float64)
    times = np.log2(np.maximum(number.to_numpy(np.float64), least) / least)
    return pd.Series(np.minimum(times, MOST), index=number.index)


def different_a_day(mail: pd.DataFrame, values: pd.Series[str]) -> pd.Series[int]:
    """How many different values its source used on the day of each message."""
    return values.groupby([mail["by"], mail["received"].dt.floor("D")]).transform("nunique")


def days_of(mail: pd.DataFrame) -> pd.Series[int]:
    """On how many days its source sends."""
    days: pd.Series[int] = mail["received"].dt.floor("D").groupby(mail["by"]).transform("nunique")
    return days
