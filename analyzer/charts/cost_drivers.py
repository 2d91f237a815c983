"""Which numbers decide the cost: what would the total be at their lowest and highest?"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.cost_items import LABELS
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "cost_drivers"


def cost_drivers(bill: dict[str, Any] | None, ground: Ground) -> style.Chart | None:
    """A tornado: the total with one input at each of its ends, all others at mid.

    Takes `cost` of impact.json; None where nothing moves the total.
    """
    drivers = (bill or {}).get("drivers") or []
    if not bill or not drivers:
        return None
    unit = display(str(bill["currency"]), 12)
    middle = float(bill["total"]["at_mid"])
    figure = Figure(figsize=(style.WIDTH, 1.3 + 0.24 * len(drivers)), layout="constrained")
    axes = figure.subplots()
    for row, driver in enumerate(drivers):
        low, high = sorted((driver["total_at_low"], driver["total_at_high"]))
        look: dict[str, Any] = {"edgecolor": "#5b6577", "linewidth": 0.5}
        look["color"] = LABELS.get(driver["label"], LABELS["assumed"])
        axes.barh(row, high - low, 0.66, left=low, **look)
        said = f"{driver['correlation']:.2f}"
        axes.annotate(
            said, (high, row), (4, 0), textcoords="offset points", va="center", fontsize=7
        )
    axes.axvline(middle, color=style.INK, linewidth=0.9, label=f"all at mid: {middle:,.0f}")
    for name in dict.fromkeys(driver["label"] for driver in drivers):
        axes.barh([0], [0], color=LABELS.get(name), edgecolor="#5b6577", linewidth=0.5, label=name)
    names = [display(str(driver["title"]), 44) for driver in drivers]
    axes.set_yticks(range(len(drivers)), names)
    axes.set(
        ylim=(len(drivers) - 0.4, -0.6), xlabel=f"total in {unit}; rank correlation at the end"
    )
    style.count_axis(axes, horizontal=True)
    style.legend(axes)
    title = f"Check these first: {words.listing([name.lower() for name in names[:3]])}"
    style.headline(figure, title)
    told = [
        f"{name}: {d['total_at_low']:,.0f} to {d['total_at_high']:,.0f}, correlation "
        f"{d['correlation']:.2f}"
        for name, d in zip(names, drivers, strict=True)
    ]
    alt = f"{title}. Bars of the total in {unit}. {'; '.join(told)}."
    return style.finished(NAME, title, alt, figure, ground.words("impact.json"))
