"""Which addresses of a wide network can a stranger have, that no narrower entry takes out?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from analyzer.config.postfix_patterns import FILLERS, examples
from analyzer.config.postfix_places import prefix_of
from analyzer.config.postfix_tables import HARMLESS, REFUSAL, Pattern, Table
from analyzer.site import OURS_ALONE, WIDEST, Network, too_wide

# Addresses for documentation, and two more that no server would trust by itself.
CLIENTS = ("203.0.113.99", "198.51.100.99", "192.0.2.99", "8.8.4.99", "9.9.9.99")
NOBODYS = [*OURS_ALONE, ipaddress.ip_network("0.0.0.0/8"), ipaddress.ip_network("224.0.0.0/3")]
MOST_GAPS = 3  # of one network: another list may refuse one address, hardly all

Opening = tuple[Network, bool]


def strangers_in(entries: Sequence[Opening], *, ordered: bool) -> Iterator[str]:
    """Addresses of each network that opens and is wider than one owner's.

    They are in no narrower network, even one that opens: the wide one is to be named.

    Args:
        entries: Networks, each with whether it lets in or takes out.
        ordered: The first that fits counts, as in a list; else the narrowest, as in an index.
    """
    others = [network for network, opens in entries if not (opens and too_wide(network))]
    before = 0
    for network, opens in entries:
        if opens and too_wide(network):
            yield from addresses(network, others[:before] if ordered else others)
        else:
            before += 1


def addresses(network: Network, taken: Iterable[Network] = ()) -> list[str]:
    """Some of its public addresses that are in no narrower network taken out."""
    narrower = [
        n for n in taken if n.version == network.version and n.prefixlen > network.prefixlen
    ]
    known = [ip for ip in map(ipaddress.ip_address, CLIENTS) if ip in network]
    usual = [str(ip) for ip in known if not any(ip in n for n in narrower)][:1]
    found = [str(network[at]) for at in _middles(network, narrower)]
    return usual + found[: MOST_GAPS - len(usual)] or [str(network[network.num_addresses // 2])]


def _middles(network: Network, taken: Sequence[Network]) -> list[int]:
    """The middle of each gap, the widest gap first: a hole is often cut at an end."""
    start = int(network.network_address)
    nobodys = [n for n in NOBODYS if n.version == network.version]
    spans = sorted((int(n[0]) - start, int(n[-1]) - start) for n in [*taken, *nobodys])
    gaps, at = [], 0
    for first, last in [*spans, (network.num_addresses, network.num_addresses)]:
        if first > at:
            gaps.append((at, min(first, network.num_addresses) - 1))
        at = max(at, last + 1)
    gaps = [gap for gap in gaps if gap[0] <= gap[1]]
    gaps.sort(key=lambda gap: gap[0] - gap[1])
    return [min((first + last) // 2 + 99, last) for first, last in gaps]


def openings(table: Table) -> list[Opening]:
    """The networks of an access table, each with whether it lets in."""
    found = []
    for key, said in () if table.patterns else table.entries or ():
        network = prefix_of(key)
        if network is not None:
            closes = REFUSAL.match(said.value) or HARMLESS.match(said.value)
            found.append((network, not closes))
    return found


def fitting_addresses(rule: Pattern) -> list[str]:
    """Addresses that fit the pattern, if it holds more of them than one owner has."""
    found: list[str] = []
    pairs_of = [examples(rule.key, filler, rule.guards) for filler in FILLERS]
    for one, other in zip(*pairs_of, strict=False):
        network = prefix_of(one.strip("."))
        if network is not None and _apart(network, prefix_of(other.strip("."))):
            found += addresses(network)
    return found


def _apart(one: Network, other: Network | None) -> bool:
    """Two networks that no network of one owner holds both of."""
    if other is None or one.version != other.version:
        return False
    width = WIDEST[one.version]
    if one.prefixlen < width:
        return too_wide(one)
    return one.supernet(new_prefix=width) != other.supernet(new_prefix=width)
