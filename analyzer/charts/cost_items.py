"""What does it cost, item by item, and how sure is each?"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "cost_items"
# Where a number comes from: dark to light, so that grey print keeps the order.
LABELS = {"measured": "#1d4e79", "given": "#5f93bd", "assumed": "#d3dde7"}


def cost_items(bill: dict[str, Any] | None, ground: Ground) -> style.Chart | None:
    """Medians as bars, 5th to 95th percentile as whiskers. Takes `cost` of impact.json."""
    if not bill:
        return None
    items = [item for item in bill["items"] if item["high"] >= 0.5] or bill["items"][:1]
    items = [*sorted(items, key=lambda item: -item["mid"]), bill["total"]]
    unit = display(str(bill["currency"]), 12)
    figure = Figure(figsize=(style.WIDTH, 1.25 + 0.24 * len(items)), layout="constrained")
    axes = figure.subplots()
    widest = max(item["high"] for item in items) or 1
    for row, item in enumerate(items):
        color = LABELS.get(item["label"], LABELS["assumed"])
        look: dict[str, Any] = {"edgecolor": "#5b6577", "linewidth": 0.5, "color": color}
        axes.barh(row, item["mid"], 0.66, **look)
        axes.plot([item["low"], item["high"]], [row, row], color=style.INK, linewidth=1.1)
        axes.scatter([item["low"], item["high"]], [row, row], s=22, marker="|", color=style.INK)
        said = f"{item['low']:,.0f} – {item['mid']:,.0f} – {item['high']:,.0f}"
        axes.text(
            item["high"] + widest * 0.012, row, said, va="center", fontsize=7, color=style.MUTE
        )
    for name in dict.fromkeys(item["label"] for item in items):
        axes.barh([0], [0], color=LABELS.get(name), edgecolor="#5b6577", linewidth=0.5, label=name)
    names = [display(str(item["title"]), 40) for item in items]
    axes.set_yticks(range(len(items)), names)
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.set(
        xlim=(0, widest * 1.28), ylim=(len(items) - 0.4, -0.6), xlabel=f"{unit}: median, 5 to 95 %"
    )
    style.count_axis(axes, horizontal=True)
    style.legend(axes)
    title = _title(items, unit)
    style.headline(figure, title)
    told = [
        f"{name} {item['mid']:,.0f} ({item['low']:,.0f} to {item['high']:,.0f}, {item['label']})"
        for name, item in zip(names, items, strict=True)
    ]
    alt = f"{title}. Bars, {unit}: {'; '.join(told)}."
    return style.finished(NAME, title, alt, figure, ground.words("impact.json"))


def _title(items: list[dict[str, Any]], unit: str) -> str:
    total, first = items[-1], items[0]
    most = words.capital(display(str(first["title"]), 40))
    told = f"Between {total['low']:,.0f} and {total['high']:,.0f} {unit}, nine times in ten"
    return f"{told}; {most.lower()} is the largest item" if len(items) > 2 else told
