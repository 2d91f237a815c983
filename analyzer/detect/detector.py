"""What is a detector, and how does evidence become a finding?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.schema import NOT_DELIVERIES

PLACES_SHOWN = 10  # enough to check a finding by hand
# Sources of one detector with a finding of their own. A flood may have a million; nobody reads or
# blocks more than the busiest by hand, and the tables have them all.
SOURCES_SHOWN = 1000
# What `totals` and `evidence_of` read of deliveries.
TOLD = ["origin_life", "received", "status", "size", "orig_source", "orig_line", "orig_offset"]
PLACE = ["source", "line", "offset"]
OUTCOMES = {
    "delivered": ["delivered"],
    "bounced": ["bounced", "rejected"],
    "deferred": ["deferred", "held"],
    "expired": ["expired"],
}


@dataclass(frozen=True)
class Evidence:
    """What detectors look at.

    Args:
        deliveries: Rows of DELIVERIES with the sides (`client_side`, ...) that messages tells; a
            detector also finds `mechanism` and `verdict` in them.
        attempts: `time, server, client_ip, auth_user, kind, repeat`, place of ATTEMPTS, and
            `client_side`.
        server_events: `time, server, action`, place of starts, reloads and stops.
        begins: First time of the log; None where no line tells one.
        ends: Last time of the log.
        site_known: Is who is local stated, not inferred?
        doubted_networks: Stated networks that are too wide to be believed.
        inferred_domains: What was taken for ours; the stated domains where they are stated.
        lost_lines: `time, server, lost, relay`, place of lines that tell of lines that were
            dropped.
        clocks: `server, next_server, hand_overs, seconds, mad`: how far two servers disagree.
        jumps: `what, source, server, line, time, seconds, lines, ahead_line, zone`: where a
            file goes `back` in time or leaps ahead (`shifted`, `ahead`), says that a clock was
            `set`, or has an hour that clocks of its zone show `twice` or `never`.
        absent: `server, since, until, newer, older, absent`, place: parts of rotated logs that are
            not among the evidence.
        networks: Stated networks that are believed.
        runs: Runs of misuse, see `analyzer.detect.misuse`; deliveries have their numbers as `run`.
        hints: `key, value, times, reason`: what may be ours, and only the owner can say.
        relay_domains_known: Is it stated whose backup or gateway we are?
    """

    deliveries: pd.DataFrame
    attempts: pd.DataFrame
    server_events: pd.DataFrame
    begins: pd.Timestamp | None
    ends: pd.Timestamp | None
    site_known: bool
    doubted_networks: tuple[str, ...]
    inferred_domains: tuple[str, ...]
    lost_lines: pd.DataFrame = field(default_factory=pd.DataFrame)
    clocks: pd.DataFrame = field(default_factory=pd.DataFrame)
    jumps: pd.DataFrame = field(default_factory=pd.DataFrame)
    absent: pd.DataFrame = field(default_factory=pd.DataFrame)
    networks: tuple[str, ...] = ()
    runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    hints: pd.DataFrame = field(default_factory=pd.DataFrame)
    relay_domains_known: bool = True


@dataclass(frozen=True)
class Detector:
    """A question, what its verdicts mean, and what in its answer a stranger could have forged."""

    name: str
    question: str
    verdicts: dict[str, str]
    forgeable: str
    judge: Callable[[Evidence], pd.DataFrame]


def busiest(rows: pd.DataFrame, by: str) -> pd.Series[bool]:
    """Which rows are of the SOURCES_SHOWN sources with most of them; of equals the first by name.

    The others get one finding a server, so that nothing is dropped.
    """
    sizes = rows.groupby(by).size()
    if len(sizes) <= SOURCES_SHOWN:
        return pd.Series(True, rows.index)
    leading = sizes.sort_values(ascending=False, kind="stable").index[:SOURCES_SHOWN]
    return rows[by].isin(leading)


def places(rows: pd.DataFrame, prefix: str = "") -> list[dict[str, Any]]:
    """The first places of the rows, as `evidence` of a finding."""
    columns = [f"{prefix}{name}" for name in ("source", "line", "offset")]
    shown = rows[columns].dropna().drop_duplicates().head(PLACES_SHOWN)
    return [
        {"source": source, "line": int(line), "offset": int(offset)}
        for source, line, offset in shown.itertuples(index=False)
    ]


def measured(found: pd.DataFrame, what: Mapping[str, tuple[str, float]]) -> pd.Series[Any]:
    """What was measured of each finding: name → column and the threshold that it was held to."""
    rows = found[[column for column, _ in what.values()]].astype("float64").to_numpy().tolist()
    names = [(name, float(threshold)) for name, (_, threshold) in what.items()]
    told = [
        [
            {"what": name, "value": round(value, 1), "threshold": threshold}
            for (name, threshold), value in zip(names, row, strict=True)
        ]
        for row in rows
    ]
    return pd.Series(told, found.index, dtype=object)


def totals(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Messages, recipients, bytes and outcomes of delivery rows, one row a value of *by*."""
    rows = rows.loc[rows[by].notna(), [by, *TOLD[:4]]]
    number, names = pd.factorize(rows[by], sort=True)
    once = ~pd.DataFrame({"of": number, "life": rows["origin_life"]}).duplicated().to_numpy()
    size = rows["size"].fillna(0).to_numpy(np.int64)[once]
    seen = rows["received"].groupby(number).agg(["min", "max"])

    def count(which: npt.NDArray[np.bool_] | pd.Series[bool]) -> npt.NDArray[np.int64]:
        return np.bincount(number[which], minlength=len(names))

    return pd.DataFrame(
        {
            "messages": count(once),
            "first_seen": seen["min"].array,
            "last_seen": seen["max"].array,
            **{name: count(rows["status"].isin(those)) for name, those in OUTCOMES.items()},
            "recipients": count(~rows["status"].isin(NOT_DELIVERIES)),
            "bytes": pd.Series(size).groupby(number[once]).sum().to_numpy(),
        },
        pd.Index(names, name=by),
    )


def evidence_of(
    rows: pd.DataFrame, by: str, prefix: str = "", shown: int = PLACES_SHOWN
) -> pd.Series[Any]:
    """The first places of each value of *by*, indexed by it; a flood has a million of them."""
    columns = [by, *(f"{prefix}{name}" for name in ("source", "line", "offset"))]
    first = rows[columns].dropna().drop_duplicates().groupby(by, sort=False).head(shown)
    found: dict[Any, list[dict[str, Any]]] = {name: [] for name in rows[by].dropna().unique()}
    for name, source, line, offset in first.itertuples(index=False):
        found[name].append({"source": source, "line": int(line), "offset": int(offset)})
    return pd.Series(found, dtype=object)
