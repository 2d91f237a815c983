"""Who is inside? Clients and addresses, by what the site says or by what the log shows.

Inside, outside or unknown: never a bool. Where no site is given, domains are those of which the
server itself says so (`grounds`), and networks those that no stranger can have; a verdict then
stays at possible.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import (
    by_domain,
    by_network,
    canonical_ip,
    distinct,
    domain,
    each_domain,
    literal,
    of_each,
    per_value,
    routed_domain,
    within,
)
from analyzer.messages.grounds import only_relayed, said
from analyzer.site import LOOPBACK, OURS_ALONE, Network, Site, domain_key

INSIDE, OUTSIDE, UNKNOWN = "inside", "outside", "unknown"
SIDE = pd.CategoricalDtype(pd.Index([INSIDE, OUTSIDE, UNKNOWN], dtype="str"))  # a byte a row
FLOWS = {
    (INSIDE, INSIDE): "internal",
    (INSIDE, OUTSIDE): "outbound",
    (OUTSIDE, INSIDE): "inbound",
    (OUTSIDE, OUTSIDE): "third_party",
}
ITSELF = [ipaddress.ip_network(address) for address in LOOPBACK]
MAILBOXES = ["local", "virtual"]  # these never pass mail on to another host, as a filter may
STORE = "storedriver"  # Exchange's: it has what it took, and may have refused anybody's


@dataclass(frozen=True)
class Locality:
    """What counts as ours. None is unknown.

    `doubtful`: domains that have mailboxes here, whatever the site says of them.
    `assumed`: of `relay_domains` those that nothing but the service `relay` speaks for.
    """

    domains: frozenset[str] | None
    relay_domains: frozenset[str]
    networks: tuple[Network, ...] | None
    servers: frozenset[str]
    first_domain: str | None
    inferred: bool
    doubtful: frozenset[str] = frozenset()
    assumed: frozenset[str] = frozenset()

    def of_domain(self, name: str) -> str:
        ours = (
            name in (self.domains or ())
            or name in self.relay_domains
            or name in self.servers
            or (literal(name) or name) in self.servers
        )
        if ours or name == "":
            return INSIDE
        return UNKNOWN if self.domains is None or name in self.doubtful else OUTSIDE

    def of_address(self, address: str) -> str:
        """Where mail to the address ends: a route in the local part of one of our addresses leads
        on.
        """
        side = self.of_domain(domain(address))
        route = routed_domain(address)
        if side == INSIDE and route and "." in route:
            return self.of_domain(route)
        return side

    def of_client(self, ip: str) -> str:
        if ip in self.servers:
            return INSIDE
        if self.networks is None or canonical_ip(ip) is None:  # logged as `unknown`
            return UNKNOWN
        return INSIDE if within(self.networks, ip) else OUTSIDE

    @property
    def clients_alike(self) -> Callable[[pa.Array], pa.Array]:
        """Which addresses of clients have the same answer."""
        alone = [name for name in map(canonical_ip, self.servers) if name]
        return by_network([*(self.networks or ()), *map(ipaddress.ip_network, alone)])

    def addresses(self, values: pd.Series) -> pd.Series:
        return per_value(values, self.of_address, by_domain, SIDE).fillna(UNKNOWN)

    def clients(self, values: pd.Series) -> pd.Series:
        return per_value(values, self.of_client, self.clients_alike, SIDE).fillna(UNKNOWN)


def locality(site: Site | None, mailboxes: frozenset[str], told: pd.DataFrame) -> Locality:
    """Who is ours, by the site where it says, else by the log.

    Args:
        mailboxes: Domains that have some here, from `with_mailboxes`.
        told: What the server itself said, from `grounds`.
    """
    stated = site or Site()
    inferred = not stated.known
    by_log = said(told)
    domains = stated.domains if stated.domains is not None else by_log.get("domains")
    guessed = stated.domains is None and stated.relay_domains is None
    relayed = by_log.get("relay_domains") if guessed else stated.relay_domains
    believed = [*stated.believed_networks, *ITSELF] if stated.networks is not None else OURS_ALONE
    names = stated.servers if stated.servers is not None else by_log.get("servers", [])
    return Locality(
        # An empty list is an answer: a server that is only backup has no domain of its own.
        frozenset(map(domain_key, domains)) if domains is not None else None,
        frozenset(map(domain_key, relayed or [])),
        tuple(believed),
        frozenset(name.strip("[]").lower() for name in names) - {""},
        domain_key(domains[0]) if domains else None,
        inferred,
        mailboxes,
        frozenset(only_relayed(told).index) if guessed else frozenset(),
    )


def with_mailboxes(attempts: pd.DataFrame) -> frozenset[str]:
    """Domains with mailboxes on this server.

    Args:
        attempts: Delivery events with `daemon, status, recipient, two_readings`.
    """
    stored = attempts["daemon"].eq(STORE) & attempts["status"].eq("sent")
    sure = (attempts["daemon"].isin(MAILBOXES) | stored) & attempts["two_readings"].ne(True)
    put = attempts.loc[sure, "recipient"].drop_duplicates()
    return frozenset(each_domain(put).dropna().unique()) - {""}


def sides(rows: pd.DataFrame, local: Locality) -> pd.DataFrame:
    """Who handed it in, where it ends, and what the addresses claim.

    Args:
        rows: Deliveries with `client_ip, auth_user, submission, sender, recipient,
        original_recipient, two_readings, first_hop`.

    Returns:
        The rows with `client_side`, `recipient_side`, `original_side`, `flow` and
        `third_party_addresses`. A side is inside, outside or unknown; `address_side` is that of
        the client's address alone, whoever logged in, and `sender_side` what the envelope sender
        claims. `relay_domain`: is the recipient's domain one that we are backup of?
        `relay_assumed`: and does only the service `relay` say so?
    """
    made_here = rows["submission"].isin(["local", "internal"]) | rows["auth_user"].notna()
    address = local.clients(rows["client_ip"])
    client = address.mask(made_here, INSIDE)
    whom, codes = distinct(rows["recipient"], by_domain)
    ends = pd.Series(map(local.of_address, whom), dtype=SIDE)
    recipient: pd.Series[Any] = of_each(ends, codes, rows.index).astype(SIDE).fillna(UNKNOWN)
    other = rows["original_recipient"].ne(rows["recipient"])
    original = recipient.where(~other)
    original[other] = local.addresses(rows.loc[other, "original_recipient"])
    # A stranger may have written that it came for us: then nobody knows where it ended.
    forged = rows["two_readings"].eq(True) & client.ne(INSIDE)
    recipient, original = (
        side.mask(forged & side.eq(INSIDE), UNKNOWN) for side in (recipient, original)
    )
    # What another server of ours took may have been for a group there, or had a forward.
    unseen = rows["first_hop"].notna() & original.eq(OUTSIDE)
    original = original.mask(unseen, UNKNOWN)
    ways = [client.eq(start) & recipient.eq(end) for start, end in FLOWS]
    flow = np.select(ways, range(len(FLOWS)), len(FLOWS))
    sender = per_value(
        rows["origin_sender"],
        lambda a: INSIDE if a == "" else local.of_domain(domain(a)),
        by_domain,
        SIDE,
    )
    sender = sender.fillna(UNKNOWN)
    foreign = (sender.eq(OUTSIDE) & recipient.eq(OUTSIDE)).astype("boolean")
    foreign = foreign.where(sender.ne(UNKNOWN) & recipient.ne(UNKNOWN))
    name = pd.Series(map(domain, whom), dtype="str")
    return rows.assign(
        client_side=client,
        address_side=address,
        sender_side=sender,
        recipient_side=recipient,
        original_side=original,
        flow=of_each(pd.Series([*FLOWS.values(), UNKNOWN]), flow, rows.index),
        third_party_addresses=foreign,
        relay_domain=of_each(name.isin(local.relay_domains), codes, rows.index).eq(True),
        relay_assumed=of_each(name.isin(local.relay_domains & local.assumed), codes, rows.index).eq(
            True
        ),
    )
