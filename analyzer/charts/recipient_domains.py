"""Whose users got the abuse, and did it reach them?"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.destinations import OUTCOMES, abusive
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "recipient_domains"
DOMAINS_SHOWN = 12
NO_DOMAIN = "no domain"


def recipient_domains(frame: pd.DataFrame, ground: Ground) -> style.Chart | None:
    """Bars of recipients by domain, parted by outcome. Takes `destinations` rows.

    None where nothing was abuse: then there is nothing to show.
    """
    suspect = style.suspect(frame)
    bad = abusive(frame, suspect)
    if bad.empty:
        return None
    table = _table(bad)
    shown, rest = table.head(DOMAINS_SHOWN), table.iloc[DOMAINS_SHOWN:]
    if len(rest):
        others = rest.sum().to_frame(f"{words.count(len(rest), 'other domain')}").T
        shown = pd.concat([shown, others])
    figure = Figure(figsize=(style.WIDTH, 1.3 + 0.165 * len(shown)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(shown))
    base = shown["all"] * 0
    for outcome, said in OUTCOMES.items():
        if not shown[outcome].any():
            continue
        look: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.3}
        look |= {"color": style.OUTCOMES[outcome], "hatch": style.OUTCOME_HATCH.get(outcome)}
        label = f"{said} ({words.thousands(table[outcome].sum())})"
        axes.barh(rows, shown[outcome], 0.72, left=base, label=label, **look)
        base = base + shown[outcome]
    style.count_at_end(axes, shown["all"])
    names = [display(str(name), 36) for name in shown.index]
    axes.set_yticks(rows, names, fontsize=7)
    title = _title(table, suspect)
    style.headline(figure, title)
    style.count_axis(axes, horizontal=True)
    axes.set(xlabel="recipients", ylim=(len(shown) - 0.4, -0.6))
    style.legend(axes)
    told = [
        f"{name} {words.count(int(whole), 'recipient')}"
        for name, whole in zip(names, shown["all"], strict=True)
    ]
    alt = f"{title}. Bars: {'; '.join(told)}."
    return style.finished(NAME, title, alt, figure, ground.words("deliveries.parquet"))


def _table(bad: pd.DataFrame) -> pd.DataFrame:
    """Recipients by domain and outcome, the most first."""
    domains = bad["domain"].fillna(NO_DOMAIN).replace("", NO_DOMAIN)
    table = (
        bad.groupby([domains, "outcome"])
        .size()
        .unstack("outcome", fill_value=0)
        .reindex(columns=list(OUTCOMES), fill_value=0)
    )
    table["all"] = table.sum(axis="columns")
    table.index.name = "domain"
    return (
        table.reset_index()
        .sort_values(["all", "domain"], ascending=[False, True])
        .set_index("domain")
    )


def _title(table: pd.DataFrame, suspect: str) -> str:
    total = int(table["all"].sum())
    first = words.share(int(table["all"].iloc[0]), total)
    name = display(str(table.index[0]), 40)
    whole = words.count(total, "recipient")
    if len(table) == 1:
        were = words.form(total, "was", "were")
        return f"All {whole} of the {style.DOUBT[suspect]}abuse {were} at {name}"
    domains = words.count(len(table), "domain")
    return f"The {style.DOUBT[suspect]}abuse went to {domains}; {name} has {first} of the {whole}"
