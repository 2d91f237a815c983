"""Which strangers are worth asking about?

One who does nothing special; one from every network that is too wide to be one owner's; and one
for everything a client can claim: a sender, a HELO name, a reverse name, an address with a route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.config.given import Said
from analyzer.config.postfix_places import Places, network_of
from analyzer.config.postfix_tables import Table
from analyzer.config.postfix_walk import Stranger, pairs
from analyzer.config.postfix_words import ACCESS_CHECKS, LISTS, RECIPIENT, RELAY
from analyzer.config.suffixes import owned_by_nobody
from analyzer.site import Network, too_wide

# Addresses for documentation, and one more that no server would trust by itself.
CLIENTS = ("203.0.113.99", "198.51.100.99", "192.0.2.99", "8.8.4.99")


def plain(places: Places) -> Stranger:
    """A client that is in no network of the server's, if there can be one."""
    outside = (c for c in CLIENTS if not isinstance(places.trusted(c), Said))
    return Stranger(client=next(outside, CLIENTS[0]))


def variants(places: Places) -> Iterator[Stranger]:
    """All of them, the plain one first."""
    somebody = plain(places)
    yield somebody
    for network in wide_networks(places):
        yield replace(somebody, client=_inside(network))
    if isinstance(places.may_claim(somebody.client), Said):
        for network in _trusted_networks(places)[:1]:
            yield replace(somebody, client=str(network.network_address))
    for kind, table in _tables(places):
        for key in table.keys:
            yield from _claiming(somebody, kind, key.value)
        if table.kind == "cidr":
            yield from _from_cidr(somebody, table)
    yield from _borrowing(somebody, places)
    yield from _elsewhere(somebody, places)


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
    user, _, outside = somebody.recipient.rpartition("@")
    for domain in [*_final_domains(places)[:3], *_relay_domains(places)[:3]]:
        yield replace(somebody, recipient=f"{user}%{outside}@{domain}")
        yield replace(somebody, recipient=f"{outside}!{user}@{domain}")
        yield replace(somebody, recipient=f"{somebody.recipient}@{domain}")


def wide_networks(places: Places) -> list[Network]:
    return [network for network in _networks(places) if too_wide(network)]


def _trusted_networks(places: Places) -> list[Network]:
    return [network for network in _networks(places) if not too_wide(network)]


def _networks(places: Places) -> list[Network]:
    found = (network_of(s.value) for s in places.spread("mynetworks"))
    return [network for network in found if network is not None]


def _inside(network: Network) -> str:
    """A public address of it, away from its ends, where a hole has often been cut."""
    for client in (*CLIENTS, "9.9.9.99"):
        if network.version == 4 and network_of(client).subnet_of(network):  # type: ignore[union-attr,arg-type]
            return client
    return str(network.network_address + network.num_addresses // 2 + 99)


def _tables(places: Places) -> Iterator[tuple[str, Table]]:
    for name in (*LISTS, RELAY, RECIPIENT):
        for rule, argument in pairs(places.postfix.words(name), name):
            kind = ACCESS_CHECKS.get(rule.value.lower())
            if kind and argument is not None:
                yield kind, places.tables.table(argument)


def _claiming(somebody: Stranger, kind: str, key: str) -> Iterator[Stranger]:
    """A stranger who says what the table has an entry for."""
    bare = key.lstrip(".")
    if kind == "sender":
        full = key if key.count("@") == 1 and not key.endswith("@") else ""
        yield replace(
            somebody,
            sender=full or (f"{key}outside.test" if key.endswith("@") else f"somebody@{bare}"),
        )
        yield replace(somebody, sender=f"somebody@host.{bare}")
    elif kind == "helo":
        yield replace(somebody, helo=bare)
        yield replace(somebody, helo=f"host.{bare}")
    elif kind == "reverse":
        yield replace(somebody, reverse=f"host.{bare}")


def _from_cidr(somebody: Stranger, table: Table) -> Iterator[Stranger]:
    for key, _ in table.entries or ():
        network = network_of(key)
        if network is not None and too_wide(network):
            yield replace(somebody, client=_inside(network))


def _suffixes(places: Places) -> list[str]:
    """Domains that nobody owns alone, in relay_domains and in tables of recipients."""
    names = [said.value for said in places.spread("relay_domains")]
    names += [k.value for kind, table in _tables(places) if kind == "recipient" for k in table.keys]
    bare = (name.lstrip(".") for name in names if name and name[0] not in "!/")
    return [name for name in bare if re.fullmatch(r"[\w.-]+", name) and owned_by_nobody(name)]


def _final_domains(places: Places) -> list[str]:
    return _domains(places, ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains"))


def _relay_domains(places: Places) -> list[str]:
    return _domains(places, ("relay_domains",))


def _domains(places: Places, names: tuple[str, ...]) -> list[str]:
    words = [said.value for name in names for said in places.spread(name)]
    plain_words = [w.lstrip(".") for w in words if "." in w and ":" not in w and w[:1] not in "!/"]
    return list(dict.fromkeys(w for w in plain_words if w.strip(".")))
