"""Did the server go back to its usual mail: the same hours before, during and after the abuse?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.counted import cause
from analyzer.charts.ground import Ground

NAME = "before_after"
LEAST = 6  # hours to compare; fewer say nothing
MAIL_LEAST = 10  # messages on each side
PHASES = ("before", "during", "after")


def before_after(volume: pd.DataFrame, ground: Ground) -> style.Chart | None:
    """Messages an hour in three phases, parted by verdict. Takes VOLUME rows.

    Before and after are compared in the hours of the week that both have, else in the hours of the
    day that both have. None where the log has too little of either, or no abuse.
    """
    hours = _hours(volume, ground)
    if hours is None:
        return None
    same, what = _matched(hours)
    sums = same.groupby("phase")["ordinary"].agg(["sum", "size"])
    if (
        not {"before", "after"} <= set(sums.index)
        or (sums.loc[["before", "after"]].min() < [MAIL_LEAST, LEAST]).any()
    ):
        return None
    ratio, low, high = _ratio(same)
    rates = _rates(hours, same)
    figure = Figure(figsize=(style.WIDTH, 2.1), layout="constrained")
    axes = figure.subplots()
    _bars(axes, rates, style.suspect(volume))
    span = f"{ratio:.2f} times (95 % interval {low:.2f} to {high:.2f})"
    title = f"After the abuse, ordinary mail was {span} that of the same {what} before"
    style.headline(figure, title)
    axes.set(xlabel="messages an hour, mean", ylim=(2.6, -0.6))
    axes.grid(axis="x")
    style.legend(axes)
    told = [
        f"{phase}: {words.count(int(row['hours']), 'hour')}, {row['ordinary']:.1f} ordinary and "
        f"{row['abuse']:.1f} abusive messages an hour"
        for phase, row in rates.iterrows()
    ]
    alt = f"{title}. Bars. {'; '.join(told)}."
    return style.finished(NAME, title, alt, figure, ground.words("volume.parquet"))


def _hours(volume: pd.DataFrame, ground: Ground) -> pd.DataFrame | None:
    """One row an hour of the log: `phase`, `ordinary` and `abuse` (messages); whole hours only."""
    suspect = style.suspect(volume)
    timed = volume.dropna(subset=["hour"])
    bad = timed[(timed["verdict"] == suspect) & timed["mechanism"].notna()]
    itself = cause(bad, ground)["hour"]
    if itself.empty or ground.first is None or ground.last is None:
        return None
    first, last = ground.first.ceil("h"), ground.last.floor("h")
    every = pd.date_range(first, last, freq="h", inclusive="left")
    if len(every) == 0 or len(every) > 24 * 366 * 5:
        return None
    chosen = timed.index.isin(bad.index)
    ordinary = timed[~chosen].groupby("hour")["messages"].sum()
    abuse = bad.groupby("hour")["messages"].sum()
    table = pd.DataFrame({"ordinary": ordinary, "abuse": abuse}).reindex(every).fillna(0)
    table["phase"] = "during"
    table.loc[table.index < itself.min(), "phase"] = "before"
    table.loc[table.index > itself.max(), "phase"] = "after"
    return table


def _matched(hours: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The hours of `before` and `after` that stand at the same place of the week, or of the day."""
    times = pd.DatetimeIndex(hours.index)
    outside = hours["phase"].ne("during")
    of_week = _common(hours[outside], (times.day_of_week * 24 + times.hour)[outside])
    if of_week["phase"].eq("after").sum() >= LEAST:
        return of_week, "hours of the week"
    return _common(hours[outside], times.hour[outside]), "hours of the day"


def _common(hours: pd.DataFrame, key: pd.Index[int]) -> pd.DataFrame:
    """The hours whose key both sides have."""
    keyed = hours.assign(key=key)
    sides = keyed.groupby("key")["phase"].nunique()
    return keyed[keyed["key"].isin(sides.index[sides == 2])]


def _ratio(same: pd.DataFrame) -> tuple[float, float, float]:
    """After by before, mean against mean, with an interval that allows for bursts.

    The variance of a count is its mean times the dispersion that the hours themselves show.
    """
    sides = {phase: same.loc[same["phase"] == phase, "ordinary"] for phase in ("before", "after")}
    dispersion = max(
        1.0, *(float(side.var() / side.mean()) for side in sides.values() if len(side) > 1)
    )
    sums = {phase: float(side.sum()) for phase, side in sides.items()}
    ratio = (sums["after"] / len(sides["after"])) / (sums["before"] / len(sides["before"]))
    spread = 1.96 * math.sqrt(dispersion * (1 / sums["before"] + 1 / sums["after"]))
    return ratio, ratio * math.exp(-spread), ratio * math.exp(spread)


def _rates(hours: pd.DataFrame, same: pd.DataFrame) -> pd.DataFrame:
    """Mean messages an hour by phase; before and after in the hours compared."""
    rows = pd.concat([same, hours[hours["phase"] == "during"]])
    rates = rows.groupby("phase")[["ordinary", "abuse"]].mean()
    rates["hours"] = rows.groupby("phase").size()
    return rates.reindex([phase for phase in PHASES if phase in rates.index])


def _bars(axes: Axes, rates: pd.DataFrame, suspect: str) -> None:
    rows = range(len(rates))
    look: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.3}
    axes.barh(rows, rates["ordinary"], 0.62, color=style.LEGITIMATE, label="other mail", **look)
    look |= {"color": style.VERDICTS[suspect], "hatch": style.HATCH.get(suspect)}
    label = f"{style.DOUBT[suspect]}abuse and its notices"
    axes.barh(rows, rates["abuse"], 0.62, left=rates["ordinary"], label=label, **look)
    names = [f"{phase} ({words.thousands(hours)} h)" for phase, hours in rates["hours"].items()]
    axes.set_yticks(rows, names)
    widest = float((rates["ordinary"] + rates["abuse"]).max())
    for row, (_, rate) in enumerate(rates.iterrows()):
        said = f"{rate['ordinary']:.1f}" + (f" + {rate['abuse']:.1f}" if rate["abuse"] else "")
        end = rate["ordinary"] + rate["abuse"] + widest * 0.008
        axes.text(end, row, said, va="center", fontsize=7, color=style.MUTE)
    axes.set_xlim(0, widest * 1.15)
