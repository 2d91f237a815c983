"""Which source was at work in which hours?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analyzer import words
from analyzer.charts import style
from analyzer.charts.top_sources import MADE_HERE, by_source
from analyzer.display import display

NAME = "source_hours"
# Light to dark in one hue: its grey print keeps the order.
SHADES = LinearSegmentedColormap.from_list(
    "recipients", ["#dbe5ee", "#7f9cb8", "#36587a", "#0c1f33"]
)

ROWS_LEAST = 5  # the height that the colour bar needs


def source_hours(volume: pd.DataFrame) -> style.Chart:
    """A heat map of recipients, source by time; abusive sources first. Takes VOLUME rows."""
    timed = volume.dropna(subset=["hour"])
    table = by_source(timed, "recipients")
    table = table[table["all"] > 0]
    if table.empty:
        return style.empty(NAME, "No source was seen", "The log holds no delivery with a time.")
    bin = style.bin_for(timed["hour"])
    shown = table.head(style.ROWS_SHOWN)
    cells = _cells(timed, shown["source"].tolist(), bin)
    figure = Figure(
        figsize=(style.WIDTH, 1.1 + 0.18 * max(len(shown), ROWS_LEAST)), layout="constrained"
    )
    axes = figure.subplots()
    times = pd.DatetimeIndex(cells.columns)
    edges = style.numbers(pd.DatetimeIndex([*times, times[-1] + bin.width]))
    most = max(float(cells.to_numpy().max()), 10.0)
    mesh = axes.pcolormesh(
        edges,
        np.arange(len(shown) + 1),
        np.ma.masked_less(cells.to_numpy(), 1),
        cmap=SHADES,
        norm=LogNorm(1, most),
        edgecolors="white",
        linewidth=0.25,
    )
    names = [display(source, 45) for source in shown["source"]]
    axes.set_yticks(np.arange(len(shown)) + 0.5, names, fontfamily=style.MONO, fontsize=7)
    for tick, bad in zip(axes.get_yticklabels(), shown["abusive"] > 0, strict=True):
        tick.set_color(style.ABUSIVE if bad else style.MUTE)
    title = _title(timed, len(table))
    style.headline(figure, title)
    axes.set(xlabel=_axis_label(shown), ylim=(len(shown), 0))
    axes.hlines(
        range(1, len(shown)), *axes.get_xlim(), colors=style.RULE, linewidth=0.4, zorder=0.5
    )
    style.time_axis(axes, times[0], times[-1], bin.width)
    bar = figure.colorbar(mesh, ax=axes, pad=0.015, aspect=max(8, 2 * len(shown)), shrink=0.95)
    bar.set_label(f"recipients in {bin.words}", color=style.MUTE)
    powers = [10.0**power for power in range(13) if 10.0**power <= most]
    bar.ax.yaxis.set_major_locator(FixedLocator(powers))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.thousands(value)))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.outline.set_visible(False)
    return style.finished(NAME, title, _alt(shown, names, cells, bin, title), figure)


def _axis_label(shown: pd.DataFrame) -> str:
    return "time (UTC); sources in red were abusive" if shown["abusive"].any() else "time (UTC)"


def _cells(timed: pd.DataFrame, sources: list[str], bin: style.Bin) -> pd.DataFrame:
    """Recipients, one row a source in the order given, one column a bin, no bin left out."""
    cells = (
        timed.assign(
            source=timed["client_ip"].fillna(MADE_HERE),
            start=style.binned(timed["hour"], bin.width),
        )
        .groupby(["source", "start"])["recipients"]
        .sum()
        .unstack("start")
    )
    every = pd.date_range(cells.columns.min(), cells.columns.max(), freq=bin.width)
    return cells.reindex(index=sources, columns=every).fillna(0)


def _title(timed: pd.DataFrame, sources: int) -> str:
    bad = timed[timed["verdict"] == "abusive"]
    if bad.empty:
        return f"The hours of the {words.thousands(sources)} sources: none was abusive"
    hours = int((timed["hour"].max() - timed["hour"].min()) / style.HOUR) + 1
    addressed = bad.dropna(subset=["client_ip"])
    active = (bad if addressed.empty else addressed)["hour"].nunique()
    number = bad["client_ip"].nunique()
    verb = "was" if number == 1 else "were"
    who = (
        f"{words.count(number, 'abusive address')} {verb}"
        if number
        else "Abuse made on this server was"
    )
    return f"{who} at work in {words.thousands(active)} of {words.thousands(hours)} hours"


def _alt(
    shown: pd.DataFrame, names: list[str], cells: pd.DataFrame, bin: style.Bin, title: str
) -> str:
    active = (cells > 0).sum(axis="columns").tolist()
    rows = [
        f"{name} ({'abusive' if bad else 'not abusive'}) in {words.count(count, 'bin')}"
        for name, bad, count in zip(names, shown["abusive"] > 0, active, strict=True)
    ]
    return (
        f"{title}. Heat map of recipients in {bin.words}, source by time: " + "; ".join(rows) + "."
    )
