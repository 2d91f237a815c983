"""How many messages of a case came through this very hole?

Counted are messages that arrived by SMTP from a client that is in none of the server's own believed
networks, without a login, and that had a recipient in no domain of the server.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import pyarrow as pa

from analyzer.config.findings import Hole
from analyzer.config.postfix_patterns import fits
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import Network, Site, domain_key

COLUMNS = """
    server origin_queue_id origin_life client_ip client_name auth_user submission origin_sender
    recipient original_recipient status received
""".split()


class Traffic:
    """The deliveries of a case as an audit counts them."""

    def __init__(self, deliveries: pa.Table, messages: pa.Table, site: Site) -> None:
        rows = deliveries.select(COLUMNS).to_pandas()
        self._rows = rows[~rows["status"].isin(NOT_DELIVERIES) & rows["submission"].eq("smtp")]
        helo = messages.select(["server", "queue_id", "received", "helo"]).to_pandas()
        helo = helo.drop_duplicates(["server", "queue_id", "received"])
        self._rows = self._rows.merge(
            helo.rename(columns={"queue_id": "origin_queue_id"}),
            how="left",
            on=["server", "origin_queue_id", "received"],
        )
        self._site = site

    def through(self, hole: Hole) -> int:
        """Distinct messages."""
        rows = self._rows
        ours = [*(self._site.domains or ()), *(self._site.relay_domains or ())]
        foreign = _without(ours, hole.recipients)
        outside = ~_each(rows["recipient"], lambda a: _domain(a) in foreign or "@" not in a)
        chosen = self._as_somebody_else() if hole.logged_in else rows["auth_user"].isna()
        # An alias of ours that goes outside was mail for us.
        came_for_us = _each(rows["original_recipient"], lambda a: _domain(a) in foreign)
        chosen &= outside & (~came_for_us | bool(hole.routed))
        if hole.routed:
            chosen &= _each(rows["original_recipient"], _has_route)
        if not hole.logged_in:
            chosen &= ~_each(rows["client_ip"], lambda ip: _in(self._site.believed_networks, ip))
        if hole.clients:
            chosen &= _each(rows["client_ip"], lambda ip: _in(hole.clients, ip))
        if hole.names:
            fits = partial(_fits, hole.names)
            chosen &= _each(rows["client_name"], fits) | _each(rows["client_ip"], fits)
        for keys, column in (
            (hole.senders, "origin_sender"), (hole.helos, "helo"), (hole.recipients, "recipient"),
        ):  # fmt: skip
            if keys:
                chosen &= _each(rows[column], partial(_fits, keys))
        return int(rows.loc[chosen, "origin_life"].nunique())

    def _as_somebody_else(self) -> pd.Series:
        """Logged in, and the sender is not named like the login; either may lack its domain."""
        login = self._rows["auth_user"].str.lower()
        sender = self._rows["origin_sender"].str.lower()
        same = sender.eq(login) | _local(sender).eq(_local(login))
        as_another: pd.Series = login.notna() & ~same
        return as_another


def _local(addresses: pd.Series) -> pd.Series:
    return addresses.replace(r"@.*", "", regex=True)


def _without(ours: Sequence[str], taken: Sequence[str]) -> frozenset[str]:
    """Our domains; one that is itself the hole is not ours."""
    return frozenset(map(domain_key, ours)) - {domain_key(key) for key in taken}


def _each(values: pd.Series, test: Callable[[str], bool]) -> pd.Series:
    """The test of every distinct value; what is missing fails it."""
    distinct = values.dropna().unique()
    answers = pd.Series([test(value) for value in distinct], index=distinct, dtype=bool)
    return values.map(answers).eq(True)


def _domain(address: str) -> str:
    return domain_key(address.rpartition("@")[2]) if "@" in address else ""


def _has_route(address: str) -> bool:
    return any(mark in address.rpartition("@")[0] for mark in "@%!")


def _in(networks: Sequence[Network], ip: str) -> bool:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _fits(keys: Sequence[str], value: str) -> bool:
    """As an access table matches: the address, its domain or one above, `local@`."""
    address = value.lower()
    name = address.rpartition("@")[2]
    if any(fits(key, address) for key in keys):  # a key that is no pattern fits nothing
        return True
    for key in map(str.lower, keys):
        bare = key.lstrip(".")
        if (
            address == key
            or (key == "<>" and not value)
            or (key.endswith("@") and address.startswith(key))
        ):
            return True
        if "@" not in key and (name == bare or name.endswith("." + bare)):
            return True
    return False
