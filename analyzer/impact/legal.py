"""Which laws can the case touch? A list for counsel, in no sum and times no count."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Any

import pandas as pd

STALE = 180  # days after which figures of laws should be looked up again
WORDS = "Exposure is listed for counsel. It is not a forecast, and it is in no sum."
RANK = ("no", "unclear", "yes")


@functools.cache
def laws() -> tuple[dict[str, Any], ...]:
    """The laws, as legal.toml declares them."""
    text = resources.files("analyzer.impact").joinpath("legal.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["law"])


def exposure(doors: Sequence[str], asked: pd.Timestamp | None) -> dict[str, Any]:
    """Every law with its maximum, its date, and whether this case touches it.

    Args:
        doors: Mechanisms of confirmed or probable abuse; without any, no law applies.
        asked: End of the log, against which the age of the figures is told.
    """
    return {"words": WORDS, "laws": [_law(entry, doors, asked) for entry in laws()]}


def _law(entry: dict[str, Any], doors: Sequence[str], asked: pd.Timestamp | None) -> dict[str, Any]:
    by_door = entry["doors"]
    answers = [by_door.get(door, by_door["other"]) for door in doors]
    checked = pd.Timestamp(entry["checked_on"], tz="UTC")
    age = None if asked is None else max((asked - checked).days, 0)
    names = ("law", "where", "more", "meaning", "depends_on", "source", "confirmed")
    return {
        **{name: entry[name] for name in names},
        "maximum": entry.get("value"),
        "currency": entry.get("currency"),
        "valid_from": str(entry["valid_from"]) if "valid_from" in entry else None,
        "checked_on": str(entry["checked_on"]),
        "stale": age is not None and age > STALE,
        "applies": max(answers, key=RANK.index) if answers else "no",
        "rests_on": f"doors found: {', '.join(doors)}" if doors else "no abuse was found",
    }
