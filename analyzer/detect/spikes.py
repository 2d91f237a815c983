"""Spikes: which address, network, login or user suddenly sent far more than it does?

A spike accuses nobody: a newsletter is one, and abuse at a steady rate is none. It is context.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.detect.detector import (
    NEVER,
    Detector,
    Evidence,
    evidence_of,
    measured,
    numbers,
    span,
    totals,
)
from analyzer.detect.mail import ORDER, networks, user
from analyzer.rows import Int32, in_order, numbered, slices, those
from analyzer.schema import NOT_DELIVERIES
from analyzer.words import count

# Square roots steady the spread of counts (Anscombe 1948); a source that is silent nearly always
# has none, and without a floor every letter would be a spike.
Z, FLOOR = 6.0, 1.0
LEAST, TIMES = 50, 5  # recipients in the hour, and how often its usual ones
MEASURED = {
    "recipients outside in the heaviest hour": ("most", LEAST),
    "times what is usual": ("times", TIMES),
    "deviations beyond it": ("z", Z),
}
NIGHTS = 2  # days below which no hour has been seen before
ASKED = ["auth_user", "uid", "local_user", "server", "submission", "origin_masked"]
KINDS = ["account", "uid", "ip"]  # of a source
IP = KINDS.index("ip")
AT_ONCE = 1 << 18  # hours of sources that lie in memory together
HOUR = 3_600_000_000  # microseconds
HOURS = np.int64(1 << 24)  # more than any log has
SHOWN = 200  # heaviest spikes; a flood from everywhere is no spike of each of a million hosts

Int8 = NDArray[np.int8]


def hourly(rows: pd.DataFrame, begins: pd.Timestamp, ends: pd.Timestamp) -> pd.DataFrame:
    """The hours in which a source sent far more than at that time on other days.

    The usual is the median of the same hour of the day, so that a flood does not make itself usual
    until it fills half of the days.

    Args:
        rows: `who, received`, one row an outside recipient; `who` may be a category, null in rows
            that are not asked.

    Returns:
        `who, hour, recipients, usual, z`, by source and hour.
    """
    first = begins.floor("h")
    days = int((ends - first) / pd.Timedelta(days=1)) + 1
    source, names = numbers(rows["who"])
    counted = _counted(source, len(names), _hour(rows["received"], first), days * 24)
    heavy = counted.loc[counted["size"].ge(LEAST), "who"].unique()
    counted = counted[counted["who"].isin(heavy)]  # in order of sources
    place, _ = pd.factorize(counted["who"])
    unseen = np.arange(days * 24) > (ends - first) / pd.Timedelta(hours=1)
    at_once = max(AT_ONCE // (days * 24), 1)
    borders = np.searchsorted(place, range(0, len(heavy) + at_once, at_once))
    found = days >= NIGHTS and [
        _beyond_usual(counted.iloc[begin:end], unseen) for begin, end in itertools.pairwise(borders)
    ]
    if not found:
        return pd.DataFrame(columns=["who", "hour", "recipients", "usual", "z"])
    spikes = pd.concat(found, ignore_index=True)
    hour = first + pd.to_timedelta(spikes["number"], unit="h")
    who = names.take(spikes["who"].to_numpy())
    return spikes.assign(who=who, hour=hour)[["who", "hour", "recipients", "usual", "z"]]


def _hour(times: pd.Series[pd.Timestamp], first: pd.Timestamp) -> Int32:
    """The number of each time's hour, -1 before the first one and where there is no time."""
    found = np.full(len(times), -1, np.int32)
    begin = first.floor("h").to_numpy().astype("datetime64[us]")
    for some in slices(len(times)):
        since = (times[some].to_numpy("datetime64[us]") - begin).view(np.int64)
        found[some] = np.maximum(since // HOUR, -1)  # without a time: the lowest number
    return found


def _counted(source: Int32, sources: int, hour: Int32, hours: int) -> pd.DataFrame:
    """`who, number, size`: recipients of each source and hour, of sources that may have a spike."""
    many = np.append(np.bincount(source[source >= 0], minlength=sources) >= LEAST, False)
    found = [np.empty((2, 0), np.int64)]
    for some in slices(len(source)):
        mine = many[source[some]] & (hour[some] >= 0) & (hour[some] < hours)
        keys = source[some][mine] * np.int64(hours) + hour[some][mine]
        found.append(np.array(np.unique(keys, return_counts=True)))
    keys, sizes = np.concatenate(found, axis=1)
    whole = pd.Series(sizes).groupby(keys).sum()
    who, number = np.divmod(whole.index.to_numpy(), hours)
    return pd.DataFrame({"who": who, "number": number, "size": whole.to_numpy()})


def _beyond_usual(counted: pd.DataFrame, unseen: NDArray[np.bool_]) -> pd.DataFrame:
    """The spikes of some sources; `unseen`: hours that the log does not hold."""
    place, sources = pd.factorize(counted["who"])
    series = np.zeros((len(sources), len(unseen)))
    series[place, counted["number"]] = counted["size"]
    series[:, unseen] = np.nan
    by_day = series.reshape(len(sources), -1, 24)
    steady = 2 * np.sqrt(by_day + 3 / 8)
    beyond = (steady - _median(steady)).reshape(series.shape)
    usual = np.broadcast_to(_median(by_day), by_day.shape).reshape(series.shape)
    spread = 1.4826 * _median(np.abs(beyond))
    z = beyond / np.maximum(spread, FLOOR)
    which, number = np.nonzero((z > Z) & (series >= LEAST) & (series >= TIMES * usual))
    return pd.DataFrame(
        {
            "who": sources[which],
            "number": number,
            "recipients": series[which, number].astype(np.int64),
            "usual": usual[which, number],
            "z": z[which, number],
        }
    )


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each source, along the second axis; what is unseen is so of every source."""
    seen = np.count_nonzero(~np.isnan(values[:1]), axis=1, keepdims=True)
    ordered = np.sort(values, axis=1)  # NaN last
    low, high = (np.take_along_axis(ordered, at, axis=1) for at in ((seen - 1) // 2, seen // 2))
    middle: NDArray[np.float64] = (low + high) / 2
    return middle


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each unbroken stretch of such hours of one source."""
    begins, ends = evidence.begins, evidence.ends
    if begins is None or ends is None:
        return pd.DataFrame()
    rows = evidence.deliveries
    who, names, kind = _sources(rows)
    single = _stretches(hourly(_told(rows, who, names), begins, ends))
    # A network is told of where none of its addresses stands out by itself.
    known = np.append(names.isin(single["who"]), True)
    net, nets = _networks(np.where(known[who] | (kind != IP), np.int32(-1), who), names)
    several = _stretches(hourly(_told(rows, net, nets), begins, ends))
    parts = [part for part in (single.assign(net=False), several.assign(net=True)) if len(part)]
    if not parts:
        return pd.DataFrame()
    stretches = pd.concat(parts, ignore_index=True)
    stretches = stretches.nlargest(SHOWN, "recipients").reset_index(drop=True)
    hour = _hour(rows["received"], begins)
    stretch = _within(who, names, hour, stretches[~stretches["net"]], begins)
    of_net = _within(net, nets, hour, stretches[stretches["net"]], begins)
    stretch = np.where(stretch < 0, of_net, stretch)
    mine = rows.assign(stretch=pd.Categorical.from_codes(stretch, stretches.index))
    first = _first(mine, stretch)
    kinds = np.where(stretches["net"], "network", np.array(KINDS)[kind[first]])
    found = totals(mine, "stretch").assign(
        evidence=evidence_of(mine, "stretch", "orig_", order=ORDER),
        queue_id=rows["origin_queue_id"].iloc[first].to_numpy(),
    )
    found = found.join(stretches.drop(columns="recipients"))
    return found.assign(
        subject=found["who"],
        subject_kind=kinds,
        kind="context",
        verdict="probable",
        baseline_first=begins,
        baseline_last=ends,
        measured=measured(found.assign(times=found["most"] / found["usual"].clip(1)), MEASURED),
        reason=found.apply(_reason, axis=1),
    ).reset_index(drop=True)


def _told(rows: pd.DataFrame, source: Int32, names: pd.Index[str]) -> pd.DataFrame:
    """What `hourly` asks for."""
    return rows[["received"]].assign(who=pd.Categorical.from_codes(source, names))


def _sources(rows: pd.DataFrame) -> tuple[Int32, pd.Index[str], Int8]:
    """Who had each recipient outside sent to: a number, -1 for other rows; the names; and the kind:
    a login, a user of the server, an address. What a list or alias of ours sent on is nobody's.
    """
    outside = rows["recipient_side"].ne("inside") & ~rows["status"].isin(NOT_DELIVERIES)
    outside &= rows["original_side"].ne("inside")
    mine = outside & rows["cause_life"].lt(0) & rows["received"].notna()
    local = mine & rows["auth_user"].isna() & rows["submission"].eq("local")
    users = user(those(rows[["client_ip", *ASKED]], local))
    uid = np.full(len(rows), -1, np.int32)
    uid[local], ids = numbered(users, users.notna().to_numpy())
    login, logins = numbered(rows["auth_user"], mine.to_numpy())
    ip, ips = numbered(rows["client_ip"], mine.to_numpy() & (login < 0) & (uid < 0))
    names = ids.union(logins).union(ips)
    who, kind = np.full(len(rows), -1, np.int32), np.full(len(rows), -1, np.int8)
    for number, (of, known) in enumerate(((login, logins), (uid, ids), (ip, ips))):
        some = of >= 0
        kind[some] = number
        who[some] = names.get_indexer(known).astype(np.int32)[of[some]]
    return who, names, kind


def _networks(source: Int32, ips: pd.Index[str]) -> tuple[Int32, pd.Index[str]]:
    """The network of each address, -1 where it is the only one of it."""
    seen = np.zeros(len(ips) + 1, np.bool_)
    seen[source] = True
    seen[-1] = False
    block = networks(pd.Series(ips[seen[:-1]], dtype="str"))
    block = (block + ".0/24").where(~block.str.contains(":"), block + "::/48")
    of = np.full(len(seen), -1, np.int32)
    of[seen], nets = numbered(block, block.duplicated(keep=False).to_numpy())
    return of[source], nets


def _stretches(hours: pd.DataFrame) -> pd.DataFrame:
    """Hours that follow each other become one: `who, start, end, recipients, usual, hours`."""
    broken = hours["hour"].diff().ne(pd.Timedelta(hours=1)) | hours["who"].ne(hours["who"].shift())
    grouped = hours.groupby(broken.cumsum())
    return grouped.agg(
        who=("who", "first"),
        start=("hour", "min"),
        end=("hour", "max"),
        recipients=("recipients", "sum"),
        most=("recipients", "max"),
        usual=("usual", "max"),
        z=("z", "max"),
        hours=("hour", "size"),
    ).reset_index(drop=True)


def _within(
    source: Int32, names: pd.Index[str], hour: Int32, stretches: pd.DataFrame, begins: pd.Timestamp
) -> Int32:
    """The number of the stretch that each row lies in, -1 for none."""
    found = np.full(len(source), -1, np.int32)
    since, until = (_hour(stretches[name], begins) for name in ("start", "end"))
    sizes = until - since + 1
    of = np.repeat(np.arange(len(stretches)), sizes)
    each = since[of] + np.arange(len(of)) - (np.cumsum(sizes) - sizes)[of]
    whose = names.get_indexer(pd.Index(stretches["who"]))
    keys = whose[of] * HOURS + each
    order = np.argsort(keys)
    asked = np.zeros(len(names) + 1, np.bool_)
    asked[whose] = True
    for some in slices(len(source) if len(of) else 0):
        mine = np.flatnonzero(asked[source[some]])
        key = source[some][mine] * HOURS + hour[some][mine]
        at = order[np.searchsorted(keys, key, sorter=order).clip(max=len(keys) - 1)]
        hit = keys[at] == key
        found[some][mine[hit]] = stretches.index.to_numpy()[of[at[hit]]]
    return found


def _first(rows: pd.DataFrame, stretch: Int32) -> Int32:
    """The position of the first row of each stretch."""
    time = rows["received"].to_numpy("datetime64[us]")
    begins, _ = span(stretch, time, stretch.max() + 1)
    early = np.append(begins, NEVER)[stretch] == time
    order = in_order(rows, ORDER, pd.Series(early, rows.index))
    found: Int32 = order[np.unique(stretch[order], return_index=True)[1]]
    return found


def _reason(row: pd.Series[Any]) -> str:
    return (
        f"{count(row.recipients, 'recipient')} outside within {count(row.hours, 'hour')}, at most "
        f"{count(row.most, 'recipient')} in one, where this time of day usually has "
        f"{row.usual:.0f}; that alone is no abuse: a mailing looks the same"
    )


SPIKES = Detector(
    name="spikes",
    question="Which address, network, login or user suddenly sent far more than it usually does?",
    verdicts={
        "probable": f"{LEAST} outside recipients or more in an hour, {TIMES} times what the same "
        f"hour of the day usually has, and {Z:.0f} deviations beyond it; asked of logs of "
        f"{NIGHTS} days or more"
    },
    forgeable="nothing: it counts what we took and from whom",
    judge=judge,
)
