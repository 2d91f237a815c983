"""Spikes: which address, network, login or user suddenly sent far more than it does?

A spike accuses nobody: a newsletter is one, and abuse at a steady rate is none. It is context.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.detect.detector import TOLD, Detector, Evidence, evidence_of, measured, totals
from analyzer.detect.mail import networks, user
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
READ = [*TOLD, "client_ip", "origin_queue_id"]
ASKED = ["auth_user", "uid", "local_user", "server", "submission", "origin_masked"]
KINDS = ["account", "uid", "ip", "network"]  # of a source
AT_ONCE = 500  # sources whose hours lie in memory together
SHOWN = 200  # heaviest spikes; a flood from everywhere is no spike of each of a million hosts


def hourly(rows: pd.DataFrame, begins: pd.Timestamp, ends: pd.Timestamp) -> pd.DataFrame:
    """The hours in which a source sent far more than at that time on other days.

    The usual is the median of the same hour of the day, so that a flood does not make itself usual
    until it fills half of the days.

    Args:
        rows: `who, received`, one row an outside recipient.

    Returns:
        `who, hour, recipients, usual, z`, by source and hour.
    """
    first = begins.floor("h")
    days = int((ends - first) / pd.Timedelta(days=1)) + 1
    number = ((rows["received"].dt.floor("h") - first) / pd.Timedelta(hours=1)).astype("int64")
    known = rows[["who"]].assign(number=number)[number.between(0, days * 24 - 1)]
    counted = known.groupby(["who", "number"], as_index=False).size()
    heavy = counted.loc[counted["size"].ge(LEAST), "who"].unique()
    counted = counted[counted["who"].isin(heavy)]  # in order of sources
    place, _ = pd.factorize(counted["who"])
    unseen = np.arange(days * 24) > (ends - first) / pd.Timedelta(hours=1)
    borders = np.searchsorted(place, range(0, len(heavy) + AT_ONCE, AT_ONCE))
    found = days >= NIGHTS and [
        _beyond_usual(counted.iloc[begin:end], unseen) for begin, end in itertools.pairwise(borders)
    ]
    if not found:
        return pd.DataFrame(columns=["who", "hour", "recipients", "usual", "z"])
    spikes = pd.concat(found, ignore_index=True)
    hour = first + pd.to_timedelta(spikes["number"], unit="h")
    return spikes.assign(hour=hour)[["who", "hour", "recipients", "usual", "z"]]


def _beyond_usual(counted: pd.DataFrame, unseen: NDArray[np.bool_]) -> pd.DataFrame:
    """The spikes of some sources; `unseen`: hours that the log does not hold."""
    place, sources = pd.factorize(counted["who"])
    series = np.zeros((len(sources), len(unseen)))
    series[place, counted["number"]] = counted["size"]
    series[:, unseen] = np.nan
    by_day = series.reshape(len(sources), -1, 24)
    steady = 2 * np.sqrt(by_day + 3 / 8)
    beyond = (steady - np.nanmedian(steady, axis=1, keepdims=True)).reshape(series.shape)
    usual = np.broadcast_to(np.nanmedian(by_day, axis=1, keepdims=True), by_day.shape)
    usual = usual.reshape(series.shape)
    spread = 1.4826 * np.nanmedian(np.abs(beyond), axis=1, keepdims=True)
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


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each unbroken stretch of such hours of one source."""
    begins, ends = evidence.begins, evidence.ends
    if begins is None or ends is None:
        return pd.DataFrame()
    everything = evidence.deliveries
    rows = _sent(everything)
    single = _stretches(hourly(rows, begins, ends))
    # A network is told of where none of its addresses stands out by itself.
    spread = rows[rows["kind"].eq(KINDS.index("ip")) & ~rows["who"].isin(single["who"])]
    block = networks(spread["client_ip"])
    block = block.where(block.str.contains(":"), block + ".0/24").where(
        ~block.str.contains(":"), block + "::/48"
    )
    spread = spread.assign(who=block, kind=np.int8(KINDS.index("network")))
    several = spread.groupby("who")["client_ip"].transform("nunique").ge(2)
    spread = spread[several]
    parts = [part for part in (single, _stretches(hourly(spread, begins, ends))) if len(part)]
    if not parts:
        return pd.DataFrame()
    stretches = pd.concat(parts, ignore_index=True)
    stretches = stretches.nlargest(SHOWN, "recipients").reset_index(drop=True)
    mine = _within(pd.concat([rows, spread]), stretches, everything[READ])
    found = totals(mine, "stretch").assign(evidence=evidence_of(mine, "stretch", "orig_"))
    found = found.join(mine.groupby("stretch")["kind"].first()).join(
        stretches.drop(columns="recipients")
    )
    return found.assign(
        subject=found["who"],
        subject_kind=[KINDS[kind] for kind in found["kind"]],
        kind="context",
        verdict="probable",
        queue_id=mine.groupby("stretch")["origin_queue_id"].first(),
        baseline_first=begins,
        baseline_last=ends,
        measured=measured(found.assign(times=found["most"] / found["usual"].clip(1)), MEASURED),
        reason=found.apply(_reason, axis=1),
    ).reset_index(drop=True)


def _sent(rows: pd.DataFrame) -> pd.DataFrame:
    """Recipients outside: `received, client_ip, who` and its `kind`: a login, a user of the server,
    an address.
    """
    outside = rows["recipient_side"].ne("inside") & ~rows["status"].isin(NOT_DELIVERIES)
    mine = outside & rows["cause_life"].lt(0) & rows["received"].notna()
    sent = rows.loc[mine, ["received", "client_ip"]]
    login = rows["auth_user"][mine].astype("str")
    local = user(rows.loc[mine & rows["submission"].eq("local"), ["client_ip", *ASKED]]).dropna()
    kind = np.full(len(sent), KINDS.index("ip"), np.int8)
    kind[sent.index.isin(local.index)] = KINDS.index("uid")
    kind[login.notna()] = KINDS.index("account")
    who = login.fillna(local).fillna(sent["client_ip"])
    return sent.assign(who=who.astype("str"), kind=kind)[who.notna()]


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


def _within(rows: pd.DataFrame, stretches: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """The rows of each stretch, with its number as `stretch` and what is told of deliveries."""
    each = stretches.assign(stretch=stretches.index)[["who", "start", "end", "stretch"]]
    rows = rows.loc[rows["who"].isin(each["who"]), ["who", "kind"]].join(deliveries)
    rows = rows.sort_values(["received", "orig_source", "orig_line"], kind="stable")
    each = each.assign(start=each["start"].astype(rows["received"].dtype)).sort_values("start")
    tied = pd.merge_asof(
        rows, each, left_on="received", right_on="start", by="who", suffixes=("", "_of")
    )
    return tied[tied["received"].lt(tied["end"] + pd.Timedelta(hours=1))]


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
