"""When does something happen? Days, working days, and moments drawn within them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from benchmarks.accuracy.company import DAY
from benchmarks.accuracy.model import History

HOUR = 3600.0


def days(history: History) -> Iterator[tuple[float, bool]]:
    """The midnights before and in the history; is it a working day?"""
    at = history.start - history.start % DAY
    while at < history.end:
        yield at, (int(at // DAY) + 3) % 7 < 5  # 1 January 1970 was a Thursday
        at += DAY


def poisson(rng: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def within(history: History, moments: list[float]) -> list[float]:
    return sorted(at for at in moments if history.start <= at < history.end)


def spread(rng: Random, history: History, a_day: float, weekend: float = 0.3) -> list[float]:
    """Moments of a source that never sleeps quite."""
    found = []
    for midnight, works in days(history):
        for _ in range(poisson(rng, a_day * (1.0 if works else weekend))):
            hour = rng.gauss(13.0, 3.5) if rng.random() < 0.7 else rng.uniform(0.0, 24.0)
            found.append(midnight + (hour % 24) * HOUR)
    return within(history, found)


def regular(history: History, hour: float, weekdays: range) -> list[float]:
    return within(
        history,
        [at + hour * HOUR for at, _ in days(history) if (int(at // DAY) + 3) % 7 in weekdays],
    )
