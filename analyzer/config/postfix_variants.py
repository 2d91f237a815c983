"""Which strangers are worth asking about?

One who does nothing special; one from every network that is too wide to be one owner's; and one
for everything a client can claim: a sender, a HELO name, a reverse name, an address with a route.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.config.given import Place, Said
from analyzer.config.postfix_networks import (
    CLIENTS,
    fitting_addresses,
    openings,
    strangers_in,
)
from analyzer.config.postfix_patterns import FILLERS, examples
from analyzer.config.postfix_places import FINAL, Places, prefix_of
from analyzer.config.postfix_tables import MOST_TRIED, Pattern, Table, is_table, network_of
from analyzer.config.postfix_values import split
from analyzer.config.postfix_walk import Stranger, classes, pairs
from analyzer.config.postfix_words import ACCESS_CHECKS, LISTS, RECIPIENT, RELAY
from analyzer.config.suffixes import may_be_top, owned_by_nobody, owner_of, suffix_of
from analyzer.site import LOOPBACK, Network, too_wide

ADDRESS = re.compile(r"[^@\s.]+(?:\.[^@\s.]+)*@[^@\s.]+(?:\.[^@\s.]+)*")
ENTRIES_A_VALUE = 50  # of those that say the same; one would do, and each is a finding


def plain(places: Places) -> Stranger:
    """A client that is in no network of the server's, if there can be one."""
    outside = (c for c in CLIENTS if not isinstance(places.trusted(c), Said))
    return Stranger(client=next(outside, CLIENTS[-1]))


def variants(places: Places) -> Iterator[Stranger]:
    """All of them, the plain one first."""
    somebody = plain(places)
    yield somebody
    yield from (replace(somebody, client=client) for client in _trusted_strangers(places))
    yield from (replace(somebody, name=name) for name in _trusted_names(places))
    if isinstance(places.may_claim(somebody.client), Said):
        yield replace(somebody, client=[*trusted_clients(places), *LOOPBACK][0])
    claims = [claim for kind, table in tables(places) for claim in _claiming(somebody, kind, table)]
    yield from claims
    if classes(places):  # one table may send on to another, which asks for something else
        yield from _combined(somebody, claims)
    yield from _borrowing(somebody, places)
    yield replace(somebody, backed=True)
    yield replace(somebody, certified=True)
    yield from _elsewhere(somebody, places)


def _combined(somebody: Stranger, claims: Sequence[Stranger]) -> Iterator[Stranger]:
    """The HELO name of one and the sender of another."""
    helos = [c.helo for c in claims if c.helo != somebody.helo][:ENTRIES_A_VALUE]
    senders = [c.sender for c in claims if c.sender != somebody.sender][:ENTRIES_A_VALUE]
    for helo in helos:
        yield from (replace(somebody, helo=helo, sender=sender) for sender in senders)


def _borrowing(somebody: Stranger, places: Places) -> Iterator[Stranger]:
    """One who uses our names, and one who uses none."""
    for domain in _final_domains(places)[:3]:
        yield replace(somebody, sender=f"postmaster@{domain}")
        yield replace(somebody, helo=domain)
    for helo in ("localhost", "192.0.2.1", places.postfix.text("myhostname")):
        if helo:
            yield replace(somebody, helo=helo)
    yield replace(somebody, sender="")


def _elsewhere(somebody: Stranger, places: Places) -> Iterator[Stranger]:
    """One who names recipients below a top-level domain, or a route over a domain of ours."""
    for suffix in _suffixes(places):
        yield replace(somebody, recipient=f"anybody@elsewhere.{suffix}")
    for table in _tables_of(places, "relay_domains"):
        for rule in table.patterns:
            yield from (replace(somebody, recipient=f"anybody@{d}") for d in foreign(rule))
    user, _, outside = somebody.recipient.rpartition("@")
    for domain in [*_final_domains(places)[:3], *_relay_domains(places)[:3]]:
        yield replace(somebody, recipient=f"{user}%{outside}@{domain}")
        yield replace(somebody, recipient=f"{outside}!{user}@{domain}")
        yield replace(somebody, recipient=f"{somebody.recipient}@{domain}")


def _trusted_strangers(places: Places) -> Iterator[str]:
    """What `mynetworks` and its tables hold of strangers, whatever the value of an entry."""
    words = ((network_of(s.value.lstrip("!")), s.value[0] != "!") for s in _words(places))
    yield from strangers_in([(n, opens) for n, opens in words if n is not None], ordered=True)
    for table in _tables_of(places, "mynetworks"):
        for rule in table.patterns:
            yield from fitting_addresses(rule)
        networks = [network_of(key) for key, _ in table.entries or ()] if table.plain else []
        held = [(network, True) for network in networks if network is not None]
        yield from strangers_in(held, ordered=True)


def _trusted_names(places: Places) -> Iterator[str]:
    """Names of clients, which `mynetworks` may hold as well as addresses."""
    tables_of = _tables_of(places, "mynetworks")
    keys = [s.value for s in _words(places)] + [k.value for table in tables_of for k in table.keys]
    bare = (key.lstrip(".") for key in keys if re.fullmatch(r"[\w.-]+", key))
    yield from (f"host.elsewhere.{name}" for name in bare if owned_by_nobody(name))
    for table in tables_of:
        for rule in table.patterns:
            yield from foreign(rule)


def trusted_clients(places: Places) -> list[str]:
    return [str(n.network_address) for n in _networks(places) if not too_wide(n)]


def _networks(places: Places) -> list[Network]:
    found = (network_of(said.value) for said in _words(places))
    return [network for network in found if network is not None]


def _words(places: Places) -> list[Said]:
    return list(places.spread("mynetworks"))


def tables(places: Places) -> Iterator[tuple[str, Table]]:
    """Every access table that a list, a class or an entry of another table asks, with its kind."""
    for name in (*LISTS, RELAY, RECIPIENT, *sorted(classes(places))):
        for kind, table in _asked(places, places.postfix.words(name), name):
            yield kind, table
            values = (said.value for _, said in table.entries or () if ":" in said.value)
            for value in dict.fromkeys(values):
                words = [Said(word, Place("", 0)) for word in split(value)]
                yield from _asked(places, words, name)


def _asked(places: Places, words: Sequence[Said], name: str) -> Iterator[tuple[str, Table]]:
    for rule, argument in pairs(words, name):
        kind = ACCESS_CHECKS.get(rule.value.lower())
        if kind and argument is not None:
            yield kind, places.tables.table(argument)


def _tables_of(places: Places, name: str) -> list[Table]:
    """The tables that a list of domains or networks names."""
    words = (said for said in places.spread(name) if is_table(said.value))
    return [places.tables.table(said) for said in words]


def _claiming(somebody: Stranger, kind: str, table: Table) -> Iterator[Stranger]:
    """Strangers who say what the table has an entry for, unless that entry refuses them."""
    for part in table.parts:
        yield from _claiming(somebody, kind, part)
    if kind == "client":
        wide = strangers_in(openings(table), ordered=table.kind == "cidr")
        yield from (replace(somebody, client=client) for client in wide)
    for rule in table.patterns[:MOST_TRIED]:
        claims = fitting(somebody, kind, rule)
        spoken = (c for c in claims if ADDRESS.fullmatch(c.recipient) and _may_send(c.sender))
        yield from (c for c in spoken if isinstance(table.lookup([_key(c, kind)]), Said))
    seen: Counter[str] = Counter()
    for key, said in table.permitting if table.kind not in ("cidr", "static") else ():
        seen[said.value] += 1
        if seen[said.value] <= ENTRIES_A_VALUE:
            yield from _named(somebody, kind, key)


def _named(somebody: Stranger, kind: str, key: str) -> Iterator[Stranger]:
    """A stranger who says what an entry has for its key."""
    bare = key.lstrip(".")
    if kind == "sender" and key == "<>":  # stands for no sender
        yield replace(somebody, sender="")
    elif kind == "sender":
        full = key if key.count("@") == 1 and not key.endswith("@") else ""
        ends = f"{key}outside.test" if key.endswith("@") else f"somebody@{bare}"
        yield replace(somebody, sender=full or ends)
        yield replace(somebody, sender=f"somebody@host.{bare}")
    elif kind == "helo":
        yield replace(somebody, helo=bare)
        yield replace(somebody, helo=f"host.{bare}")
    elif kind == "reverse":
        yield replace(somebody, reverse=f"host.{bare}")
    elif kind == "recipient" and key.endswith("@"):
        yield replace(somebody, recipient=f"{key}elsewhere.test")
    elif kind == "client" and prefix_of(key) is None and owned_by_nobody(bare):
        yield replace(somebody, name=f"host.elsewhere.{bare}")


def fitting(somebody: Stranger, kind: str, rule: Pattern) -> Iterator[Stranger]:
    """Strangers who may fit a pattern; a client's name is his own only in a domain of his own."""
    texts = [text for filler in FILLERS for text in examples(rule.key, filler, rule.guards)]
    if kind == "client":
        yield from (replace(somebody, name=name) for name in foreign(rule))
        yield from (replace(somebody, client=address) for address in fitting_addresses(rule))
    for text in dict.fromkeys(texts):
        local, at, domain = text.rpartition("@")
        address = f"{local or 'somebody'}@{domain or 'outside.test'}"
        if kind == "sender":
            ways = [address] if at else [text, f"somebody@{text}", f"{text}@outside.test"]
            yield from (replace(somebody, sender=way) for way in ways)
        elif kind == "helo":
            ways = [text, f"{text}.outside.test", f"host{text}"]
            yield from (replace(somebody, helo=way) for way in ways if way)
        elif kind == "recipient":
            domains = [*foreign(rule), "elsewhere.test", f"{domain}.elsewhere.test"]
            user = (local if at else text) or "anybody"
            yield from (replace(somebody, recipient=f"{user}@{d}") for d in domains)
            yield from (replace(somebody, recipient=f"anybody@{d}") for d in domains)


def foreign(rule: Pattern) -> list[str]:
    """Domains that fit the pattern, and that somebody else can have."""
    found = []
    pairs_of = [examples(rule.key, filler, rule.guards) for filler in FILLERS]
    for one, other in zip(*pairs_of, strict=False):
        names = [text.rpartition("@")[2].strip(".") for text in (one, other)]
        if names[0] and owner_of(names[0]) != owner_of(names[1]):
            found.append(names[0])
        suffix = suffix_of(names[0])
        found += [f"elsewhere.{suffix}"] if suffix else []
        found.append(f"{names[0]}.elsewhere.test".lstrip("."))
        # Without an anchor or a dot before it, a name ends others too: evil-corp.example.
        longer = [f"{mark}{names[0]}" for mark in ("evil-", "x")]
        found += [name for name in longer if "." in name and owner_of(name) != owner_of(names[0])]
    return [name for name in dict.fromkeys(found) if re.fullmatch(r"[\w.-]*[a-z][\w-]*", name)]


def _may_send(sender: str) -> bool:
    """Postfix refuses an address that is none by its syntax."""
    return sender == "" or ADDRESS.fullmatch(sender) is not None


def _key(who: Stranger, kind: str) -> str:
    """What a pattern table of that kind is asked for."""
    told = {"sender": who.sender, "helo": who.helo, "recipient": who.recipient}
    return told.get(kind, who.client if who.name == "unknown" else who.name)


def _suffixes(places: Places) -> list[str]:
    """Domains that nobody owns alone, in relay_domains and in tables of recipients.

    A single label that is mydestination too is the short name of this host.
    """
    names = [said.value for said in places.spread("relay_domains")]
    names += [key.value for table in _tables_of(places, "relay_domains") for key in table.keys]
    names += [k.value for kind, table in tables(places) if kind == "recipient" for k in table.keys]
    bare = (name.lstrip(".") for name in names if re.fullmatch(r"[\w.-]+", name))
    hosts = {said.value for said in places.spread("mydestination")}
    return [name for name in dict.fromkeys(bare) if name not in hosts and may_be_top(name)]


def _final_domains(places: Places) -> list[str]:
    words = [said.value for name in FINAL for said in places.spread(name)]
    return _domains(word for word in words if "." in word)


def _relay_domains(places: Places) -> list[str]:
    return _domains(said.value for said in places.spread("relay_domains"))


def _domains(words: Iterable[str]) -> list[str]:
    bare = (word.lstrip(".") for word in words)
    return list(dict.fromkeys(word for word in bare if re.fullmatch(r"\w[\w.-]*", word)))
