"""When did this server carry other people's mail, and how much of its mail was that?"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.counted import cause
from analyzer.charts.ground import Ground

NAME = "relayed_mail"
# What the abusive mail was, for the title. One door has to account for nearly all of it.
PREDICATES = {
    "open_relay": "was relayed for strangers",
    "stolen_account": "was sent with a misused login",
    "trusted_host": "was sent by trusted hosts that were misused",
    "local_injection": "was injected on the server itself",
    "backscatter": "was notices to strangers",
}
NEARLY_ALL = 0.9


def relayed_mail(volume: pd.DataFrame, ground: Ground) -> style.Chart:
    """Stacked bars of messages received, by verdict. Takes VOLUME rows."""
    timed = volume.dropna(subset=["hour"])
    if timed.empty:
        return style.empty(NAME, "No message was read", "The log holds no message with a time.")
    bin = style.bin_for(timed["hour"])
    bars = (
        timed.assign(start=style.binned(timed["hour"], bin.width))
        .pivot_table(index="start", columns="verdict", values="messages", aggfunc="sum")
        .reindex(columns=list(style.VERDICTS))
        .fillna(0)
    )
    figure = Figure(figsize=(style.WIDTH, 2.6), layout="constrained")
    axes = figure.subplots()
    _stack(axes, bars, bin)
    _alarms(axes, bars, ground, bin)
    style.hatch_gaps(axes, ground.wide_gaps())
    title = _title(timed, ground)
    style.headline(figure, title)
    axes.set(xlabel="time (UTC)", ylabel=f"messages in {bin.words}")
    style.count_axis(axes)
    style.time_axis(axes, bars.index.min(), bars.index.max(), bin.width)
    style.legend(axes)
    alt = _alt(timed, bars, bin, title)
    return style.finished(NAME, title, alt, figure, ground.words("volume.parquet"))


def _stack(axes: Axes, bars: pd.DataFrame, bin: style.Bin) -> None:
    """One bar a bin, parted by verdict."""
    starts = style.numbers(pd.DatetimeIndex(bars.index))
    base = bars["legitimate"] * 0
    # Ordinary mail lies at the bottom: what the abuse added stands on it.
    for verdict in ("legitimate", "unclear", "abusive"):
        if not bars[verdict].any():
            continue
        axes.bar(
            starts,
            bars[verdict],
            bin.width / pd.Timedelta(days=1),
            bottom=base,
            align="edge",
            color=style.VERDICTS[verdict],
            edgecolor="white",
            linewidth=0.3,
            hatch=style.HATCH.get(verdict),
            label=f"{verdict} ({words.thousands(bars[verdict].sum())})",
        )
        base = base + bars[verdict]


def _alarms(axes: Axes, bars: pd.DataFrame, ground: Ground, bin: style.Bin) -> None:
    """What a bin of ordinary mail usually has, and where the detector of spikes spoke."""
    usual = float(bars["legitimate"].median())
    if usual:
        label = f"ordinary mail, median {usual:,.0f}"
        axes.axhline(usual, color=style.MUTE, linewidth=0.8, linestyle=(0, (4, 2)), label=label)
    heights = bars.sum(axis="columns")
    floors = pd.DatetimeIndex([spike.floor(bin.width) for spike in ground.spikes])
    starts = pd.DatetimeIndex(bars.index[bars.index.isin(floors)])
    if len(starts):
        at = style.numbers(starts) + bin.width / pd.Timedelta(days=1) / 2
        top = heights.loc[starts] + float(heights.max()) * 0.05
        look: dict[str, Any] = {"marker": "v", "s": 14, "color": style.INK, "linewidth": 0}
        axes.scatter(at, top, label=f"spike reported ({len(starts)})", **look)


def _title(timed: pd.DataFrame, ground: Ground) -> str:
    suspect = style.suspect(timed)
    bad = timed[timed["verdict"] == suspect]
    if not bad["messages"].any():
        return f"None of {words.count(int(timed['messages'].sum()), 'message')} was judged abusive"
    main = main_door(cause(bad, ground))
    if main:
        bad = bad[bad["mechanism"] == main]
    hours = bad["hour"].unique()
    within = int(timed.loc[timed["hour"].isin(hours), "messages"].sum())
    share = words.share(int(bad["messages"].sum()), within)
    predicate = PREDICATES.get(main, "was abuse of this server")
    span = "one hour" if len(hours) == 1 else f"these {words.thousands(len(hours))} hours"
    told = f"{share} of the mail of {span} {predicate}"
    return f"Possibly, {told}" if suspect == "unclear" else words.capital(told)


def main_door(bad: pd.DataFrame) -> str:
    """The door that nearly all of these messages came by, or nothing."""
    by_door = bad.groupby("mechanism")["messages"].sum().sort_index()
    if by_door.empty or by_door.max() < NEARLY_ALL * by_door.sum():
        return ""
    return str(by_door.idxmax())


def _alt(timed: pd.DataFrame, bars: pd.DataFrame, bin: style.Bin, title: str) -> str:
    bad = bars[style.suspect(timed)]
    text = (
        f"{title}. Bars of messages in {bin.words}, from {words.moment(bars.index.min())} to "
        f"{words.moment(bars.index.max() + bin.width)}."
    )
    if not bad.any():
        return text
    seen = bad[bad > 0]
    start, end = words.moment(seen.index.min()), words.moment(seen.index.max() + bin.width)
    most = words.count(int(bad.max()), "message")
    return (
        f"{text} It lies between {start} and {end}; at most {most} in {bin.words}, "
        f"from {words.moment(pd.Timestamp(str(bad.idxmax())))}."
    )
