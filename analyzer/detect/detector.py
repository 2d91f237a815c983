"""What is a detector, and how does evidence become a finding?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

PLACES_SHOWN = 10  # enough to check a finding by hand
NOT_DELIVERIES = ["expanded", "filtered"]


@dataclass(frozen=True)
class Evidence:
    """What detectors look at.

    `deliveries`: rows of DELIVERIES with `mechanism`, `verdict`, and the sides (`client_side`, ...).
    `attempts`: rows of ATTEMPTS with `client_side`. `server_events`: `time, server, action` of starts, reloads
    and stops. `begins`, `ends`: first and last time of the log. `site_known`: is who is local stated?
    """

    deliveries: pd.DataFrame
    attempts: pd.DataFrame
    server_events: pd.DataFrame
    begins: pd.Timestamp
    ends: pd.Timestamp
    site_known: bool
    doubted_networks: tuple[str, ...]
    inferred_domains: tuple[str, ...]


@dataclass(frozen=True)
class Detector:
    """A question, what its verdicts mean, and what in its answer a stranger could have forged."""

    name: str
    question: str
    verdicts: dict[str, str]
    forgeable: str
    judge: Callable[[Evidence], pd.DataFrame]


def places(rows: pd.DataFrame, prefix: str = "") -> list[dict[str, Any]]:
    """The first places of the rows, as `evidence` of a finding."""
    columns = [f"{prefix}{name}" for name in ("source", "line", "offset")]
    shown = rows[columns].dropna().drop_duplicates().head(PLACES_SHOWN)
    return [
        {"source": s, "line": int(n), "offset": int(o)} for s, n, o in shown.itertuples(index=False)
    ]


def totals(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Messages, recipients, bytes and outcomes of delivery rows, one row a value of *by*."""
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)]
    outcome = counted["status"]
    each = counted.assign(
        delivered=outcome.eq("delivered"),
        bounced=outcome.isin(["bounced", "rejected"]),
        deferred=outcome.isin(["deferred", "held"]),
        expired=outcome.eq("expired"),
    )
    grouped = (
        each.groupby(by)[["delivered", "bounced", "deferred", "expired"]].sum().astype("int64")
    )
    once = rows.drop_duplicates([by, "origin_life"])
    return grouped.assign(
        messages=rows.groupby(by)["origin_life"].nunique(),
        recipients=counted.groupby(by).size(),
        bytes=once.groupby(by)["size"].sum().astype("int64"),
        first_seen=rows.groupby(by)["received"].min(),
        last_seen=rows.groupby(by)["received"].max(),
    )
