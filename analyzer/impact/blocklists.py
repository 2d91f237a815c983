"""Which lists and providers refused us, since when, in their words, and whose mail was hurt?"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.impact.abuse import PLACES_SHOWN, iso, place
from analyzer.rows import Flags, Int32, Int64, borders, parted, picked, text_of, those, whole
from analyzer.schema import WAITING

# Agents whose text is another server's: Postfix smtp(8) and lmtp(8), Sendmail's mailers, Exchange.
REMOTE = ["smtp", "lmtp", "esmtp", "smtp8", "dsmtp", "relay", "dns"]
SUSPENDED = ["error", "retry"]  # Postfix repeats what another server said
GAP = pd.Timedelta(hours=24)  # without refusals, while mail was taken: the listing had ended
HOUR = pd.Timedelta(hours=1)
# So many mails, taken after the last refusal, show that it ended; unless as many in a row may be
# taken by chance, at the rate at which those hosts took mail while they refused it.
ENOUGH, CHANCE = 3, 0.01
# Patterns in one search. RE2 keeps what it learns of a union of so many; of all of them at once it
# forgets it with nearly every reply, and takes fifty times as long.
PATTERNS_AT_ONCE = 10
LONGEST = 1000  # letters of a reply that are looked at
REPLIES_AT_ONCE = 1 << 17  # that lie in memory together
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
    distinct = whole(pd.Series(found), pa.string())
    said = pc.utf8_slice_codeunits(distinct, 0, LONGEST)
    contact = pc.match_substring_regex(said, CONTACT, ignore_case=True)
    for pattern in NOT_ITS_WORD[:3]:
        said = pc.replace_substring_regex(said, pattern, " ")
    said = pc.if_else(contact, said, pc.replace_substring_regex(said, NOT_ITS_WORD[3], " "))
    words = said.dictionary_encode()  # without addresses, many are the same
    known = np.append(_first_fit(words.dictionary)[words.indices.to_numpy()], -1)
    return pd.Series(known[codes], replies.index, "int64")  # no reply: the last one


def _first_fit(texts: pa.Array) -> Int64:
    """The number of the first entry that fits each text; -1 for none."""
    found, left = np.full(len(texts), -1), np.arange(len(texts))
    for begin in range(0, len(entries()), PATTERNS_AT_ONCE):
        some = [entry["pattern"] for entry in entries()[begin : begin + PATTERNS_AT_ONCE]]
        one_of_them = _fit(texts.take(left), "|".join(f"(?:{pattern})" for pattern in some))
        hits, left = left[one_of_them], left[~one_of_them]  # most are about something else
        for number, pattern in enumerate(some, begin):
            fits = _fit(texts.take(hits), pattern)
            found[hits[fits]] = number
            hits = hits[~fits]
    return found


def _fit(texts: pa.Array, pattern: str, *, any_case: bool = True) -> Flags:
    if not len(texts):
        return np.empty(0, np.bool_)  # a pattern of many words takes a millisecond to be read
    fits: Flags = pc.match_substring_regex(texts, pattern, ignore_case=any_case).to_numpy(False)
    return fits


def refusals(attempts: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Attempts that another host refused for a list or our standing, in order of time.

    There may be more of them than deliveries, so their texts stay where they are.

    Args:
        attempts: Every delivery attempt: `life, recipient, time, daemon, status, reply`, place.
        deliveries: `life, recipient_logged, verdict, status` of each leg and recipient.

    Returns:
        `attempt` and `delivery` (positions; -1: no such delivery), `to` (a number for each leg and
        recipient), `time`, `entry` (number of the pattern), `refused_for_good` (the refusal itself
        was permanent), and of the delivery: `own` (it is legitimate), `delivered`, `waiting`.
    """
    slices = range(0, len(attempts), REPLIES_AT_ONCE)
    entry = np.concatenate(
        [np.empty(0, np.int16), *(_entries(attempts[at : at + REPLIES_AT_ONCE]) for at in slices)]
    )
    pairs = _with_deliveries(attempts, entry >= 0, deliveries)
    at, fate = pairs["attempt"].to_numpy(), pairs["delivery"].to_numpy()
    source, _ = pd.factorize(picked(attempts[["source"]], at)["source"], sort=True)
    time = attempts["time"].array[at]
    keys = (fate, at, attempts["line"].to_numpy()[at], source, time.to_numpy("datetime64[us]"))
    of_delivery = {
        name: np.append(told, False)[fate]  # of no delivery: the last one
        for name, told in (
            ("own", deliveries["verdict"].eq("legitimate")),
            ("delivered", deliveries["status"].eq("delivered")),
            ("waiting", deliveries["status"].isin(WAITING)),
        )
    }
    for_good = attempts["status"].eq("bounced").to_numpy()[at]
    found = pairs.assign(time=time, entry=entry[at], refused_for_good=for_good, **of_delivery)
    return found.take(np.lexsort(keys)).reset_index(drop=True)


def _entries(attempts: pd.DataFrame) -> npt.NDArray[np.int16]:
    """The pattern that each attempt was refused by; -1 for none."""
    mine = attempts["status"].ne("sent") & attempts["reply"].notna()
    mine &= attempts["time"].notna()  # a refusal on an impossible day tells no moment
    suspended = mine & attempts["daemon"].isin(SUSPENDED)
    said = text_of(attempts["reply"][suspended]).dictionary_encode()
    repeated = suspended.copy()
    quotes = _fit(said.dictionary, NOT_ITS_WORD[0], any_case=False)
    repeated[suspended] = quotes[said.indices.to_numpy()]
    mine &= attempts["daemon"].isin(REMOTE) | repeated
    found = np.full(len(attempts), -1, np.int16)
    found[mine] = classify(attempts["reply"][mine])
    return found


def _with_deliveries(
    attempts: pd.DataFrame, which: Flags, deliveries: pd.DataFrame
) -> pd.DataFrame:
    """`attempt, delivery, to` of some attempts: which delivery is of the same leg and recipient?"""
    found, numbers = [], 0
    at = borders(attempts["life"])
    parts = zip(parted(attempts["life"], at), parted(deliveries["life"], at), strict=True)
    for (where, part), (there, some) in parts:
        asked = part & which[where]
        mine = those(attempts[["life", "recipient"]][where], asked)
        legs = some & deliveries["life"][there].isin(mine["life"]).to_numpy()
        theirs = those(deliveries[["life", "recipient_logged"]][there], legs)
        both = mine.assign(attempt=np.flatnonzero(asked) + where.start).merge(
            theirs.assign(delivery=np.flatnonzero(legs) + there.start),
            left_on=["life", "recipient"],
            right_on=["life", "recipient_logged"],
            how="left",
        )
        to = both.groupby(["life", "recipient"], sort=False, dropna=False).ngroup()
        found.append(
            both[["attempt"]].assign(delivery=both["delivery"].fillna(-1), to=to + numbers)
        )
        numbers += int(to.max()) + 1 if len(to) else 0
    return pd.concat(found, ignore_index=True).astype("int32")


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
        chance), `lists` (what the replies name), `quoted` (addresses they name), `words` (the first
        reply), `evidence`.
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
        "quoted": _quoted(attempts["reply"], once["attempt"].to_numpy()),
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


def _quoted(replies: pd.Series, which: Int32) -> list[dict[str, Any]]:
    """Addresses that some replies speak of, so that the right one is asked to be removed."""
    mine, found = np.zeros(len(replies), np.bool_), []
    mine[which] = True
    for at in range(0, len(replies), REPLIES_AT_ONCE):
        some = slice(at, at + REPLIES_AT_ONCE)
        said = text_of(replies[some][mine[some]]).dictionary_encode()
        words = pc.utf8_slice_codeunits(said.dictionary, 0, LONGEST)
        words = pc.replace_substring_regex(words, NOT_ITS_WORD[0], " ")
        told = pc.extract_regex(words, rf"(?i)(?:^|[^0-9a-z.:]){IP}(?:$|[^0-9a-z.:])")
        found.append(pc.struct_field(told, "ip").take(said.indices).drop_null().to_pandas())
    counted = (
        pd.concat(found).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    )
    return [
        {"address": str(address), "recipients": int(count)}
        for address, count in counted.head(ADDRESSES_SHOWN).items()
    ]
