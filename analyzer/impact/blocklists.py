"""Which lists and providers refused us, since when, in their words, and whose mail was hurt?"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

REMOTE = ["smtp", "lmtp", "error", "retry"]  # agents whose text is another server's
READ = ["life", "recipient", "time", "reply", "source", "line", "offset"]
PLACES_SHOWN = 5


@functools.cache
def entries() -> tuple[dict[str, str], ...]:
    """The patterns, as blocklists.toml declares them."""
    return tuple(_declared()["entry"])


def zones() -> tuple[dict[str, Any], ...]:
    """The lists that can be asked by DNS: `zone, provider, ipv6, page, policy, codes`."""
    return tuple(_declared()["zone"])


@functools.cache
def _declared() -> dict[str, Any]:
    text = resources.files("analyzer.impact").joinpath("blocklists.toml").read_text("utf-8")
    return tomllib.loads(text)


def classify(replies: pd.Series) -> pd.Series:
    """The number of the first entry that fits each reply; -1 for none."""
    codes, found = pd.factorize(replies)
    distinct = pa.array(found, pa.string())
    number = pa.array([-1] * len(distinct), pa.int64())
    for index in reversed(range(len(entries()))):
        fits = pc.match_substring_regex(distinct, entries()[index]["pattern"], ignore_case=True)
        number = pc.if_else(fits, index, number)
    known = np.append(number.to_numpy(), -1)  # the last one for no reply
    return pd.Series(known[codes], replies.index, "int64")


def echo(attempts: pd.DataFrame, deliveries: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry a provider, the first to refuse first.

    Args:
        attempts: Every delivery attempt: `life, recipient, time, daemon, status, reply`, place.
        deliveries: `life, recipient, verdict, flow` of each leg and recipient.

    Returns:
        `provider, kind, meaning, page, first, last` (ISO 8601, UTC), `refusals` and `own_refused`
        (recipients, all and those of legitimate mail), `words` (the first reply), `evidence`.
    """
    refused = attempts["status"].ne("sent") & attempts["daemon"].isin(REMOTE)
    failed = attempts.loc[refused & attempts["reply"].notna(), READ]
    failed = failed[failed["time"].notna()]  # a refusal on an impossible day tells no moment
    failed = failed.assign(entry=classify(failed["reply"])).query("entry >= 0")
    if failed.empty:
        return []
    fate = deliveries[["life", "recipient_logged", "verdict"]].rename(
        columns={"recipient_logged": "recipient"}
    )
    failed = failed.merge(fate, on=["life", "recipient"], how="left").sort_values(
        ["time", "source", "line"]
    )
    failed["provider"] = failed["entry"].map(lambda n: entries()[n]["provider"])
    found = [_entry(group) for _, group in failed.groupby("provider", sort=False)]
    return sorted(found, key=lambda entry: (entry["first"], entry["provider"]))


def _entry(rows: pd.DataFrame) -> dict[str, Any]:
    entry = entries()[int(rows["entry"].iloc[0])]
    once = rows.drop_duplicates(["life", "recipient"])
    return {
        **{name: entry[name] for name in ("provider", "kind", "meaning", "page")},
        "first": _iso(rows["time"].min()),
        "last": _iso(rows["time"].max()),
        "refusals": len(once),
        "own_refused": int(once["verdict"].eq("legitimate").sum()),
        "words": rows["reply"].iloc[0],
        "evidence": [
            {"source": s, "line": int(n), "offset": int(o)}
            for s, n, o in once[["source", "line", "offset"]]
            .head(PLACES_SHOWN)
            .itertuples(index=False)
        ],
    }


def _iso(time: pd.Timestamp) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
