"""Who is local, by the log of a server whose configuration is not at hand?

Every answer has its ground, how often it was seen, and a confidence. High: no stranger could have
brought it about. Medium: he could, at some cost. Low: it fits, and so would other things; only the
owner can say, so a low one is shown and never used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

import pandas as pd

from analyzer.messages.addresses import canonical_ip, canonical_ips, each_domain, per_value, within
from analyzer.messages.assemble import Assembled
from analyzer.messages.grounds import MANY, only_relayed, scattered
from analyzer.messages.masks import masked
from analyzer.site import LOOPBACK_NETWORKS, OURS_ALONE
from analyzer.words import count, form, listing

HIGH, MEDIUM, LOW = "high", "medium", "low"
KEYS = ["domains", "relay_domains", "networks", "servers", "lists", "forwards"]  # of site.toml
INFERENCE = ["key", "value", "target", "confidence", "times", "unit", "reason"]
STRANGERS = 3  # a mistyped address reaches a server by one or two
DAYS, MESSAGES = 2, 3  # a host that sends for us does so again and again
MOST_TARGETS = 10  # of an alias; what reaches more people is a list
QUOTED_BY = 2  # one next hop may say what it likes
OWNER = (
    r"^(?:owner-(?P<after>[^@]+)|(?P<before>[^@]+?)-(?:owner|request|bounces?))(?:@(?P<of>[^@]+))?$"
)
NO_NAME = "unknown"  # in Postfix's log
UNNAMED = "?"  # an address of ours that the log does not tell
QUOTED = r"\bmessages from \[(?P<ip>[0-9A-Fa-f.:]+)\]"
TOO_MANY = f"{MANY} and more such domains got little mail each: customers, or relay_domains = *"
# Lines, or mail: what each ground counts, and how it is said.
GROUNDS = {
    "delivered": ("delivery", "this server put its mail into mailboxes or programs of its own"),
    "rewritten": ("delivery", "this server rewrote addresses of it"),
    "unknown_user": ("refusal", "this server refused users of it as unknown in a table of its own"),
    "relay_service": ("delivery", "went out by the service `relay`, kept for relay_domains"),
    "logs": ("line", "the host that wrote the log"),
    "named": ("message", "a client whose verified name is that of the logging host"),
}


def infer(assembled: Assembled) -> pd.DataFrame:
    """What `inference` finds in messages that were put together without a site."""
    attempts = assembled.attempts.select(["client_ip", "kind"]).to_pandas()
    return inference(assembled.told, assembled.denied, assembled.deliveries, attempts)


def inference(
    told: pd.DataFrame, denied: frozenset[str], rows: pd.DataFrame, attempts: pd.DataFrame
) -> pd.DataFrame:
    """One row an entry of site.toml that the log shows or hints at, the surest first of each key.

    Args:
        told: What the server said, from `grounds`: `key, value, ground, times`.
        denied: Domains for which relaying was refused.
        rows: Deliveries with sides, made without a site.
        attempts: ATTEMPTS with `client_ip, kind`.

    Returns:
        `key, value, target, confidence, times, unit, reason`; `target` of a forward only.
    """
    lists = _lists(rows, _busiest(told))
    parts = [
        _told(told, denied),
        _accepted(rows, denied),
        _private(rows),
        _public(rows, attempts, told.loc[told["key"].eq("domains"), "value"]),
        _quoted(rows),
        lists,
        _forwards(rows, lists["value"]),
        _unnamed(rows),
    ]
    found = pd.concat([part.reindex(columns=INFERENCE) for part in parts], ignore_index=True)
    rank = {name: number for number, name in enumerate([HIGH, MEDIUM, LOW])}
    order = found.assign(of=found["key"].map(KEYS.index), sure=found["confidence"].map(rank))
    by = ["of", "sure", "times", "value", "target"]
    order = order.sort_values(by, ascending=[True, True, False, True, True])
    # What the server itself says goes before what only fits.
    return order.drop_duplicates(["key", "value", "target"])[INFERENCE].reset_index(drop=True)


def _by_mail(
    key: str, values: Iterable[str], sure: str, times: pd.Series[int], reasons: list[str]
) -> pd.DataFrame:
    """Entries that so many messages show."""
    entries = {"value": values, "times": times.to_numpy(), "reason": reasons}
    return pd.DataFrame(entries | {"key": key, "confidence": sure, "unit": "message"})


def _told(told: pd.DataFrame, denied: frozenset[str]) -> pd.DataFrame:
    found = []
    relayed, wide = set(only_relayed(told).index), scattered(told)
    for (key, value), of in told.groupby(["key", "value"], sort=True):
        said = [f"{GROUNDS[g][1]} ({n:,})" for g, n in zip(of["ground"], of["times"], strict=True)]
        refused = key in {"domains", "relay_domains"} and value in denied
        if refused:
            said.append("but it also refused to relay for it: the setting may have changed")
        sure = MEDIUM if refused else HIGH
        if key == "relay_domains" and value in relayed:
            sure = LOW if value in wide else MEDIUM
            said.append(TOO_MANY if value in wide else "a relay_domains too wide does the same")
        first = GROUNDS[str(of["ground"].iloc[0])][0]
        row = {"key": key, "value": value, "times": int(of["times"].sum()), "unit": first}
        found.append(row | {"confidence": sure, "reason": "; ".join(said)})
    return pd.DataFrame(found, columns=INFERENCE)


def _accepted(rows: pd.DataFrame, denied: frozenset[str]) -> pd.DataFrame:
    """Domains elsewhere for which strangers were let in, who wrote to no other such domain.

    Where the log shows no domain of ours, as of a gateway before another server, any may be one.
    """
    strange = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    mine = strange & ~rows["two_readings"].eq(True)
    for side in ("recipient_side", "original_side"):
        mine &= rows[side].ne("inside")
    mail = rows[mine].assign(domain=each_domain(rows.loc[mine, "recipient"]))
    several = mail.groupby("client_ip")["domain"].transform("nunique").gt(1)
    spared = set(mail.loc[several, "client_ip"])
    groups = mail[~mail["client_ip"].isin(spared)].groupby("domain")
    counts = groups.agg(clients=("client_ip", "nunique"), times=("origin_life", "nunique"))
    counts = counts[counts["clients"].ge(STRANGERS) & ~counts.index.isin(sorted(denied))]
    reasons = [
        f"accepted from {clients} strangers who sent to no other domain elsewhere, and "
        "passed on: a domain of yours on another host, one you are backup of, or relaying"
        for clients in counts["clients"]
    ]
    return _by_mail("relay_domains", counts.index, LOW, counts["times"], reasons)


def _private(rows: pd.DataFrame) -> pd.DataFrame:
    """Networks that no stranger can have, as far as hosts of them handed mail in without login."""
    handed_in = rows["submission"].eq("smtp") & rows["auth_user"].isna()
    ours = per_value(rows["client_ip"], _is_private).eq(True)
    mail = rows[handed_in & ours].assign(masked=masked(rows)[handed_in & ours])
    network = per_value(mail["client_ip"], _around)
    groups = mail.groupby(network.astype("object"))
    found = []
    for value, of in groups:
        hosts = of["client_ip"].nunique()
        gateways = sorted(set(of.loc[of["masked"], "client_ip"]))
        reason = f"private addresses: {hosts:,} of them handed mail in without a login"
        if gateways:
            brings, it = form(len(gateways), "brings", "bring"), form(len(gateways), "it", "them")
            reason += f"; {listing(gateways)} {brings} in what strangers send: leave {it} out"
        found.append(
            {
                "key": "networks",
                "value": value,
                "confidence": LOW if gateways else HIGH,
                "times": of["origin_life"].nunique(),
                "unit": "message",
                "reason": reason,
            }
        )
    return pd.DataFrame(found, columns=INFERENCE)


def _is_private(text: str) -> bool:
    return canonical_ip(text) is not None and within(OURS_ALONE, str(canonical_ip(text)))


def _around(text: str) -> str:
    """Its network as sites cut them: by the second number of 10.x, else /24; /64 of IPv6."""
    address = ipaddress.ip_address(str(canonical_ip(text)))
    if address.is_loopback:
        return LOOPBACK_NETWORKS[address.version == 6]
    width = 64 if address.version == 6 else 16 if text.startswith("10.") else 24
    return str(ipaddress.ip_network(f"{address}/{width}", strict=False))


def _public(rows: pd.DataFrame, attempts: pd.DataFrame, ours: pd.Series[str]) -> pd.DataFrame:
    """Hosts that send to the world under our own domains only, day by day, and never were refused.

    Spam hides behind our domains too, but in a rush, under others as well, and after refusals.
    """
    handed_in = rows["submission"].eq("smtp") & rows["client_side"].eq("outside")
    mail = rows[handed_in]
    away = mail["recipient_side"].eq("outside") & mail["original_side"].eq("outside")
    groups = mail.assign(
        own=each_domain(mail["origin_sender"]).isin(list(ours)),
        away=mail["origin_life"].where(away),
        whom=each_domain(mail["recipient"]).where(away),
        day=mail["received"].dt.floor("D"),
    ).groupby("client_ip")
    seen = groups.agg(
        own=("own", "all"),
        times=("away", "nunique"),
        domains=("whom", "nunique"),
        days=("day", "nunique"),
        name=("client_name", "first"),
        senders=("origin_sender", "nunique"),
        sender=("origin_sender", "first"),
    )
    refused = attempts.loc[attempts["kind"].isin(["relay_denied", "auth_failed"]), "client_ip"]
    often = seen["own"] & seen["times"].ge(MESSAGES) & seen["days"].ge(DAYS)
    kept = seen[often & seen["domains"].ge(2) & ~seen.index.isin(refused.dropna())]
    alike = kept["sender"].where(kept["senders"].eq(1)).str.lower()
    others = alike.groupby(alike).transform("size").sub(1).where(alike.notna(), 0)
    reasons = [
        f"{_called(ip, name)} sent to {n} domains on {days} days without a login that the log "
        f"shows, under our own domains only, and was never refused: {_whose(sender, int(alike))}"
        for ip, n, days, name, sender, alike in zip(
            kept.index,
            *(kept[column] for column in ("domains", "days", "name", "sender")),
            others,
            strict=True,
        )
    ]
    networks = [str(ipaddress.ip_network(ip)) for ip in kept.index]
    return _by_mail("networks", networks, LOW, kept["times"], reasons)


def _called(ip: str, name: Any) -> str:
    return ip if pd.isna(name) or name == NO_NAME else f"{name} ({ip})"


def _whose(sender: str, others: int) -> str:
    """*others*: further such addresses, from which this one sender alone wrote."""
    if others:
        return (
            f"under {sender} alone, as {count(others, 'more such address')}: rather a login of "
            "that one, used from many places and perhaps stolen, than hosts of yours"
        )
    return "a host of yours, or relaying under your name"


def _quoted(rows: pd.DataFrame) -> pd.DataFrame:
    """Our own address as next hops quote it. They say what they like: never sure."""
    told = rows["reply"].astype("str").str.extract(QUOTED)["ip"].dropna()
    seen = rows.loc[told.index, ["relay", "origin_life"]].assign(ip=canonical_ips(told))
    groups = seen[~seen["ip"].isin(rows["client_ip"].dropna().unique())].groupby("ip")
    counts = groups.agg(hops=("relay", "nunique"), times=("origin_life", "nunique"))
    counts = counts[counts["hops"].ge(QUOTED_BY)]
    reasons = [f"{hops} next hops quote it as ours in their refusals" for hops in counts["hops"]]
    return _by_mail("servers", counts.index, MEDIUM, counts["times"], reasons)


def _busiest(told: pd.DataFrame) -> str:
    """The domain of ours that most is said of; empty without any."""
    mine = told[told["key"].eq("domains")].groupby("value")["times"].sum()
    return str(mine.idxmax()) if len(mine) else ""


def _lists(rows: pd.DataFrame, first: str) -> pd.DataFrame:
    """Addresses of ours whose mail went on under the name of their owner.

    Sendmail logs no more than that a copy was made for an owner, often without a domain.
    """
    cloned = rows["owner"].notna()
    parts = rows["owner"].where(cloned, rows["sender"]).astype("str").str.extract(OWNER)
    name = parts["after"].where(parts["after"].notna(), parts["before"])
    address = (name + "@" + parts["of"].mask(parts["of"].isna() & cloned, first)).str.lower()
    sent_on = rows["original_recipient"].str.lower().eq(address)
    mine = (sent_on & rows["original_side"].eq("inside")) | (cloned & address.notna())
    counts = (
        rows[mine]
        .groupby(address[mine])
        .agg(times=("origin_life", "nunique"), people=("recipient", "nunique"))
    )
    reasons = [
        f"sent on to {n:,} {form(n, 'person', 'people')} by its owner" for n in counts["people"]
    ]
    return _by_mail("lists", counts.index, MEDIUM, counts["times"], reasons)


def _forwards(rows: pd.DataFrame, lists: Iterable[str]) -> pd.DataFrame:
    """Addresses of ours whose mail went on to people elsewhere."""
    names = ("original_recipient", "recipient")
    start, end = (rows[name].astype("str").str.lower() for name in names)
    went_on = rows["original_side"].eq("inside") & rows["recipient_side"].eq("outside")
    mine = went_on & start.ne(end) & ~start.isin(list(lists))
    pairs = (
        rows[mine]
        .assign(value=start[mine], target=end[mine])
        .groupby(["value", "target"], observed=True)
    )
    counts = pairs["origin_life"].nunique().rename("times").reset_index()
    few = counts.groupby("value")["target"].transform("size").le(MOST_TARGETS)
    return counts[few].assign(
        key="forwards", confidence=HIGH, unit="message", reason="this server sent it on"
    )


def _unnamed(rows: pd.DataFrame) -> pd.DataFrame:
    """People elsewhere whom an alias or .forward of ours brings mail; Sendmail names only them."""
    went_on = rows["original_side"].eq("inside") & rows["recipient_side"].eq("outside")
    same = rows["original_recipient"].eq(rows["recipient"])
    mine = went_on & same & rows["expanded"] & rows["owner"].isna()
    counts = rows[mine].groupby(rows.loc[mine, "recipient"].str.lower())["origin_life"].nunique()
    return pd.DataFrame(
        {
            "key": "forwards",
            "value": UNNAMED,
            "target": counts.index,
            "confidence": LOW,
            "times": counts.to_numpy("int64"),
            "unit": "message",
            "reason": "this server sent it on for an address of yours that the log does not name",
        }
    )
