"""How much, when, and from where does abuse come? Variants as data, and one incident drawn of each.

Block A and block B draw from the same ranges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.accuracy.company import DAY
from benchmarks.accuracy.hours import HOUR
from benchmarks.accuracy.mail import Post
from benchmarks.accuracy.model import Client, History


@dataclass(frozen=True, slots=True)
class Variant:
    """`rate`: messages an hour; `hours`: how long; `addresses`: how many (0: one a message)."""

    name: str
    rate: tuple[float, float]
    hours: tuple[float, float]
    addresses: tuple[int, int]
    log_days: tuple[float, float] = (3.0, 8.0)
    form: str = "flat"  # flat, warm_up, office, whole


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("burst", (300, 3000), (0.3, 2.0), (1, 3)),
        Variant("burst_botnet", (300, 2000), (0.5, 2.0), (30, 400)),
        Variant("steady", (15, 60), (24, 72), (1, 20)),
        Variant("low_and_slow", (5, 30), (48, 120), (0, 0), (5.0, 8.0)),
        Variant("warm_up", (30, 120), (60, 150), (1, 40), (6.0, 10.0), "warm_up"),
        Variant("office", (8, 40), (48, 150), (1, 10), (5.0, 8.0), "office"),
        Variant("whole", (10, 60), (0, 0), (1, 40), (2.0, 4.0), "whole"),
        Variant("short_log", (60, 600), (0.3, 1.5), (1, 20), (2 / 24, 2 / 24)),
        Variant("long_log", (10, 60), (24, 96), (1, 60), (85.0, 92.0)),
    )
}


@dataclass(slots=True)
class Plan:
    """One incident as drawn."""

    variant: Variant
    rate: float
    first: float
    last: float
    clients: list[Client]
    per_message: tuple[int, int]
    forged: bool
    dead: float  # share of recipients that do not exist
    start: float


def plan(post: Post, history: History, variant: Variant, forged: bool | None = None) -> Plan:
    rng, company = post.rng, post.company
    length = history.end - history.start
    lasts = min(rng.uniform(*variant.hours) * HOUR, 0.9 * length)
    first = history.start + rng.uniform(0.05, 1.0) * (length - lasts)
    last = first + lasts
    if variant.form == "whole":
        first, last = history.start, history.end
    number = rng.randint(*variant.addresses)
    rate = rng.uniform(*variant.rate)
    several = rng.random() < 0.4
    return Plan(
        variant,
        rate,
        first,
        last,
        [company.stranger() for _ in range(number)],
        (1, 20) if several else (1, 1),
        rng.random() < 0.5 if forged is None else forged,
        rng.uniform(0.02, 0.3),
        first,
    )


def moments(post: Post, plan: Plan) -> Iterator[float]:
    """When the messages come, in order."""
    at, rng = plan.first, post.rng
    yield at
    while True:
        rate = plan.rate
        if (
            plan.variant.form == "warm_up"
        ):  # from a hundredth to all of it, by the same factor a day
            rate *= 0.01 ** (1 - (at - plan.first) / (plan.last - plan.first))
        at += rng.expovariate(rate / HOUR)
        if plan.variant.form == "office":
            while not _office_hours(at):
                at += HOUR / 2
        if at >= plan.last:
            return
        yield at


def _office_hours(at: float) -> bool:
    return (int(at // DAY) + 3) % 7 < 5 and 7.5 <= at % DAY / HOUR < 17.5


def client_of(post: Post, plan: Plan) -> Client:
    """One of the plan's addresses; a new one for every message where there are thousands."""
    return post.rng.choice(plan.clients) if plan.clients else post.company.stranger()
