"""How is a list or provider told that refused us? Strangers' words have gone through `display`."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.display import display

# What Postfix puts before the words of the other server.
SAID = re.compile(r"^host (\S{1,300}) (?:said|refused to talk to me): ")


def told(entry: dict[str, Any]) -> dict[str, Any]:
    first, last = (
        pd.Timestamp(entry[key]) if entry.get(key) else None for key in ("first", "last")
    )
    refusals = int(entry.get("refusals") or 0)
    return {
        "provider": provider(entry),
        "meaning": words.capital(display(str(entry.get("meaning") or ""), 200)),
        "page": display(str(entry.get("page") or words.NONE), 120),
        "first": words.short(first),
        "last": words.short(last),
        "refusals": words.thousands(refusals),
        "refused": words.count(refusals, "recipient"),
        "own_refused": words.thousands(int(entry.get("own_refused") or 0)),
        "words": display(SAID.sub("", str(entry.get("words") or "")), 140),
        "taken": _taken(entry),
    }


def provider(entry: dict[str, Any]) -> str:
    """Its name; of a list that nobody knows, the zone that the replies name."""
    name = display(str(entry.get("provider", "")), 60)
    zones = [display(str(zone), 60) for zone in entry.get("zones") or []]
    return f"{name} {words.listing(zones, 2)}" if zones else name


def _taken(entry: dict[str, Any]) -> str:
    """Whether the hosts that refused took mail of ours since; empty where the log shows none."""
    if not entry.get("taken_since"):
        return ""
    mails = words.count(int(entry["taken_since"]), "mail")
    since = words.short(pd.Timestamp(entry["taken_from"]))
    text = f"the same servers took {mails} from us since {since}"
    return (
        f"{text}: it has ended there" if entry.get("ended") else f"{text}, too few to say it ended"
    )
