"""Who is local, as this Postfix has it?"""

from __future__ import annotations

import re

from analyzer.config.entries import Entries
from analyzer.config.given import Said
from analyzer.config.postfix import Postfix
from analyzer.config.postfix_places import FINAL, Places
from analyzer.config.postfix_tables import Tables, is_table, network_of
from analyzer.config.postfix_values import split


def site(postfix: Postfix, tables: Tables) -> Entries:
    """Final destinations, relayed domains, trusted networks, own names, and what goes outside."""
    places = Places(postfix, tables)
    entries = Entries()
    for name in FINAL:
        _domains(places, name, "domains", entries)
    if "domains" not in entries.values and _has_none(places):
        entries.know("domains")
    if "domains" in entries.values or postfix.stated("relay_domains"):
        if not places.doubtful("relay_domains"):
            entries.know("relay_domains")
        _domains(places, "relay_domains", "relay_domains", entries)
    _networks(places, entries)
    host = postfix.setting("myhostname")
    if host and postfix.text("myhostname"):
        entries.add("servers", Said(postfix.text("myhostname"), host.place))
    for name in ("inet_interfaces", "proxy_interfaces"):
        for said in places.spread(name):
            if (network := network_of(said.value)) is not None:
                entries.add("servers", said, str(network.network_address))
    _forwards(places, entries)
    return entries


def _has_none(places: Places) -> bool:
    """Does no domain of mail end here, and is that said? A list not known to its end says nothing.

    So is a gateway or a backup server set up: `mydestination =` and relay_domains.
    """
    said = places.postfix.settings.get("mydestination")
    unknown = any(places.doubtful(name) for name in (*FINAL, "relay_domains"))
    if said is None or unknown:
        return False
    # As written: a name that hangs on an unknown myhostname expands to nothing.
    return {word.partition(".")[0] for word in split(said.text)} <= {"localhost"}


def _domains(places: Places, name: str, key: str, entries: Entries) -> None:
    """The names of a list; a table's keys are names where they hold no @."""
    for said in places.spread(name):
        bare = said.value.lstrip("!")
        if is_table(bare):
            table = places.tables.table(Said(bare, said.place))
            for found in table.keys:
                if "@" not in found.value:
                    _name(found, key, entries)
            if table.entries is None:
                entries.notes.append(f"{said.place}: {name}: the content of {bare} was not given")
            elif not table.keys:
                entries.notes.append(f"{said.place}: {name}: {bare} holds patterns, not names")
        elif bare.startswith("/"):
            entries.notes.append(f"{said.place}: {name}: the file {bare} was not given")
        elif said.value.startswith("!"):
            entries.notes.append(f"{said.place}: {name}: {bare} is left out")
        else:
            _name(said, key, entries)


def _name(said: Said, key: str, entries: Entries) -> None:
    """`localhost` and a name that hangs on an unknown myhostname are no domains of mail."""
    name = said.value.strip(".").lower()
    if name and name != "localhost" and not said.value.endswith(".") and "$" not in name:
        if said.value.startswith("."):
            entries.notes.append(f"{said.place}: {said.value} stands for all names below {name}")
        entries.add(key, said, name)


def _networks(places: Places, entries: Entries) -> None:
    postfix = places.postfix
    if not postfix.stated("mynetworks"):
        style = postfix.text("mynetworks_style")
        entries.notes.append(
            f"mynetworks is not stated (mynetworks_style is {style}): the server works it out from "
            "its interfaces; `postconf mynetworks` prints it"
        )
        return
    entries.know("networks")
    for said in places.spread("mynetworks"):
        bare = said.value.lstrip("!")
        network = network_of(bare)
        if said.value.startswith("!"):
            entries.notes.append(f"{said.place}: mynetworks: {bare} is left out of what follows")
        elif network is not None:
            entries.add("networks", said, str(network))
        elif is_table(bare):
            _network_table(places, Said(bare, said.place), entries)
        elif bare.startswith("/"):
            entries.notes.append(f"{said.place}: mynetworks: the file {bare} was not given")
        else:
            entries.notes.append(f"{said.place}: mynetworks: {bare} is no network")


def _network_table(places: Places, said: Said, entries: Entries) -> None:
    table = places.tables.table(said)
    if table.entries is None:
        entries.notes.append(f"{said.place}: mynetworks: the content of {said.value} was not given")
    for key, found in table.entries or ():
        if (network := network_of(key)) is not None:
            entries.add("networks", found, str(network))


def _forwards(places: Places, entries: Entries) -> None:
    """Aliases of ours with a target outside; a target without domain is a local user."""
    ours = {*entries.values.get("domains", {}), *entries.values.get("relay_domains", {})}
    first = next(iter(entries.values.get("domains", {})), "")
    for name in ("virtual_alias_maps", "alias_maps"):
        for said in places.postfix.words(name):
            if not is_table(said.value):
                continue
            table = places.tables.table(said)
            if table.entries is None:
                lost = f"{said.place}: {name}: the content of {said.value} was not given"
                entries.notes.append(f"{lost}: forwards in it are unknown")
            for key, found in table.entries or ():
                address = key if "@" in key else f"{key}@{first}"
                targets = [t.strip(',"') for t in split(found.value) if not re.match(r"[|/:]", t)]
                outside = [t for t in targets if "@" in t and t.rpartition("@")[2] not in ours]
                if outside and first and not key.startswith(("@", "/")):
                    entries.forwards.setdefault(address, (targets, found.place))
