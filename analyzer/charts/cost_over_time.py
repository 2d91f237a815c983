"""When does the cost arise, as far as the log dates it?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "cost_over_time"
DATED = ("bandwidth", "mail", "productivity")
COLORS = {
    "bandwidth": "#0c1f33",
    "mail": "#a3162b",
    "productivity": "#e3962b",
    "undated": "#d3dde7",
}
DATED_LEAST = 0.01  # of the whole; with less there is nothing to see
LESS = 0.5  # of the currency: too little to be drawn


def cost_over_time(
    bill: dict[str, Any] | None, bandwidth: pd.DataFrame, harm: pd.DataFrame, ground: Ground
) -> style.Chart | None:
    """Cumulative medians, stacked by item, with the 5 to 95 % band of the total.

    Traffic is dated by its bytes, own mail by each refusal and late mail, lost working time evenly
    from the first to the last refusal. No line dates what staff and help cost: they stand at the
    end of the log. Takes `cost` of impact.json, BANDWIDTH and HARM rows; None without a bill,
    or where the log dates next to nothing of it.
    """
    if not bill or ground.first is None or ground.last is None or not bill["total"]["mid"]:
        return None
    every = pd.date_range(ground.first.floor("h"), ground.last.ceil("h"), freq="h")
    if not 2 <= len(every) <= 24 * 366:
        return None
    share = _shares(every, bandwidth, harm)
    medians = {item["name"]: float(item["mid"]) for item in bill["items"]}
    dated = {n: share[n] * medians[n] for n in DATED if n in share and medians.get(n, 0) >= LESS}
    rest = sum(value for name, value in medians.items() if name not in dated)
    late = np.zeros(len(every))
    late[-1] = rest
    stack = pd.DataFrame({**dated, "undated": late}, index=every)
    total = stack.sum(axis="columns")
    part = float(total.iloc[-2]) / float(total.iloc[-1])
    if part < DATED_LEAST:
        return None
    figure = Figure(figsize=(style.WIDTH, 2.6), layout="constrained")
    axes = figure.subplots()
    titles = {item["name"]: display(str(item["title"]), 30) for item in bill["items"]}
    _draw(axes, stack, total, bill["total"], titles)
    unit = display(str(bill["currency"]), 12)
    title = f"The log dates {100 * part:.0f} % of the cost; staff and help come after it"
    style.headline(figure, title)
    axes.set(xlabel="time (UTC)", ylabel=f"{unit}, added up")
    style.count_axis(axes)
    style.time_axis(axes, every[0], every[-1], style.HOUR)
    style.legend(axes)
    begun = [
        f"{titles[name]} from {words.moment(stack.index[stack[name] > 0][0])}"
        for name in dated
        if (stack[name] > 0).any()
    ]
    alt = f"{title}. Cumulative medians in {unit}. {'; '.join(begun)}."
    return style.finished(NAME, title, alt, figure, ground.words("impact.json, bandwidth, harm"))


def _draw(
    axes: Axes,
    stack: pd.DataFrame,
    total: pd.Series[float],
    bill: dict[str, Any],
    titles: dict[str, str],
) -> None:
    at = style.numbers(pd.DatetimeIndex(stack.index))
    base = np.zeros(len(stack))
    for name in stack.columns:
        top = base + stack[name].to_numpy()
        said = titles.get(str(name), "not dated by the log")
        look: dict[str, Any] = {"step": "pre", "linewidth": 0, "color": COLORS[str(name)]}
        axes.fill_between(at, base, top, label=said, **look)
        if (stack[name] > 0).any() and name != "undated":
            axes.axvline(
                at[int(np.argmax(stack[name].to_numpy() > 0))],
                color=COLORS[str(name)],
                linewidth=0.7,
                linestyle=(0, (2, 2)),
            )
        base = top
    if bill["mid"]:
        low, high = (total.to_numpy() * bill[end] / bill["mid"] for end in ("low", "high"))
        edge: dict[str, Any] = {"color": style.INK, "linewidth": 0.8, "drawstyle": "steps-pre"}
        axes.plot(at, low, linestyle=(0, (2, 2)), label="5 and 95 % of the total", **edge)
        axes.plot(at, high, linestyle=(0, (2, 2)), **edge)
    axes.set_ylim(0, None)


def _shares(
    every: pd.DatetimeIndex, bandwidth: pd.DataFrame, harm: pd.DataFrame
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """How much of each item has arisen by each hour, 0 to 1."""
    found = {}
    suspect = style.suspect(bandwidth) if len(bandwidth) else "abusive"
    bad = bandwidth[bandwidth["verdict"].eq(suspect) & bandwidth["mechanism"].notna()]
    if bad["bytes_out"].sum():
        found["bandwidth"] = _added(every, bad["start"], bad["bytes_out"])
    own = harm[harm["kind"].isin(["blocked", "waiting", "delayed"]) & harm["time"].notna()]
    if len(own):
        found["mail"] = _added(every, own["time"], pd.Series(1.0, own.index))
    refused = own[own["kind"].isin(["blocked", "waiting"])]["time"]
    if len(refused):
        first, last = refused.min(), max(refused.max(), refused.min() + style.HOUR)
        done = (every - first) / (last - first)
        found["productivity"] = np.clip(np.asarray(done, dtype=np.float64), 0, 1)
    return found


def _added(
    every: pd.DatetimeIndex, times: pd.Series[pd.Timestamp], weights: pd.Series[float]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    order = np.argsort(times.to_numpy(), kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights.to_numpy(np.float64)[order])])
    place = np.searchsorted(
        style.numbers(pd.DatetimeIndex(times))[order], style.numbers(every), "right"
    )
    return np.asarray(sums[place] / sums[-1], dtype=np.float64)
