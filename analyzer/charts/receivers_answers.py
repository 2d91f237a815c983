"""What did other people's servers answer, receiver by receiver, as time went on?"""

from __future__ import annotations

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from analyzer import words
from analyzer.charts import heat_map, style
from analyzer.charts.destinations import leaving
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "receivers_answers"
REFUSED = ["bounced", "waiting"]
MANY = 20  # fewer recipients than this say little about a receiver
# From a light blue to a dark red: the darker, the more was refused, in grey too.
SHADES = LinearSegmentedColormap.from_list("refused", ["#dbe5ee", "#e3962b", "#a3162b", "#5c0b17"])


def receivers_answers(frame: pd.DataFrame, ground: Ground) -> style.Chart | None:
    """A heat map, receiver by time: the share that was refused or put off.

    Takes `destinations` rows; None where no other server was asked.
    """
    rows = leaving(frame).dropna(subset=["completed"])
    if rows.empty:
        return None
    rows = rows.assign(refused=rows["outcome"].isin(REFUSED), hour=rows["completed"].dt.floor("h"))
    bin = style.bin_for(rows["hour"])
    table = rows.groupby("receiver")["refused"].agg(["size", "sum"]).reset_index()
    table = table.sort_values(["size", "receiver"], ascending=[False, True], ignore_index=True)
    shown = table.head(style.ROWS_SHOWN)
    starts = rows.assign(start=style.binned(rows["hour"], bin.width))
    share = starts.groupby(["receiver", "start"])["refused"].mean()  # none where there was no mail
    height = 1.35 + 0.18 * max(len(shown), 5)
    figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
    axes = figure.subplots()
    cells = heat_map.cells(share, shown["receiver"].tolist(), bin)
    scale = heat_map.shade(figure, axes, cells, bin, SHADES, Normalize(0, 1))
    scale.set_label(f"refused or put off in {bin.words}", color=style.MUTE)
    scale.ax.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    scale.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    names = [
        f"{display(str(name), 32)} ({words.thousands(size)})"
        for name, size in zip(shown["receiver"], shown["size"], strict=True)
    ]
    axes.set_yticks([row + 0.5 for row in range(len(shown))], names, fontsize=7)
    style.hatch_gaps(axes, ground.wide_gaps())
    title = _title(table)
    style.headline(figure, title)
    axes.set_xlabel("time of the last attempt (UTC)")
    told = [
        f"{name}: {words.share(int(refused), int(size))} refused or put off"
        for name, refused, size in zip(names, shown["sum"], shown["size"], strict=True)
        if refused
    ]
    alt = (
        f"{title}. Heat map, receiver by time in {bin.words}. {'; '.join(told) or 'None refused'}."
    )
    return style.finished(NAME, title, alt, figure, ground.words("deliveries.parquet"))


def _title(table: pd.DataFrame) -> str:
    total, refused = int(table["size"].sum()), int(table["sum"].sum())
    asked = words.count(total, "recipient")
    if not refused:
        return f"No receiver refused or put off any of {asked}"
    told = f"Receivers refused or put off {words.share(refused, total)} of {asked}"
    many = table[table["size"] >= MANY]
    if len(many) < 2:
        return told
    worst = many.assign(share=many["sum"] / many["size"]).sort_values(
        ["share", "receiver"], ascending=[False, True]
    )
    name = display(str(worst["receiver"].iloc[0]), 40)
    share = words.share(int(worst["sum"].iloc[0]), int(worst["size"].iloc[0]))
    return f"{told}; {name} {share} of {words.thousands(worst['size'].iloc[0])}"
