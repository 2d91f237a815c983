"""What is a detector, and how does evidence become a finding?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.rows import Flags, Int32, Int64, heads, slices, those
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
COUNTED = ["messages", *OUTCOMES, "recipients", "bytes"]  # the first and last once a message
LATEST = np.iinfo(np.int64).max
NEVER = np.datetime64("NaT", "us")

Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Evidence:
    """What detectors look at.

    Args:
        deliveries: Rows of DELIVERIES, in order of `received, source, line`, with the sides
            (`client_side`, ...) that messages tells; a detector also finds `mechanism` and
            `verdict` in them.
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
        silences: `server, since, until`, place: when a server that never rests logged nothing.
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
    silences: pd.DataFrame = field(default_factory=pd.DataFrame)
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


def busiest(sizes: pd.Series[int]) -> pd.Index[str]:
    """The SOURCES_SHOWN sources with most rows; of equals the first by name.

    The others get one finding a server, so that nothing is dropped.

    Args:
        sizes: Number of rows of each source, by name.
    """
    leading: pd.Index[str] = sizes.sort_values(ascending=False, kind="stable").index
    return leading[:SOURCES_SHOWN]


def places(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The first places of the rows, as `evidence` of a finding."""
    shown = rows[PLACE].dropna().drop_duplicates().head(PLACES_SHOWN)
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
    """Messages, recipients, bytes and outcomes of delivery rows, one row a value of *by*.

    Args:
        by: A column. Of rows that are too many to be copied, it is a category: then there is a row
            for each, in their order.
    """
    number, names = numbers(rows[by])
    first = once(number, rows["origin_life"].to_numpy(np.int64))
    sums = np.zeros((len(COUNTED), len(names)), np.int64)
    for some in slices(len(rows)):
        mine = number[some] >= 0
        of, told = number[some][mine], those(rows[["status", "size"]][some], mine)
        sums[1:-1] += [np.bincount(of[which], minlength=len(names)) for which in _outcomes(told)]
        new = first[some][mine]
        sums[0] += np.bincount(of[new], minlength=len(names))
        np.add.at(sums[-1], of[new], told["size"].fillna(0).to_numpy(np.int64)[new])
    found = pd.DataFrame(dict(zip(COUNTED, sums, strict=True)), pd.Index(names, name=by))
    begins, ends = span(number, rows["received"].to_numpy("datetime64[us]"), len(names))
    return found.assign(
        first_seen=pd.to_datetime(begins, utc=True), last_seen=pd.to_datetime(ends, utc=True)
    )


def span(number: Int32, time: Times, numbers: int) -> tuple[Times, Times]:
    """The first and the last time of each number, NEVER where there is none."""
    found = np.array([LATEST, -LATEST])[:, None].repeat(numbers, 1)
    for some in slices(len(number)):
        mine = (number[some] >= 0) & ~np.isnat(time[some])
        for times, kept in zip(found, (np.minimum, np.maximum), strict=True):
            kept.at(times, number[some][mine], time[some][mine].view(np.int64))
    first, last = np.where(found[0] <= found[1], found, NEVER.view(np.int64)).view("datetime64[us]")
    return first, last


def evidence_of(
    rows: pd.DataFrame,
    by: str,
    prefix: str = "",
    shown: int = PLACES_SHOWN,
    order: Sequence[str] = (),
) -> pd.Series[Any]:
    """The first places of each value of *by*, as `totals` has them; a flood has a million of them.

    Args:
        order: What comes first. The rows are in order of the first of these columns; without any,
            they are as they stand.
    """
    number, names = numbers(rows[by])
    place = [f"{prefix}{name}" for name in PLACE]
    columns = [*place, *(name for name in order if name not in place)]
    found = pd.DataFrame(columns=["number", *columns])
    wanted = np.append(np.ones(len(names), np.bool_), False)  # the last one for no value
    for some in slices(len(rows)):
        mine = wanted[number[some]]
        if not mine.any():
            continue
        there = those(rows[columns][some], mine).assign(number=number[some][mine])
        new = there.dropna(subset=place)
        found = pd.concat([found, new]) if len(found) else new
        found = found.sort_values(list(order), kind="stable") if order else found
        found = found.drop_duplicates(["number", *place]).groupby("number", sort=False).head(shown)
        full = found["number"].value_counts().eq(shown)
        if order:  # others of that moment may come first
            last = found.groupby("number")[order[0]].max()
            full &= last.lt(rows[order[0]][some].iloc[-1])
        wanted[full.index[full]] = False
    told: list[list[dict[str, Any]]] = [[] for _ in names]
    for of, source, line, offset in found[["number", *place]].itertuples(index=False):
        told[of].append({"source": source, "line": int(line), "offset": int(offset)})
    return pd.Series(told, pd.Index(names, name=by), dtype=object)


def _outcomes(rows: pd.DataFrame) -> Iterator[Flags]:
    """Which rows are counted as each outcome, and as recipients."""
    for statuses in OUTCOMES.values():
        yield rows["status"].isin(statuses).to_numpy()
    yield ~rows["status"].isin(NOT_DELIVERIES).to_numpy()


def numbers(column: pd.Series[Any]) -> tuple[Int32, pd.Index[Any]]:
    """The number of each row's value among all, in their order; -1: null."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        number: Int32 = column.cat.codes.to_numpy().astype(np.int32)
        return number, column.cat.categories
    codes, names = pd.factorize(column, sort=True)
    return codes.astype(np.int32), names


def once(number: Int32, life: Int64) -> Flags:
    """The first row of each message and number."""
    mine = number >= 0
    of = np.full(life.max(initial=-1) + 1, -1, np.int32)
    of[life[mine]] = number[mine]
    if np.array_equal(of[life[mine]], number[mine]):
        return heads(life, mine)
    pairs = pd.DataFrame({"number": number[mine], "life": life[mine]})
    mine[mine] = ~pairs.duplicated().to_numpy()
    return mine
