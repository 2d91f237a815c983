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

from analyzer.impact.abuse import PLACES_SHOWN, iso, place

# Agents whose text is another server's: Postfix smtp(8) and lmtp(8), Sendmail's mailers, Exchange.
REMOTE = ["smtp", "lmtp", "esmtp", "smtp8", "dsmtp", "relay", "dns"]
READ = ["life", "recipient", "time", "relay", "status", "reply", "source", "line", "offset"]
SUSPENDED = ["error", "retry"]  # Postfix repeats what another server said
GAP = pd.Timedelta(hours=24)  # without refusals, while mail was taken: the listing had ended
HOUR = pd.Timedelta(hours=1)
# Patterns in one search. RE2 keeps what it learns of a union of so many; of all of them at once it
# forgets it with nearly every reply, and takes fifty times as long.
AT_ONCE = 10
LONGEST = 1000  # letters of a reply that are looked at
ADDRESSES_SHOWN = 5
# What is not the receiver's word: whom we asked, at which command, and addresses, which may be
# anybody's text. What is left is the reply from its code on.
NOT_ITS_WORD = (
    r"^.{0,40}host \S{1,300} (?:said|refused to talk to me): ",
    r"\(in reply to [^()]{1,60}\)?\)?$",
    r"<[^<>\s]{0,320}>",
    r"\S{1,64}@\S{1,255}",
)
CONTACT = r"(?:tosa@rx\.t-online\.de|\S{1,40}@messaging\.microsoft\.com)"
IP = r"(?P<ip>(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-f]{1,4}:[0-9a-f:]{2,40})"
# What may be asked where the log has no abuse, and yet we are listed.
UNEXPLAINED = (
    "The log does not explain this listing: it shows no abuse that began before the first refusal."
)
ASK = (
    "a machine behind the same public address (NAT) that sends without this server",
    "another server or address that mail leaves by, whose log is not here",
    "the name in HELO and the reverse name of the address",
    "an earlier owner of the address, or a listing of the whole network",
    "a time that the log does not cover",
)


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
    said = pc.utf8_slice_codeunits(distinct, 0, LONGEST)
    contact = pc.match_substring_regex(said, CONTACT, ignore_case=True)
    for pattern in NOT_ITS_WORD[:3]:
        said = pc.replace_substring_regex(said, pattern, " ")
    said = pc.if_else(contact, said, pc.replace_substring_regex(said, NOT_ITS_WORD[3], " "))
    fits_one = functools.reduce(
        pc.or_, (pc.match_substring_regex(said, few, ignore_case=True) for few in _unions())
    )
    hits = said.filter(fits_one)  # most replies are about something else
    number = pa.array([-1] * len(hits), pa.int64())
    for index in reversed(range(len(entries()))):
        fits = pc.match_substring_regex(hits, entries()[index]["pattern"], ignore_case=True)
        number = pc.if_else(fits, index, number)
    known = np.full(len(distinct) + 1, -1)  # the last one for no reply
    known[:-1][fits_one.to_numpy(zero_copy_only=False)] = number.to_numpy()
    return pd.Series(known[codes], replies.index, "int64")


def _unions() -> list[str]:
    """The patterns, each of these a few of them: it fits where one of them does."""
    patterns = [f"(?:{entry['pattern']})" for entry in entries()]
    return ["|".join(patterns[at : at + AT_ONCE]) for at in range(0, len(patterns), AT_ONCE)]


def refusals(attempts: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Attempts that another host refused for a list or our standing, in order of time.

    Args:
        attempts: Every delivery attempt: `life, recipient, time, daemon, status, reply`, place.
        deliveries: `life, recipient_logged, verdict, status` of each leg and recipient.

    Returns:
        The attempts with `entry` (number of the pattern), `provider`, `verdict` and `fate`.
    """
    mine = attempts["status"].ne("sent") & attempts["reply"].notna()
    mine &= attempts["time"].notna()  # a refusal on an impossible day tells no moment
    suspended = mine & attempts["daemon"].isin(SUSPENDED)
    said = attempts.loc[suspended, "reply"].drop_duplicates()
    repeated = suspended & attempts["reply"].isin(said[said.str.contains(NOT_ITS_WORD[0])])
    mine &= attempts["daemon"].isin(REMOTE) | repeated
    entry = classify(attempts.loc[mine, "reply"])
    entry = entry[entry.ge(0)]
    failed = attempts.loc[entry.index, READ].assign(entry=entry)
    of_them = deliveries["life"].isin(failed["life"])
    fate = deliveries.loc[of_them, ["life", "recipient_logged", "verdict", "status"]].rename(
        columns={"recipient_logged": "recipient", "status": "fate"}
    )
    names = pd.Series([entry["provider"] for entry in entries()])
    failed = failed.assign(provider=failed["entry"].map(names))
    found = failed.merge(fate, on=["life", "recipient"], how="left")
    return found.sort_values(["time", "source", "line"], kind="stable", ignore_index=True)


def echo(
    refused: pd.DataFrame, attempts: pd.DataFrame, onset: pd.Timestamp | None = None
) -> list[dict[str, Any]]:
    """One entry a provider, the first to refuse first.

    Args:
        refused: From `refusals`.
        attempts: Every delivery attempt: `relay, time, status`.
        onset: When the abuse began; None where there was none.

    Returns:
        `provider, kind, meaning, page, first, last` (ISO 8601, UTC), `refusals` and `own_refused`
        (recipients, all and those of legitimate mail), `own_lost` (of these, never delivered),
        `permanent` (recipients refused for good), `before_onset`, `lag_hours` (onset to the first
        refusal after it; None without), `relisted` and `spells` (refused, then mail taken for a day
        or more without a refusal, then refused again), `lists` (what the replies name), `quoted`
        (addresses they name), `words` (the first reply), `evidence`.
    """
    if refused.empty:
        return []
    took = attempts["status"].eq("sent") & attempts["time"].notna()
    asked = attempts["relay"].isin(refused["relay"].dropna().unique())
    taken = attempts.loc[took & asked, ["relay", "time"]]
    found = [_entry(group, taken, onset) for _, group in refused.groupby("provider", sort=False)]
    return sorted(found, key=lambda entry: (entry["first"], entry["provider"]))


def unexplained(listed: list[dict[str, Any]], onset: pd.Timestamp | None) -> dict[str, Any] | None:
    """What is said where somebody refused us and the log has no abuse before it; else None."""
    began = iso(onset)
    without = [e["provider"] for e in listed if began is None or e["last"] < began]
    if not without:
        return None
    return {"words": UNEXPLAINED, "providers": without, "ask": list(ASK)}


def _entry(rows: pd.DataFrame, taken: pd.DataFrame, onset: pd.Timestamp | None) -> dict[str, Any]:
    entry = entries()[int(rows["entry"].iloc[0])]
    once = rows.drop_duplicates(["life", "recipient"])
    own = once[once["verdict"].eq("legitimate")]
    after = rows["time"].ge(onset) if onset is not None else pd.Series(False, rows.index)
    spells = _spells(rows, taken)
    return {
        **{name: entry[name] for name in ("provider", "kind", "meaning", "page")},
        "first": iso(rows["time"].min()),
        "last": iso(rows["time"].max()),
        "refusals": len(once),
        "own_refused": len(own),
        "own_lost": int(own["fate"].ne("delivered").sum()),
        "permanent": int(once["fate"].eq("bounced").sum()),
        "before_onset": int((~after).sum()) if onset is not None else 0,
        "lag_hours": round((rows.loc[after, "time"].min() - onset) / HOUR, 2)
        if after.any()
        else None,
        "relisted": len(spells) - 1,
        "spells": spells,
        "lists": _lists(rows),
        "quoted": _quoted(once["reply"]),
        "words": rows["reply"].iloc[0],
        "evidence": [
            place(*said)
            for said in once[["source", "line", "offset"]]
            .head(PLACES_SHOWN)
            .itertuples(index=False, name=None)
        ],
    }


def _spells(rows: pd.DataFrame, taken: pd.DataFrame) -> list[dict[str, Any]]:
    """Stretches of refusals. Silence alone ends none: one of those hosts must have taken mail."""
    times = rows["time"].reset_index(drop=True)
    accepted = taken.loc[taken["relay"].isin(rows["relay"].dropna().unique()), "time"].sort_values()
    before, after = times.shift().fillna(times), times
    between = accepted.searchsorted(after) - accepted.searchsorted(before, "right")
    number = ((after - before).ge(GAP) & (between > 0)).cumsum()
    return [
        {"first": iso(spell.min()), "last": iso(spell.max()), "refusals": len(spell)}
        for _, spell in times.groupby(number)
    ]


def _lists(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """What the replies of one provider name, the most frequent first."""
    found = []
    for number, group in rows.groupby("entry", sort=True):
        entry = entries()[int(str(number))]
        found.append(
            {
                "list": entry["list"],
                "meaning": entry["meaning"],
                "page": entry["page"],
                "refusals": len(group.drop_duplicates(["life", "recipient"])),
                "first": iso(group["time"].min()),
                "last": iso(group["time"].max()),
            }
        )
    return sorted(found, key=lambda entry: (-entry["refusals"], entry["list"]))


def _quoted(replies: pd.Series) -> list[dict[str, Any]]:
    """Addresses that the replies speak of, so that the right one is asked to be removed."""
    words = pc.utf8_slice_codeunits(pa.array(replies, pa.string()), 0, LONGEST)
    words = pc.replace_substring_regex(words, NOT_ITS_WORD[0], " ")
    found = pc.extract_regex(words, rf"(?i)(?:^|[^0-9a-z.:]){IP}(?:$|[^0-9a-z.:])")
    named = pc.struct_field(found, "ip").drop_null().to_pandas()
    counted = named.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return [
        {"address": str(address), "recipients": int(count)}
        for address, count in counted.head(ADDRESSES_SHOWN).items()
    ]
