"""Whose legitimate mail was refused or late, day by day?"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "harmed_mail"
DAY = pd.Timedelta(days=1)
# Kind → how it is said, how in the legend, which is one row, colour, hatch.
KINDS = {
    "blocked": ("refused, never delivered", "refused, lost", "#a3162b", None),
    "waiting": (
        "refused, still waiting when the log ends",
        "refused, still waits",
        "#c9657a",
        "\\\\\\\\",
    ),
    "delayed": ("later than usual", "later than usual", "#e3962b", "////"),
    "notice": ("notices about abuse to own users", "notices to own users", "#7f9cb8", "...."),
}


def harmed_mail(harm: dict[str, Any], ground: Ground) -> style.Chart | None:
    """Stacked bars by day. Takes `harm` of impact.json; None where nobody was harmed."""
    days = pd.DataFrame(harm.get("by_day") or [], columns=["day", *KINDS])
    if days.empty:
        return None
    days.index = pd.DatetimeIndex(pd.to_datetime(days["day"], utc=True))
    every = pd.date_range(days.index.min(), days.index.max(), freq="D")
    # An earlier version knew fewer kinds.
    days = days[list(KINDS)].fillna(0).astype("int64").reindex(every, fill_value=0)
    figure = Figure(figsize=(style.WIDTH, 2.3), layout="constrained")
    axes = figure.subplots()
    starts = style.numbers(pd.DatetimeIndex(days.index))
    base = days["blocked"] * 0
    for kind, (_, short, color, hatch) in KINDS.items():
        if not days[kind].any():
            continue
        look: dict[str, Any] = {"align": "edge", "edgecolor": "white", "linewidth": 0.3}
        look |= {"color": color, "hatch": hatch, "bottom": base}
        label = f"{short} ({words.thousands(days[kind].sum())})"
        axes.bar(starts, days[kind], 1.0, label=label, **look)
        base = base + days[kind]
    style.hatch_gaps(axes, ground.wide_gaps())
    title = _title(days, harm.get("by_partner") or [])
    style.headline(figure, title)
    axes.set(xlabel="time (UTC)", ylabel="recipients a day")
    style.count_axis(axes)
    style.time_axis(axes, days.index.min(), days.index.max(), DAY)
    style.legend(axes)
    told = [
        f"{words.day(pd.Timestamp(str(day)))}: "
        + ", ".join(f"{words.thousands(row[kind])} {KINDS[kind][0]}" for kind in KINDS)
        for day, row in days[days.sum(axis="columns") > 0].head(31).iterrows()
    ]
    alt = f"{title}. Bars a day. {'; '.join(told)}."
    return style.finished(NAME, title, alt, figure, ground.words("harm.parquet"))


def _title(days: pd.DataFrame, partners: list[dict[str, Any]]) -> str:
    lost, waiting, late, notices = (int(days[kind].sum()) for kind in KINDS)
    if refused := lost + waiting:
        hurt = [row for row in partners if row["blocked"] or row.get("waiting")]
        told = f"Mail of ours to {words.count(refused, 'recipient')} was refused"
        if waiting:
            wait = words.form(waiting, "waits", "wait")
            told += ", and still waits" if not lost else f", of which {waiting:,} still {wait}"
        if not hurt:
            return told
        first = display(str(hurt[0]["partner"]), 40)
        return f"{told}; {words.count(len(hurt), 'partner domain')}, {first} most"
    told = "No mail of ours was refused"
    if late:
        return f"{told}; to {words.count(late, 'recipient')} it was later than usual"
    return f"{told}; {words.count(notices, 'notice')} about abuse reached own users"
