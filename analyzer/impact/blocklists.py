"""Which words of another server say that a list or a provider refused us, and at which attempts?"""

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

from analyzer.rows import Flags, Int64, borders, parted, picked, text_of, those, whole
from analyzer.schema import WAITING

# Agents whose text is another server's: Postfix smtp(8) and lmtp(8), Sendmail's mailers, Exchange.
REMOTE = ["smtp", "lmtp", "esmtp", "smtp8", "dsmtp", "relay", "dns"]
SUSPENDED = ["error", "retry"]  # Postfix repeats what another server said
# Patterns in one search. RE2 keeps what it learns of a union of so many; of all of them at once it
# forgets it with nearly every reply, and takes fifty times as long.
PATTERNS_AT_ONCE = 10
LONGEST = 1000  # letters of a reply that are looked at
REPLIES_AT_ONCE = 1 << 17  # that lie in memory together
# What is not the receiver's word: whom we asked, at which command, and addresses, which may be
# anybody's text. What is left is the reply from its code on.
NOT_ITS_WORD = (
    r"^.{0,40}host \S{1,300} (?:said|refused to talk to me): ",
    r"\(in reply to [^()]{1,60}\)?\)?$",
    r"<[^<>\s]{0,320}>",
    r"\S{1,64}@\S{1,255}",
)
CONTACT = r"(?:tosa@rx\.t-online\.de|\S{1,40}@messaging\.microsoft\.com)"


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


def own_refused(refused: pd.DataFrame) -> int:
    """Recipients of legitimate mail among `refusals`: each once, by however many lists."""
    return int(refused.loc[refused["own"], "to"].nunique())


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
