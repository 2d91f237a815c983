"""Who is local, as this Exchange has it?"""

from __future__ import annotations

from analyzer.config.entries import Entries
from analyzer.config.exchange import Exchange, ranges
from analyzer.config.given import Said


def site(exchange: Exchange) -> Entries:
    """Authoritative and InternalRelay end here, ExternalRelay is passed on; `*` names nobody."""
    entries = Entries()
    if exchange.domains is not None:
        entries.know("domains")
        entries.know("relay_domains")
    for record in exchange.domains or ():
        name, kind = record.get("DomainName"), record.get("DomainType").lower()
        place = record.at("DomainName")
        if name == "*":
            entries.notes.append(
                f"{place}: the accepted domain * makes every domain local: left out"
            )
            continue
        if name.startswith("*."):
            entries.notes.append(f"{place}: {name} stands for all names below {name[2:]}")
        key = "relay_domains" if kind == "externalrelay" else "domains"
        if bare := name.removeprefix("*."):
            entries.add(key, Said(bare, place))
    _networks(exchange, entries)
    return entries


def _networks(exchange: Exchange, entries: Entries) -> None:
    """Connectors whose clients relay without login name networks; others say nothing of trust."""
    if exchange.connectors is None:
        return
    entries.know("networks")
    for record in exchange.connectors:
        trusted = "externalauthoritative" in record.get("AuthMechanism").lower()
        groups = record.get("PermissionGroups").lower()
        name = record.get("Identity") or record.get("Name")
        networks = ranges(record)
        place = record.at("RemoteIPRanges")
        everybody = any(network.prefixlen == 0 for network in networks or ())
        if networks is None:
            entries.notes.append(f"{place}: RemoteIPRanges of {name} are not whole in this export")
        elif (trusted or "anonymoususers" in groups) and not everybody:
            for network in networks:
                entries.add("networks", Said(str(network), place))
        elif trusted:
            entries.notes.append(f"{place}: {name} trusts everybody: left out")
    for record in exchange.connectors:
        if fqdn := record.get("Fqdn"):
            entries.add("servers", Said(fqdn, record.at("Fqdn")))
