"""Which stories are told? Block A to set thresholds, block B to test them, and the frontier.

Block B is for thresholds that are committed: its incidents take every parameter from the whole of
RANGES, and nothing is set on it. It is drawn anew (FIRST_OF_B) whenever a rule or weight changes
after it was looked at.
"""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.generate import Story
from benchmarks.accuracy.incidents import DOORS
from benchmarks.accuracy.plans import VARIANTS, Variant
from benchmarks.accuracy.words import seeded

RANGES = {
    "messages an hour": (5, 3000),
    "hours": (0.3, 120),
    "addresses": (1, 400),
    "days of log": (0.1, 9),
}
FORMS = ("flat", "flat", "warm_up", "office", "whole")
# 5000 to 17000 before, until runs went on, were trimmed, asked for proof, and so on.
FIRST_OF_B = 25_000
PER_DOOR = 9  # stories of block B for each door, as many as block A has variants
CLEAN = 200
RATES = (0.25, 0.5, 1, 2, 5, 10, 30, 100)
SPREADS = (1, 20, 0)  # addresses; 0: a new one for every message
FRONTIER_SEEDS = 3


def block_a() -> list[Story]:
    """Every door in every variant."""
    return [
        Story(1000 + number, door, variant)
        for number, (door, variant) in enumerate((d, v) for d in DOORS for v in VARIANTS)
    ]


def block_b() -> list[Story]:
    """Every door, the rest drawn."""
    return [
        Story(FIRST_OF_B + number, door, drawn(FIRST_OF_B + number))
        for number, door in enumerate(d for d in DOORS for _ in range(PER_DOOR))
    ]


def drawn(seed: int) -> Variant:
    """A variant out of RANGES, quantities by their logarithm; some thousand messages at most."""
    rng = seeded(seed)
    rate, hours, addresses, days = (_log_uniform(rng, *ends) for ends in RANGES.values())
    hours = min(hours, max(0.3, 4000 / rate))  # at most some thousand messages
    number = 0 if rng.random() < 0.2 else int(addresses)
    form = rng.choice(FORMS)
    if form == "whole":
        days = min(days, 4000 / rate / 24)
    return Variant("drawn", (rate, rate), (hours, hours), (number, number), (days, days), form)


def _log_uniform(rng: Random, low: float, high: float) -> float:
    return float(low * (high / low) ** rng.random())


def clean() -> list[Story]:
    return [Story(9000 + number, None) for number in range(CLEAN)]


def frontier() -> list[tuple[str, float, int, str, Story]]:
    """Door, rate, addresses and form of each story: where does recall break down?"""
    rows: list[tuple[str, int, str]] = [("stolen_account", spread, "flat") for spread in SPREADS]
    rows += [
        ("stolen_account", 20, "warm_up"),
        ("trusted_host", 1, "flat"),
        ("local_injection", 1, "flat"),
    ]
    return [
        (door, rate, spread, form, Story(7000 + seed, door, edge(rate, spread, form), small=True))
        for door, spread, form in rows
        for rate in RATES
        for seed in range(FRONTIER_SEEDS)
    ]


def edge(rate: float, spread: int, form: str) -> Variant:
    return Variant("frontier", (rate, rate), (60, 60), (spread, spread), (4, 4), form)


def small() -> list[Story]:
    """For CI: a few of each, of small companies."""
    quick = ("burst", "short_log", "steady", "low_and_slow")
    doors = [
        Story(3000 + number, door, variant, small=True)
        for number, (door, variant) in enumerate((d, v) for d in DOORS for v in quick)
    ]
    return doors + [Story(3500 + number, None, small=True) for number in range(10)]
