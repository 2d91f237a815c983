"""Which source was at work in which hours?"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analyzer import words
from analyzer.charts import heat_map, style
from analyzer.charts.counted import cause
from analyzer.charts.ground import Ground
from analyzer.charts.top_sources import MADE_HERE, by_source

NAME = "source_hours"
# Light to dark in one hue: its grey print keeps the order.
SHADES = LinearSegmentedColormap.from_list(
    "recipients", ["#dbe5ee", "#7f9cb8", "#36587a", "#0c1f33"]
)

AXIS = {
    "abusive": "time (UTC); sources in red were abusive",
    "unclear": "time (UTC); sources in brown may be abusive",
}
ROWS_LEAST = 5  # the height that the colour bar needs


def source_hours(volume: pd.DataFrame, ground: Ground) -> style.Chart:
    """A heat map of recipients, source by time; abusive sources first. Takes VOLUME rows."""
    timed = volume.dropna(subset=["hour"])
    table = by_source(timed)
    table = table[table["all"] > 0]
    if table.empty:
        return style.empty(NAME, "No source was seen", "The log holds no delivery with a time.")
    bin = style.bin_for(timed["hour"])
    shown = table.head(style.ROWS_SHOWN)
    cells = _cells(timed, shown["source"].tolist(), bin)
    height = 1.3 + 0.18 * max(len(shown), ROWS_LEAST)
    figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
    axes = figure.subplots()
    _shade(figure, axes, cells, bin)
    style.hatch_gaps(axes, ground.wide_gaps())
    suspect = style.suspect(volume)
    names = style.name_sources(axes, shown, [row + 0.5 for row in range(len(shown))], suspect)
    title = _title(timed, len(table), suspect, ground)
    style.headline(figure, title)
    axes.set_xlabel(AXIS[suspect] if shown[suspect].any() else "time (UTC)")
    alt = _alt(shown, names, cells, bin, title, suspect)
    return style.finished(NAME, title, alt, figure, ground.words("volume.parquet"))


def _shade(figure: Figure, axes: Axes, cells: pd.DataFrame, bin: style.Bin) -> None:
    """The cells, darker for more recipients on a logarithmic scale."""
    most = max(float(cells.to_numpy().max()), 10.0)
    seen = cells.where(cells >= 1)
    scale = heat_map.shade(figure, axes, seen, bin, SHADES, LogNorm(1, most))
    scale.set_label(f"recipients in {bin.words}", color=style.MUTE)
    powers = [10.0**power for power in range(13) if 10.0**power <= most]
    scale.ax.yaxis.set_major_locator(FixedLocator(powers))
    scale.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.thousands(value)))
    scale.ax.yaxis.set_minor_locator(NullLocator())


def _cells(timed: pd.DataFrame, sources: list[str], bin: style.Bin) -> pd.DataFrame:
    """Recipients, one row a source in the order given, one column a bin."""
    keyed = timed.assign(
        source=timed["client_ip"].fillna(MADE_HERE), start=style.binned(timed["hour"], bin.width)
    )
    told = keyed.groupby(["source", "start"])["recipients"].sum()
    return heat_map.cells(told, sources, bin).fillna(0)


def _title(timed: pd.DataFrame, sources: int, suspect: str, ground: Ground) -> str:
    bad = cause(timed[timed["verdict"] == suspect], ground)
    if bad.empty:
        return f"The hours of the {words.count(sources, 'source')}: none was abusive"
    hours = int((timed["hour"].max() - timed["hour"].min()) / style.HOUR) + 1
    addressed = bad.dropna(subset=["client_ip"])
    active = (bad if addressed.empty else addressed)["hour"].nunique()
    number = bad["client_ip"].nunique()
    adjective = {"abusive": "abusive", "unclear": "possibly abusive"}[suspect]
    who = words.count(number, f"{adjective} address") + words.form(number, " was", " were")
    subject = who if number else f"{words.capital(adjective)} mail made on this server was"
    return f"{subject} at work in {words.thousands(active)} of {words.count(hours, 'hour')}"


def _alt(
    shown: pd.DataFrame,
    names: list[str],
    cells: pd.DataFrame,
    bin: style.Bin,
    title: str,
    suspect: str,
) -> str:
    active = (cells > 0).sum(axis="columns").tolist()
    rows = [
        f"{name} ({suspect if bad else 'legitimate'}) in {words.count(count, 'bin')}"
        for name, bad, count in zip(names, shown[suspect] > 0, active, strict=True)
    ]
    return f"{title}. Heat map of recipients in {bin.words}, source by time: {'; '.join(rows)}."
