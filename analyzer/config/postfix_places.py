"""Whose mail does this Postfix take in: which domains, which clients, as its lists match them?

Inside, outside or unknown: a list that refers to a table without content cannot say no.
Source: match_list(3), postconf(5) of mynetworks, mydestination, relay_domains, virtual_*_domains.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import dropwhile, takewhile

from analyzer.config.given import Place, Said
from analyzer.config.postfix import DEFAULT, Postfix
from analyzer.config.postfix_defaults import DEFAULTS
from analyzer.config.postfix_entries import is_broken, is_fatal, is_no_table
from analyzer.config.postfix_tables import (
    UNKNOWN,
    Answer,
    Broken,
    Held,
    Tables,
    Unknown,
    is_table,
    name_keys,
    network_of,
)
from analyzer.config.postfix_values import split
from analyzer.site import LOOPBACK, Network, ours_alone

# Lists of names, networks and tables; a list of restrictions is read otherwise.
LISTS = (
    "mynetworks", "relay_domains", "mydestination", "virtual_alias_domains",
    "virtual_mailbox_domains", "smtpd_authorized_xclient_hosts",
)  # fmt: skip
MATCHED_BY_SMTPD = ("mynetworks", "relay_domains", "smtpd_authorized_xclient_hosts")
SMTPD_READS = (*LISTS, *DEFAULTS, "myhostname", "myorigin")
CLASS = "mynetworks_style = class"
FINAL = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains")


def prefix_of(key: str) -> Network | None:
    """`192.0.2` of an access table is 192.0.2.0/24."""
    if (network := network_of(key)) is not None:
        return network
    parts = key.rstrip(".").split(".")
    if all(part.isdigit() and int(part) < 256 for part in parts) and 0 < len(parts) < 4:
        full = ".".join([*parts, *["0"] * (4 - len(parts))])
        return ipaddress.ip_network(f"{full}/{8 * len(parts)}")
    return None


def _no_comment(word: Said) -> bool:
    return not word.value.startswith("#")


@dataclass(frozen=True)
class Places:
    """A Postfix (or one service of it) with the tables that were given."""

    postfix: Postfix
    tables: Tables

    def read(self, name: str) -> list[Said]:
        """The words of a list as far as Postfix reads it: a `#` among them ends it."""
        return list(takewhile(_no_comment, self.postfix.words(name)))

    def comment(self, name: str) -> Said | None:
        """The word that ends the list before its end."""
        return next(dropwhile(_no_comment, self.postfix.words(name)), None)

    def spread(self, name: str) -> Iterator[Said]:
        """The words of a list; those of a file that it names come from the file."""
        for said in self.read(name):
            bare = said.value.lstrip("!")
            mark = "!" * ((len(said.value) - len(bare)) % 2)
            if bare.startswith("/") and (given := self.tables.file(bare)):
                for number, line in enumerate(given.lines, 1):
                    words = (Said(mark + word, Place(given.name, number)) for word in split(line))
                    yield from takewhile(lambda word: "#" not in word.value[:2], words)
            else:
                if bare.startswith("/"):
                    self.tables.missing.setdefault(bare, said.place)
                yield replace(said, value=mark + bare)

    def match(self, name: str, fits: Callable[[str], bool | None], *asked: Sequence[str]) -> Held:
        """The first word of the list that fits, None, or UNKNOWN where a table might have.

        A table is looked up in for each sequence of keys. *fits* is None where the word ends the
        search with an error.
        """
        doubt: Answer = None
        for said in self.spread(name):
            bare = said.value.lstrip("!")
            held: bool | Unknown | None
            if is_table(bare):
                table = self.tables.table(Said(bare, said.place))
                found = [table.lookup(keys) for keys in asked]
                held = any(isinstance(one, Said) for one in found)
                held = held or (UNKNOWN if UNKNOWN in found else False)
            elif bare.startswith("/"):
                held = UNKNOWN
            else:
                held = fits(bare)
            if held is None:
                return doubt or Broken(said)
            if isinstance(held, Unknown):
                doubt = UNKNOWN
            elif held:
                return None if said.value.startswith("!") else said
        return doubt

    def doubtful(self, name: str) -> list[Said]:
        """The tables and files of a list whose content was not given."""
        words = [Said(said.value.lstrip("!"), said.place) for said in self.spread(name)]
        tables = [said for said in words if is_table(said.value)]
        lost = [said for said in tables if self.tables.table(said).entries is None]
        return lost + [said for said in words if said.value.startswith("/")]

    def names(self, name: str, domain: str, *, parents: bool = False) -> Answer:
        """Does a list of domains hold this one, or with *parents* one above it?"""
        wanted = domain.lower().rstrip(".")
        words = name_keys(wanted, parents)
        keys = words if parents else [wanted]

        def fits(word: str) -> bool | None:
            return None if is_no_table(word) else word.lower() in words

        found = self.match(name, fits, keys)
        return None if isinstance(found, Broken) else found

    def trusted(self, client: str, name: str = "unknown") -> Held:
        """Is the client in mynetworks, by its address or its name?"""
        if not self.postfix.stated("mynetworks"):
            if client in LOOPBACK:  # whatever the style
                return Said(client, DEFAULT)
            return UNKNOWN if ours_alone(client) or self.styled() else None
        return self._holds("mynetworks", client, name)

    @cached_property
    def fatal(self) -> Said | None:
        """What smtpd cannot start with: a table of no type, or a setting that refers to itself."""
        try:
            TopologicalSorter(self.postfix.named_by(*(f"${n}" for n in SMTPD_READS))).prepare()
        except CycleError as error:
            name = min(error.args[1])
            said = self.postfix.settings[name]
            return Said(f"{name} = {said.text}", said.place, name)
        words = (said for name in MATCHED_BY_SMTPD for said in self.spread(name))
        return next((said for said in words if is_fatal(said.value)), None)

    def styled(self) -> list[Said]:
        """`mynetworks_style = class`: a network of strangers, and only the server knows which."""
        said = self.postfix.setting("mynetworks_style")
        if said is None or self.postfix.stated("mynetworks"):
            return []
        return [Said(CLASS, said.place)] if self.postfix.text(said.name) == "class" else []

    def may_claim(self, client: str) -> Held:
        """May the client say by XCLIENT that it is another?"""
        return self._holds("smtpd_authorized_xclient_hosts", client, "unknown")

    def _holds(self, name: str, client: str, host: str) -> Held:
        """Is the client in a list of networks and names?"""
        address = ipaddress.ip_address(client)
        names = name_keys(host.lower(), self.with_parents(name))

        def fits(word: str) -> bool | None:
            if is_broken(word, version=address.version):
                return None
            network = network_of(word)
            return word.lower() in names if network is None else address in network

        return self.match(name, fits, names, [client])

    def with_parents(self, name: str) -> bool:
        """Does a name in that list stand for those below it too?"""
        return name in self.postfix.text("parent_domain_matches_subdomains")

    def destination(self, domain: str) -> tuple[str, Answer]:
        """`final`, `relay`, `other` or `unknown`, and the word that says so."""
        doubt = False
        for name in FINAL:
            found = self.literal(domain) if domain.startswith("[") else self.names(name, domain)
            if isinstance(found, Said):
                return "final", found
            doubt = doubt or isinstance(found, Unknown)
        found = self.names("relay_domains", domain, parents=self.with_parents("relay_domains"))
        if isinstance(found, Said):
            return "relay", found
        doubt = doubt or isinstance(found, Unknown)
        return ("unknown", UNKNOWN) if doubt else ("other", None)

    def literal(self, domain: str) -> Answer:
        """`[192.0.2.1]`: ours where the server listens there."""
        bare = re.sub(r"^\[(ipv6:)?|\]$", "", domain, flags=re.IGNORECASE)
        for name in ("inet_interfaces", "proxy_interfaces"):
            for said in self.postfix.words(name):
                if said.value.strip("[]") == bare:
                    return said
        return None

    def resolved(self, recipient: str) -> tuple[str, bool]:
        """The recipient after percent and bang rewriting, and whether it still names a route.

        Postfix strips a domain that is mydestination (not one that is virtual or relayed), rewrites
        what is left, and looks again. Source: trivial-rewrite/resolve.c.
        """
        address = recipient
        for _ in range(10):
            local, at, domain = address.rpartition("@")
            if not at or not self._stripped(domain):
                break
            rewritten = self.rewritten(local)
            if rewritten is None:
                break
            address = rewritten
        local, _, domain = address.rpartition("@")
        return address, bool(re.search(r"[@%!]", local)) and not self._stripped(domain)

    def rewritten(self, local: str) -> str | None:
        """What Postfix makes of an address that has lost its domain; None: a plain local name."""
        if "@" in local:
            return local
        if "!" in local and self.postfix.text("swap_bangpath") == "yes":
            site, _, rest = local.partition("!")
            return f"{rest}@{site}"
        if "%" in local and self.postfix.text("allow_percent_hack") == "yes":
            name, _, site = local.rpartition("%")
            return f"{name}@{site}"
        return None

    def _stripped(self, domain: str) -> bool:
        if domain.startswith("["):
            return isinstance(self.literal(domain), Said)
        return isinstance(self.names("mydestination", domain), Said)
