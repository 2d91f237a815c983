"""What would a line that is billed by its 95th percentile carry, with the abuse and without?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.ground import Ground

NAME = "five_minutes"
# What is read of the table.
TRAFFIC = "start verdict mechanism messages_in bytes_in transactions bytes_out".split()
BIN = pd.Timedelta(minutes=5)
WAYS = {"in": "received", "out": "sent"}


def five_minutes(
    bandwidth: pd.DataFrame,
    month: dict[str, Any] | None,
    share: float,
    dialogue: float,
    ground: Ground,
) -> style.Chart | None:
    """Mbit/s of mail in five minutes, in the direction that is billed; None without abuse.

    Args:
        bandwidth: BANDWIDTH rows.
        month: `bandwidth_month` of impact.json.
        share, dialogue: Overhead as a share of the body, and bytes of one transaction.
    """
    if not month or bandwidth.empty:
        return None
    rows = bandwidth[bandwidth["start"].dt.strftime("%Y-%m") == month["month"]]
    if rows.empty:
        return None
    suspect = style.suspect(rows)
    way = str(month["direction"])
    turns = rows["messages_in"] if way == "in" else rows["transactions"]
    rate = (rows[f"bytes_{way}"] * (1 + share) + turns * dialogue) * 8 / BIN.total_seconds() / 1e6
    bad = rows["verdict"].eq(suspect) & rows["mechanism"].notna()
    whole, theirs = _filled(rate, rows), _filled(rate[bad], rows)
    figure = Figure(figsize=(style.WIDTH, 2.5), layout="constrained")
    axes = figure.subplots()
    _areas(axes, whole, theirs, suspect)
    for name, dashes in (("without", (0, (1, 1.5))), ("with", (0, (5, 2)))):
        label = f"95 % {name} it: {month[name]:.3g} Mbit/s"
        axes.axhline(month[name], color=style.INK, linewidth=0.9, linestyle=dashes, label=label)
    style.hatch_gaps(axes, ground.wide_gaps())
    filled = words.count(int(month["filled"]), "five-minute sample")
    title = (
        f"The {style.DOUBT[suspect]}abuse filled {filled}; a 95th percentile "
        f"leaves {int(month['free']):,} of {month['month']} unbilled"
    )
    style.headline(figure, title)
    axes.set(xlabel="time (UTC)", ylabel=f"Mbit/s {WAYS[way]}\nin 5 minutes", ylim=(0, None))
    axes.grid(axis="y")
    style.time_axis(axes, whole.index.min(), whole.index.max(), BIN)
    style.legend(axes)
    most = words.moment(pd.Timestamp(str(whole.idxmax())))
    alt = (
        f"{title}. Mail alone, {WAYS[way]}; at most {whole.max():.3g} Mbit/s, in the five minutes "
        f"from {most}. With the abuse {month['with']:.3g}, without {month['without']:.3g} Mbit/s."
    )
    return style.finished(NAME, title, alt, figure, ground.words("bandwidth.parquet, impact.json"))


def _areas(axes: Axes, whole: pd.Series[float], theirs: pd.Series[float], suspect: str) -> None:
    at = style.numbers(pd.DatetimeIndex(whole.index))
    look: dict[str, Any] = {"step": "post", "linewidth": 0}
    other = (whole - theirs).to_numpy()
    axes.fill_between(at, 0, other, color="#8fa6bb", label="other mail", **look)
    look |= {"color": style.VERDICTS[suspect], "label": f"{style.DOUBT[suspect]}abuse"}
    axes.fill_between(at, other, whole.to_numpy(), **look)


def _filled(rate: pd.Series[float], rows: pd.DataFrame) -> pd.Series[float]:
    """Mbit/s of every five minutes of the log, none left out."""
    first, last = rows["start"].min(), rows["start"].max() + BIN
    sums = rate.groupby(rows["start"]).sum()
    every = pd.date_range(first, last, freq=BIN)
    filled: pd.Series[float] = sums.reindex(every).fillna(0).astype(np.float64)
    return filled
