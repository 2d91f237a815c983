"""Whose address is it? Domains of envelope addresses, and routes hidden in local parts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from analyzer.site import Network, domain_key


def per_value(values: pd.Series[str], function: Callable[[str], Any]) -> pd.Series[Any]:
    """The function applied once to each distinct value; null stays null."""
    distinct = values.dropna().unique()
    if not len(distinct):
        return values.astype(object)  # or pandas would make numbers of no text
    return values.map({value: function(value) for value in distinct})


def domain(address: str) -> str:
    """The part after the last @ that is not in a quoted local part; empty without one."""
    return domain_key(address.rpartition("@")[2]) if "@" in address else ""


def routed_domain(address: str) -> str:
    """Where a percent, bang or source route in the local part leads; empty without a route.

    `b%outside@ours`, `outside!b@ours`, `b@outside@ours`, `@ours:b@outside`: the oldest relay
    tricks.
    """
    local = address.rpartition("@")[0].strip('"')
    if address.startswith("@") and ":" in address:
        return domain(address.partition(":")[2])
    for mark in ("@", "%"):
        if mark in local:
            return domain_key(local.rpartition(mark)[2])
    return domain_key(local.partition("!")[0]) if "!" in local else ""


def literal(domain_: str) -> str:
    """The address in a domain literal `[192.0.2.1]`; empty for another domain."""
    return (
        domain_[1:-1].lower().removeprefix("ipv6:")
        if domain_.startswith("[") and domain_.endswith("]")
        else ""
    )


def canonical_ip(text: str) -> str | None:
    """RFC 5952 form without prefix; None where it is no address (`unknown`)."""
    try:
        address = ipaddress.ip_address(text.strip("[]").removeprefix("IPv6:").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def within(networks: Iterable[Network], text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(address.version == network.version and address in network for network in networks)
