"""Which way to find spikes is right more often? Three ways, on the same hours of the same stories.

python -m benchmarks.accuracy.spikes    writes the table to standard output, some minutes

A source-hour is a spike if abuse had it send to LEAST outside recipients or more, at a source that
is not abusive half of the days or longer. A named source-hour without any abuse is a mailing, or
a busy hour of honest people: the fewer, the better.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from analyzer.detect import spikes
from benchmarks.accuracy import blocks
from benchmarks.accuracy.generate import Story, tell
from benchmarks.accuracy.incidents import DOORS

HOUR = pd.Timedelta(hours=1)
Found = pd.DataFrame
Method = Callable[[pd.DataFrame, pd.Timestamp, pd.Timestamp], Found]


def streams(story: Story) -> tuple[pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    """`who, received, abuse`, one row an outside recipient, and the ends of the log."""
    company, history = tell(story)
    ours = {user.address.partition("@")[2] for user in company.users}
    rows = [
        (
            (session.login or session.client.ip) if session else f"uid {message.uid}",
            message.time,
            (recipient.label or message.label) in DOORS,
        )
        for message, session in history.messages()
        for recipient in message.recipients
        if recipient.final.rpartition("@")[2] not in ours
    ]
    table = pd.DataFrame(rows, columns=["who", "received", "abuse"])
    table["received"] = pd.to_datetime(table["received"], unit="s", utc=True)
    ends = (pd.to_datetime(t, unit="s", utc=True) for t in (history.start, history.end))
    return table, *ends


def negative_binomial(rows: pd.DataFrame, begins: pd.Timestamp, ends: pd.Timestamp) -> Found:
    """Tail below 1e-6 by moments of the other hours of the source, 24 hours around left out."""
    return _by_tail(rows, begins, ends, _nb_tail, 1e-6)


def poisson(rows: pd.DataFrame, begins: pd.Timestamp, ends: pd.Timestamp) -> Found:
    """Tail below 1e-8 by the mean of the other hours of the source, 24 hours around left out."""
    return _by_tail(rows, begins, ends, lambda x, mean, _: _nb_tail(x, mean, mean), 1e-8)


def _by_tail(
    rows: pd.DataFrame,
    begins: pd.Timestamp,
    ends: pd.Timestamp,
    tail: Callable[[int, float, float], float],
    below: float,
) -> Found:
    first = begins.floor("h")
    number = ((rows["received"].dt.floor("h") - first) / HOUR).astype("int64")
    hours = int((ends - first) / HOUR) + 1
    found = []
    for source, counts in rows.assign(number=number).groupby("who")["number"]:
        series = np.bincount(counts.clip(0, hours - 1), minlength=hours)
        for hour in np.flatnonzero(series >= spikes.LEAST):
            others = np.delete(series, slice(max(0, hour - 24), hour + 25))
            if len(others) == 0:
                continue
            mean = max(float(others.mean()), 1 / (2 * hours))
            usual = float(np.median(others))
            if series[hour] >= spikes.TIMES * usual and (
                tail(int(series[hour]), mean, float(others.var())) < below
            ):
                found.append((source, first + hour * HOUR))
    return pd.DataFrame(found, columns=["who", "hour"])


def _nb_tail(least: int, mean: float, variance: float) -> float:
    """P(X >= least); Poisson where the variance is not above the mean. Summed upwards."""
    size = min(max(mean**2 / (variance - mean), 0.1), 100.0) if variance > mean else math.inf
    if math.isinf(size):
        log = least * math.log(mean) - mean - math.lgamma(least + 1)
    else:
        log = (
            math.lgamma(least + size) - math.lgamma(size) - math.lgamma(least + 1)
            + size * math.log(size / (size + mean)) + least * math.log(mean / (size + mean))
        )  # fmt: skip
    term, total, x = math.exp(max(log, -700)), 0.0, least
    while term > 1e-12 * max(total, 1e-300) and x < least + 100_000:
        total += term
        x += 1
        term *= mean / x if math.isinf(size) else (x - 1 + size) / x * mean / (size + mean)
    return total


METHODS: dict[str, Method] = {
    "hour-of-day median of square roots, z > 6 (kept)": spikes.hourly,
    "negative binomial, p < 1e-6": negative_binomial,
    "Poisson, p < 1e-8": poisson,
}


def score(story: Story) -> dict[str, tuple[int, int, int, float]]:
    """For each method: spikes, found, false, seconds."""
    rows, begins, ends = streams(story)
    hour = rows["received"].dt.floor("h")
    abusive = rows[rows["abuse"]].groupby([rows["who"], hour]).size()
    day = rows["received"].dt.floor("D").where(rows["abuse"])
    days = day.groupby(rows["who"]).nunique()
    rare = days[days < (ends - begins).days / 2].index
    heavy = abusive[abusive.ge(spikes.LEAST)]
    true = {key for key in heavy.index if key[0] in rare}
    touched = set(abusive.index)
    told = {}
    for name, method in METHODS.items():
        began = time.process_time()
        found = method(rows[["who", "received"]], begins, ends)
        seconds = time.process_time() - began
        pairs = set(zip(found["who"], found["hour"], strict=True))
        told[name] = (len(true), len(true & pairs), len(pairs - touched), seconds)
    return told


def main() -> None:
    todo = [story for story in blocks.block_a() if story.door] + blocks.clean()[:60]
    told = []
    for number, story in enumerate(todo, 1):
        told.append(score(story))
        print(f"\r{number}/{len(todo)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print("| method | spikes found | false source-hours | CPU seconds |\n| --- | --- | --- | --- |")
    for name in METHODS:
        true, found, false, seconds = (sum(each[name][n] for each in told) for n in range(4))
        print(f"| {name} | {found} of {true} | {false} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
