"""How many bytes came in and went out, and how many of them were the abuse's?"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analyzer import words
from analyzer.charts import style
from analyzer.charts.ground import Ground

NAME = "bandwidth"
COLUMNS = ["bytes_in", "bytes_out", "bytes_out_most"]
MOST = "at most: one transfer for each recipient"
PANELS = {"bytes_in": "received", "bytes_out": "sent"}


def bandwidth(volume: pd.DataFrame, ground: Ground) -> style.Chart:
    """Two rows of bars, received and sent, abuse against other mail. Takes VOLUME rows."""
    timed = volume.dropna(subset=["hour"])
    if not timed[COLUMNS].to_numpy().any():
        return style.empty(NAME, "No bytes were counted", "The log holds no message with a size.")
    bin = style.bin_for(timed["hour"])
    starts = style.binned(timed["hour"], bin.width).rename("start")
    whole = timed.groupby(starts)[COLUMNS].sum()
    suspect = style.suspect(timed)
    chosen = timed["verdict"] == suspect
    bad = timed[chosen].groupby(starts[chosen])[COLUMNS].sum().reindex(whole.index).fillna(0)
    figure = Figure(figsize=(style.WIDTH, 2.7), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, column in zip(panels, PANELS, strict=True):
        _panel(axes, whole, bad, column, suspect)
        style.hatch_gaps(axes, ground.wide_gaps())
        axes.set_ylabel(axes.get_ylabel() + f"\nin {bin.words}")
    title = _title(bad, suspect, counted=bool(whole["bytes_out_most"].any()))
    style.headline(figure, title)
    panels[1].set_xlabel("time (UTC)")
    style.time_axis(panels[1], whole.index.min(), whole.index.max(), bin.width)
    panels[0].tick_params(labelbottom=False)
    style.legend(panels[0], signs_of=panels[1])
    return style.finished(
        NAME, title, _alt(whole, title, bin), figure, ground.words("volume.parquet")
    )


def _panel(axes: Axes, whole: pd.DataFrame, bad: pd.DataFrame, column: str, suspect: str) -> None:
    factor, unit = words.unit_for(float(whole[COLUMNS].to_numpy().max()))
    starts = style.numbers(pd.DatetimeIndex(whole.index))
    width = style.bin_for(pd.Series(whole.index)).width / pd.Timedelta(days=1)
    other = (whole[column] - bad[column]) / factor
    look: dict[str, Any] = {"align": "edge", "edgecolor": "white", "linewidth": 0.3}
    axes.bar(starts, other, width, color=style.LEGITIMATE, label="other mail", **look)
    if bad[column].any():
        look |= {"color": style.VERDICTS[suspect], "hatch": style.HATCH.get(suspect)}
        label = f"{style.DOUBT[suspect]}abuse"
        axes.bar(starts, bad[column] / factor, width, bottom=other, label=label, **look)
    if column == "bytes_out" and (whole["bytes_out_most"] > whole["bytes_out"]).any():
        top = whole["bytes_out_most"] / factor
        axes.hlines(top, starts, starts + width, colors=style.INK, linewidth=0.7, label=MOST)
    axes.set_ylabel(f"{unit} {PANELS[column]}")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    axes.grid(axis="y")


def _title(bad: pd.DataFrame, suspect: str, *, counted: bool) -> str:
    if not bad.to_numpy().any():
        return "No bytes were moved by abuse"
    came = words.size(bad["bytes_in"].sum())
    if not counted:  # no transfer to another host was recognised, of any mail
        return f"The {style.DOUBT[suspect]}abuse brought in {came}; what was sent is not counted"
    low, high = words.size(bad["bytes_out"].sum()), words.size(bad["bytes_out_most"].sum())
    out = low if low == high else f"at least {low}, at most {high}"
    return f"The {style.DOUBT[suspect]}abuse brought in {came}; other hosts took {out}"


def _alt(whole: pd.DataFrame, title: str, bin: style.Bin) -> str:
    came, low, high = (words.size(whole[name].sum()) for name in COLUMNS)
    start, end = words.moment(whole.index.min()), words.moment(whole.index.max() + bin.width)
    return (
        f"{title}. Two rows of bars, bytes received and bytes sent in {bin.words}, from {start} to "
        f"{end}. All mail: {came} received; sent at least {low} (one transfer for each "
        f"transaction), at most {high} (one for each recipient)."
    )
