"""Which addresses handed the mail in, and how was it judged?"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.counted import cause
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "top_sources"
MADE_HERE = "made on this server"


def by_source(volume: pd.DataFrame) -> pd.DataFrame:
    """Recipients: a row a source, a column a verdict; abusive sources first, then by size."""
    table = (
        volume.assign(source=volume["client_ip"].fillna(MADE_HERE))
        .pivot_table(index="source", columns="verdict", values="recipients", aggfunc="sum")
        .reindex(columns=list(style.VERDICTS))
        .fillna(0)
    )
    table["all"] = table.sum(axis="columns")
    table = table.reset_index()
    order = ["abusive", "unclear", "all", "source"]
    return table.sort_values(order, ascending=[False, False, False, True], ignore_index=True)


def top_sources(volume: pd.DataFrame, ground: Ground) -> style.Chart:
    """Bars of recipients, the first twelve sources and the others together. Takes VOLUME rows."""
    table = by_source(volume)
    table = table[table["all"] > 0]
    if table.empty:
        return style.empty(NAME, "No source was seen", "The log holds no delivery.")
    shown, rest = table.head(style.ROWS_SHOWN), table.iloc[style.ROWS_SHOWN :]
    if len(rest):
        others = rest.drop(columns="source").sum().to_frame().T
        others["source"] = f"{words.thousands(len(rest))} others"
        shown = pd.concat([shown, others], ignore_index=True)
    figure = Figure(figsize=(style.WIDTH, 1.35 + 0.19 * len(shown)), layout="constrained")
    axes = figure.subplots()
    _bars(axes, shown, table)
    suspect = style.suspect(volume)
    names = style.name_sources(axes, shown, range(len(shown)), suspect)
    bad = by_source(cause(volume[volume["verdict"] == suspect], ground))
    title = _title(bad, table, suspect)
    style.headline(figure, title)
    style.count_axis(axes, horizontal=True)
    style.legend(axes)
    alt = _alt(shown, names, title, suspect)
    return style.finished(NAME, title, alt, figure, ground.words("volume.parquet"))


def _bars(axes: Axes, shown: pd.DataFrame, table: pd.DataFrame) -> None:
    """One bar a row, parted by verdict, its whole at its end."""
    rows = range(len(shown))
    base = shown["all"] * 0
    for verdict, color in style.VERDICTS.items():
        if not shown[verdict].any():
            continue
        look: dict[str, Any] = {"color": color, "hatch": style.HATCH.get(verdict)}
        look |= {"edgecolor": "white", "linewidth": 0.3}
        label = f"{verdict} ({words.thousands(table[verdict].sum())})"
        axes.barh(rows, shown[verdict], 0.72, left=base, label=label, **look)
        base = base + shown[verdict]
    style.count_at_end(axes, shown["all"])
    axes.set(xlabel="recipients", ylim=(len(shown) - 0.4, -0.6))


def _title(bad: pd.DataFrame, table: pd.DataFrame, suspect: str) -> str:
    bad = bad[bad[suspect] > 0]
    if bad.empty:
        return f"None of {words.count(len(table), 'source')} was abusive"
    total = int(bad[suspect].sum())
    abuse = f"{style.DOUBT[suspect]}abuse"
    addresses = bad[bad["source"] != MADE_HERE]
    if addresses.empty:
        return f"Mail made here reached all {words.count(total, 'recipient')} of the {abuse}"
    top = addresses.head(3)
    reached = words.share(int(top[suspect].sum()), total)
    if len(addresses) == 1:
        only = display(str(top["source"].iloc[0]), 45)
        return f"One address, {only}, accounts for {reached} of the {abuse}"
    if len(addresses) <= 3:
        whole = words.count(total, "recipient")
        return f"{len(addresses)} addresses account for {reached} of the {whole} of the {abuse}"
    number = words.count(len(addresses), "address")
    return f"The {abuse} came from {number}; the first 3 account for {reached} of its recipients"


def _alt(shown: pd.DataFrame, names: list[str], title: str, suspect: str) -> str:
    rows = [
        f"{name} {words.count(int(whole), 'recipient')}, {words.thousands(bad)} of them {suspect}"
        for name, whole, bad in zip(names, shown["all"], shown[suspect], strict=True)
    ]
    return f"{title}. Bars: " + "; ".join(rows) + "."
