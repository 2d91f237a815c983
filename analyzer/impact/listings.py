"""Which lists and providers refused us, since when, in their words, and has it ended?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analyzer.impact.abuse import PLACES_SHOWN, place
from analyzer.impact.blocklists import LONGEST, NOT_ITS_WORD, REPLIES_AT_ONCE, entries
from analyzer.rows import Int32, picked, text_of
from analyzer.words import iso

GAP = pd.Timedelta(hours=24)  # without refusals, while mail was taken: the listing had ended
HOUR = pd.Timedelta(hours=1)
# So many mails, taken after the last refusal, show that it ended; unless as many in a row may be
# taken by chance, at the rate at which those hosts took mail while they refused it.
ENOUGH, CHANCE = 3, 0.01
NAMED_SHOWN = 5
# What replies may name: an address that is listed, and the zone of a list.
IP = (
    r"(?i)(?:^|[^0-9a-z.:])(?P<named>(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-f]{1,4}:[0-9a-f:]{2,40})"
    r"(?:$|[^0-9a-z.:])"
)
ZONE = (
    r"(?i)(?:blocked|listed|denied|found) (?:using|at|by|on|in) (?:the )?"
    r"(?P<named>[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,6}\.[a-z]{2,24})\b"
)
UNKNOWN = "not known by name"  # the list, in blocklists.toml
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


def echo(
    refused: pd.DataFrame,
    attempts: pd.DataFrame,
    elsewhere: pd.Index[str],
    onset: pd.Timestamp | None = None,
) -> list[dict[str, Any]]:
    """One entry a provider, the first to refuse first.

    Args:
        refused: From `refusals`.
        attempts: Every delivery attempt: `relay, time, status, reply`, place.
        elsewhere: Next hops that are hosts of others, from `traffic.hosts_elsewhere`.
        onset: When the abuse began; None where there was none.

    Returns:
        `provider, kind, meaning, page, first, last` (ISO 8601, UTC), `refusals` and `own_refused`
        (recipients, all and those of legitimate mail), of these `own_lost` (ended without delivery)
        and `own_waiting` (still in the queue when the log ends), `permanent` (recipients whose
        refusal was for good), `before_onset`, `lag_hours` (onset to the first
        refusal after it; None without), `relisted` and `spells` (refused, then mail taken for a day
        or more without a refusal, then refused again), `taken_since` and `taken_from` (mails that
        the same hosts took after the last refusal, and the first of them), `ended` (too many for
        chance), `lists` (what the replies name), `quoted` (addresses they name), `zones` (names
        of lists that this version does not know), `words` (the first reply), `evidence`.
    """
    if refused.empty:
        return []
    codes, names = pd.factorize(attempts["relay"])
    codes[~np.append(names.isin(elsewhere), False)[codes]] = -1  # of no host: the last one
    host = codes.astype(np.int32)
    took = attempts["status"].eq("sent") & attempts["time"].notna()
    asked = np.isin(host, _hosts(host, refused))
    taken = pd.DataFrame({"host": host, "time": attempts["time"]})[took & asked]
    provider, _ = pd.factorize(np.array([entry["provider"] for entry in entries()], object))
    found = [
        _entry(group, attempts, taken[taken["host"].isin(_hosts(host, group))]["time"], onset)
        for _, group in refused.groupby(provider[refused["entry"]])
    ]
    return sorted(found, key=lambda entry: (entry["first"], entry["provider"]))


def _hosts(host: Int32, refused: pd.DataFrame) -> Int32:
    """Who refused: the numbers of the hosts of these attempts."""
    found = np.unique(host[refused["attempt"]])
    return found[found >= 0]


def unexplained(listed: list[dict[str, Any]], onset: pd.Timestamp | None) -> dict[str, Any] | None:
    """What is said where somebody refused us and the log has no abuse before it; else None."""
    began = iso(onset)
    without = [e["provider"] for e in listed if began is None or e["last"] < began]
    if not without:
        return None
    return {"words": UNEXPLAINED, "providers": without, "ask": list(ASK)}


def _entry(
    rows: pd.DataFrame,
    attempts: pd.DataFrame,
    taken: pd.Series[pd.Timestamp],
    onset: pd.Timestamp | None,
) -> dict[str, Any]:
    spells = _spells(rows, taken)
    entry = entries()[int(rows["entry"].iloc[0])]
    once = rows.drop_duplicates("to")
    own = once[once["own"]]
    after = rows["time"].ge(onset) if onset is not None else pd.Series(False, rows.index)
    first = once["attempt"].to_numpy()[:PLACES_SHOWN]
    shown = picked(attempts[["source", "line", "offset"]], first)
    return {
        **{name: entry[name] for name in ("provider", "kind", "meaning", "page")},
        "first": iso(rows["time"].min()),
        "last": iso(rows["time"].max()),
        "refusals": len(once),
        "own_refused": len(own),
        "own_lost": int((~own["delivered"] & ~own["waiting"]).sum()),
        "own_waiting": int(own["waiting"].sum()),
        "permanent": int(rows.loc[rows["refused_for_good"], "to"].nunique()),
        "before_onset": int((~after).sum()) if onset is not None else 0,
        "lag_hours": round((rows.loc[after, "time"].min() - onset) / HOUR, 2)
        if after.any()
        else None,
        "relisted": len(spells) - 1,
        "spells": spells,
        **_taken_again(rows, taken, spells[-1]),
        "lists": _lists(rows),
        "quoted": [
            {"address": address, "recipients": count}
            for address, count in _named(IP, attempts["reply"], once["attempt"].to_numpy())
        ],
        "zones": _zones(rows, attempts["reply"]),
        "words": attempts["reply"].iloc[rows["attempt"].iloc[0]],
        "evidence": [place(*said) for said in shown.itertuples(index=False, name=None)],
    }


def _taken_again(
    rows: pd.DataFrame, taken: pd.Series[pd.Timestamp], spell: dict[str, Any]
) -> dict[str, Any]:
    """What the hosts that refused took after the last refusal, by whichever of them."""
    first, last = pd.Timestamp(spell["first"]), rows["time"].max()
    since, meanwhile = taken[taken.gt(last)], int(taken.between(first, last).sum())
    rate = meanwhile / (meanwhile + spell["refusals"])
    return {
        "taken_since": len(since),
        "taken_from": iso(since.min()) if len(since) else None,
        "ended": len(since) >= ENOUGH and rate ** len(since) < CHANCE,
    }


def _spells(rows: pd.DataFrame, taken: pd.Series[pd.Timestamp]) -> list[dict[str, Any]]:
    """Stretches of refusals. Silence alone ends none: one of those hosts must have taken mail."""
    times = rows["time"].reset_index(drop=True)
    accepted = taken.sort_values()
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
                "refusals": group["to"].nunique(),
                "first": iso(group["time"].min()),
                "last": iso(group["time"].max()),
            }
        )
    return sorted(found, key=lambda entry: (-entry["refusals"], entry["list"]))


def _zones(rows: pd.DataFrame, replies: pd.Series) -> list[str]:
    """What the lists are called that this version does not know."""
    unknown = [entry["list"] == UNKNOWN for entry in entries()]
    mine = rows[np.array(unknown)[rows["entry"]]].drop_duplicates("to")
    return [zone for zone, _ in _named(ZONE, replies, mine["attempt"].to_numpy())]


def _named(pattern: str, replies: pd.Series, which: Int32) -> list[tuple[str, int]]:
    """What some replies name, and how many of them: the address to be removed, the list."""
    mine, found = np.zeros(len(replies), np.bool_), []
    mine[which] = True
    for at in range(0, len(replies), REPLIES_AT_ONCE):
        some = slice(at, at + REPLIES_AT_ONCE)
        said = text_of(replies[some][mine[some]]).dictionary_encode()
        words = pc.utf8_lower(pc.utf8_slice_codeunits(said.dictionary, 0, LONGEST))
        words = pc.replace_substring_regex(words, NOT_ITS_WORD[0], " ")
        told = pc.extract_regex(words, pattern)
        found.append(pc.struct_field(told, "named").take(said.indices).drop_null().to_pandas())
    counted = (
        pd.concat(found).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    )
    return [(str(name), int(count)) for name, count in counted.head(NAMED_SHOWN).items()]
