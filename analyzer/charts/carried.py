"""Which way did the abuse go: from whom, through which door, to which receiver, with what end?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analyzer import words
from analyzer.charts import style
from analyzer.charts.destinations import NO_HOST, OUTCOMES, abusive
from analyzer.charts.ground import Ground
from analyzer.charts.top_sources import MADE_HERE
from analyzer.display import display

NAME = "carried"
COLUMNS = ["source", "door", "to", "end"]
HEADS = ["handed in by", "through", "for", "became"]
NODES_SHOWN = 9  # of a column; the rest are one node
SHARE_SHOWN = 0.03  # of all recipients: less is a line too thin to be named
GAP = 0.02  # of the height, between two nodes
BAR = 0.13  # of the distance between two columns
LETTERS = 28  # that fit between two columns
PAPER = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.6}  # behind a name
END_COLORS = {said: style.OUTCOMES[outcome] for outcome, said in OUTCOMES.items()}
DOOR_NAMES = {
    "open_relay": "open relay",
    "stolen_account": "stolen login",
    "trusted_host": "trusted host",
    "local_injection": "script or user here",
    "backscatter": "notices to strangers",
}


def ways(frame: pd.DataFrame) -> pd.DataFrame:
    """Recipients of the abuse by way: COLUMNS and `recipients`. Takes `destinations` rows."""
    bad = abusive(frame, style.suspect(frame))
    bad = bad.astype(object)  # a column without any value has no type that takes names
    table = pd.DataFrame(
        {
            "source": bad["auth_user"].fillna(bad["client_ip"]).fillna(MADE_HERE),
            "door": bad["mechanism"].map(DOOR_NAMES).fillna(bad["mechanism"]),
            "to": bad["receiver"].fillna(bad["domain"]).fillna(NO_HOST),
            "end": bad["outcome"].map(OUTCOMES),
        }
    ).astype(str)
    for column in ("source", "to"):
        table[column] = _few(table[column])
    return table.groupby(COLUMNS, as_index=False).size().rename(columns={"size": "recipients"})


def _few(names: pd.Series[str]) -> pd.Series[str]:
    """The most frequent names, those that are wide enough to be seen; all others under one."""
    counts = names.value_counts().rename_axis("name").reset_index(name="rows")
    counts = counts.sort_values(["rows", "name"], ascending=[False, True])
    wide = counts[counts["rows"] >= SHARE_SHOWN * len(names)].head(NODES_SHOWN)
    if len(counts) - len(wide) <= 1:
        return names
    others = f"{words.thousands(len(counts) - len(wide))} others"
    return names.where(names.isin(set(wide["name"])), others)


def flows(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Between each column and the next: `left`, `right`, `recipients`; every total is the same."""
    found = []
    for left, right in pairwise(COLUMNS):
        sums = table.groupby([left, right])["recipients"].sum()
        found.append(sums.rename_axis(["left", "right"]).reset_index())
    return found


def carried(frame: pd.DataFrame, ground: Ground) -> style.Chart | None:
    """A Sankey diagram of recipients. Takes `destinations` rows; None without abuse."""
    table = ways(frame)
    if table.empty:
        return None
    orders = [_order(table, column) for column in COLUMNS]
    rows = max(len(order) for order in orders)
    figure = Figure(figsize=(style.WIDTH, 1.2 + 0.21 * max(rows, 6)), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    places = [_places(order, int(table["recipients"].sum())) for order in orders]
    for stage, links in enumerate(flows(table)):
        _ribbons(axes, stage, links, orders, places)
    for stage, order in enumerate(orders):
        _nodes(axes, stage, order, places[stage])
    axes.set(xlim=(-0.02, len(COLUMNS) - 1 + 0.62), ylim=(1.08, -0.02))
    title = _title(table, style.suspect(frame))
    style.headline(figure, title)
    alt = f"{title}. Sankey diagram of recipients. " + ". ".join(
        f"{head}: " + ", ".join(f"{display(name, 45)} {size:,}" for name, size in order.items())
        for head, order in zip(HEADS, orders, strict=True)
    )
    return style.finished(NAME, title, f"{alt}.", figure, ground.words("deliveries.parquet"))


def _order(table: pd.DataFrame, column: str) -> dict[str, int]:
    """Nodes of a column with their recipients: the most first, others last, ends in their order."""
    sums = table.groupby(column)["recipients"].sum()
    if column == "end":
        return {said: int(sums[said]) for said in OUTCOMES.values() if said in sums.index}
    named = sorted(
        ((str(name), int(size)) for name, size in sums.items()),
        key=lambda node: (node[0].endswith(" others"), -node[1], node[0]),
    )
    return dict(named)


def _places(order: dict[str, int], total: int) -> dict[str, tuple[float, float]]:
    """Top and height of each node, in a column of height 1."""
    room = 1 - GAP * (len(order) - 1)
    top, places = 0.0, {}
    for name, size in order.items():
        places[name] = (top, room * size / total)
        top += room * size / total + GAP
    return places


def _ribbons(
    axes: Axes,
    stage: int,
    links: pd.DataFrame,
    orders: list[dict[str, int]],
    places: list[dict[str, tuple[float, float]]],
) -> None:
    """From the right edge of one column's nodes to the left edge of the next one's."""
    rank = {name: at for order in orders[stage : stage + 2] for at, name in enumerate(order)}
    found: list[tuple[str, str, int]] = list(
        zip(links["left"], links["right"], links["recipients"], strict=True)
    )
    used: dict[tuple[int, str], float] = {}
    for left, right, recipients in sorted(found, key=lambda link: (rank[link[0]], rank[link[1]])):
        edges = []
        for column, name in ((stage, left), (stage + 1, right)):
            top, height = places[column][name]
            wide = height * recipients / orders[column][name]
            begin = top + used.get((column, name), 0.0)
            used[column, name] = used.get((column, name), 0.0) + wide
            edges.append((begin, begin + wide))
        shape = _curve(stage + BAR, stage + 1, edges[0], edges[1])
        color = END_COLORS.get(right, "#8f9bab")
        axes.add_patch(PathPatch(shape, facecolor=color, alpha=0.42, linewidth=0))


def _curve(left: float, right: float, a: tuple[float, float], b: tuple[float, float]) -> Path:
    middle = (left + right) / 2
    points = [
        (left, a[0]),
        (middle, a[0]),
        (middle, b[0]),
        (right, b[0]),
        (right, b[1]),
        (middle, b[1]),
        (middle, a[1]),
        (left, a[1]),
        (left, a[0]),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path(np.array(points), codes)


def _nodes(
    axes: Axes, stage: int, order: dict[str, int], places: dict[str, tuple[float, float]]
) -> None:
    """Bars with names; a name is moved down where its neighbour's would cover it."""
    lowest = -1.0
    for name, size in order.items():
        top, height = places[name]
        color = END_COLORS.get(name, style.INK)
        look: dict[str, Any] = {"align": "edge", "color": color, "linewidth": 0}
        axes.barh(top, BAR, height, left=stage, **look)
        at = max(top + height / 2, lowest + 0.045)
        lowest = at
        text = label(name, size)
        look = {"va": "center", "fontsize": 6.8, "color": style.INK, "bbox": PAPER, "zorder": 3}
        axes.text(stage + BAR + 0.03, at, text, **look)
    axes.text(stage, 1.065, HEADS[stage], fontsize=7, color=style.MUTE, va="center")


def label(name: str, size: int) -> str:
    """A node's name and number: what is too long for the place is cut off the name."""
    number = f"  {size:,}"
    return f"{display(name, LETTERS - len(number))}{number}"


def _title(table: pd.DataFrame, suspect: str) -> str:
    total = int(table["recipients"].sum())
    accepted = int(table.loc[table["end"] == OUTCOMES["delivered"], "recipients"].sum())
    whole = words.count(total, "recipient")
    told = words.share(accepted, total) if accepted else "None"
    were = words.form(total, "was", "were")
    return (
        f"{words.capital(told)} of the {whole} of the {style.DOUBT[suspect]}abuse {were} accepted "
        "by the next server"
    )
