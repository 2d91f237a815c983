"""Through which connector of this Exchange can a stranger relay, and how is it closed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzer.config.exchange import Exchange, Record, allowed, ranges, relay_flags
from analyzer.config.exchange_checks import (
    ANONYMOUS,
    ANY_DOMAIN,
    EXTERNAL,
    HYBRID,
    NOT_GIVEN,
    OLD_OPEN,
    SCOPED,
    SILENT,
)
from analyzer.config.findings import (
    CLOSED,
    OPEN,
    UNKNOWN,
    Audit,
    Check,
    Door,
    Finding,
    Hole,
)
from analyzer.config.given import Given, Place
from analyzer.site import Network, too_wide

ALLOW_LIST, LOCAL_LIST = 2, 4  # of RelayFlags; the latter holds addresses that clients connect to
# S-1-5-7 in the languages of the server; "ANONYM" is part of all that are written in Latin letters.
_ANONYMOUS = re.compile(r"ANONYM|S-1-5-7$", re.IGNORECASE)
_EVERYBODY = re.compile(
    r"^(?:Everyone|Jeder|Tout le monde|Todos|Iedereen|Tutti)$|S-1-1-0$", re.IGNORECASE
)
_ANY_RECIPIENT = "accept-any-recipient"


def audit(exchange: Exchange, files: Sequence[Given]) -> Audit:
    """Each enabled receive connector is a door."""
    doors: list[Door] = []
    findings = list(_any_domain(exchange))
    for record in exchange.connectors or ():
        if record.get("Enabled").lower() != "false":
            door, found = _connector(exchange, record)
            doors.append(door)
            findings += found
    for given in exchange.routing_55:
        door, found = _routing_55(given)
        doors.append(door)
        findings += found
    if not doors:
        doors.append(_no_connector(exchange))
    return Audit.of("Exchange", doors, findings, files)


def _no_connector(exchange: Exchange) -> Door:
    record = next(iter(exchange.domains or exchange.permissions or ()), None)
    place = record.place if record else Place("Exchange", 0)
    because = "Get-ReceiveConnector was not given"
    return Door("receive connectors", OPEN if _star(exchange) else UNKNOWN, because, place)


def _star(exchange: Exchange) -> Record | None:
    return next((r for r in exchange.domains or () if r.get("DomainName") == "*"), None)


def _any_domain(exchange: Exchange) -> Iterator[Finding]:
    if (record := _star(exchange)) is not None:
        place = record.at("DomainName")
        detail = f"Accepted domain * ({record.get('DomainType') or 'type unknown'})."
        name = record.get("Name") or "*"
        yield Finding(ANY_DOMAIN, place, "", detail, f'Remove-AcceptedDomain "{name}"', hole=Hole())


def _connector(exchange: Exchange, record: Record) -> tuple[Door, list[Finding]]:
    name = record.get("Identity") or record.get("Name") or "a connector"
    place = record.at("RemoteIPRanges")
    networks = ranges(record)
    wide = [n for n in networks or () if too_wide(n)]
    relays, unknown, how = _relays(exchange, record, name)
    findings = list(_hybrid(record, name))
    if relays:
        findings += _relay_findings(record, name, networks, how)
    if (relays and wide) or (how is ANY_DOMAIN and (wide or networks is None)):
        because = f"{_WORDS[how]}, and strangers are in its RemoteIPRanges ({place})"
        return Door(name, OPEN, because, place), findings
    if (relays and networks is None) or unknown:
        what = "RemoteIPRanges" if relays else "the permissions of anonymous clients"
        detail = f"{what} of {name} are not in these files."
        remedy = f'Get-ReceiveConnector "{name}" | Get-ADPermission | Export-Csv permissions.csv'
        findings.append(Finding(NOT_GIVEN, place, "", detail, remedy, name))
        because = f"closed, unless {what} say otherwise ({place})"
        return Door(name, UNKNOWN, because, place), findings
    because = (
        f"relays for its own networks alone ({place})"
        if relays
        else f"nobody relays without login ({place})"
    )
    return Door(name, CLOSED, because, place), findings


_WORDS = {
    ANONYMOUS: "anonymous clients may name any recipient",
    EXTERNAL: "its clients count as our own servers",
    ANY_DOMAIN: "every domain is accepted",
}


def _relays(exchange: Exchange, record: Record, name: str) -> tuple[bool, bool, Check]:
    """Do its clients relay without login; is that unknown; and by what?"""
    groups = record.get("PermissionGroups").lower()
    anonymous = "anonymoususers" in groups.replace(" ", "")
    if "externalauthoritative" in record.get("AuthMechanism").lower().replace(" ", ""):
        return True, False, EXTERNAL
    granted = _granted(exchange, record, name)
    if granted:
        return True, False, ANONYMOUS
    if anonymous and _star(exchange):
        return True, False, ANY_DOMAIN
    # A right beyond its groups makes a connector "Custom"; only the list of rights tells which.
    told = all(record.told(key) for key in ("PermissionGroups", "AuthMechanism") if record.get(key))
    unknown = granted is None and (anonymous or "custom" in groups or not groups)
    return False, unknown or not told, ANONYMOUS


def _granted(exchange: Exchange, record: Record, name: str) -> bool | None:
    """Was Accept-Any-Recipient granted to anonymous clients there? None: not in the files."""
    if exchange.permissions is None:
        return None
    ends = {name.rpartition("\\")[2].lower(), record.get("Name").lower()} - {""}
    mine = [
        r
        for r in exchange.permissions
        if r.get("Identity").replace("/", "\\").rpartition("\\")[2].lower() in ends
    ]
    if not mine:
        return None
    anonymous = [r for r in mine if _ANONYMOUS.search(r.get("User"))]
    entitled = [r for r in anonymous if _ANY_RECIPIENT in r.get("ExtendedRights").lower()]
    denied = any(r.get("Deny").lower() == "true" for r in entitled)
    if not entitled and _in_doubt(mine, anonymous):
        return None
    return bool(entitled) and not denied


def _in_doubt(mine: Sequence[Record], anonymous: Sequence[Record]) -> bool:
    """Rights that the export does not spell out, or that everybody has: anonymous clients too?"""
    everybody = [r for r in mine if _EVERYBODY.search(r.get("User"))]
    cut = any(not r.whole("ExtendedRights") for r in anonymous)
    return cut or any(_ANY_RECIPIENT in r.get("ExtendedRights").lower() for r in everybody)


def _relay_findings(
    record: Record, name: str, networks: list[Network] | None, how: Check
) -> Iterator[Finding]:
    place = record.at("RemoteIPRanges")
    wide = tuple(n for n in networks or () if too_wide(n))
    small = [str(n) for n in networks or () if not too_wide(n)]
    if wide and how is not ANY_DOMAIN:
        kept = ", ".join(f'"{n}"' for n in small) or '"10.0.0.25"'
        remedy = f'Set-ReceiveConnector "{name}" -RemoteIPRanges {kept}'
        detail = f"{name}: RemoteIPRanges hold {', '.join(map(str, wide[:3]))}."
        yield Finding(how, place, "", detail, remedy, name, hole=Hole(clients=wide))
    elif networks and how is not ANY_DOMAIN:
        detail = f"{name} relays for {', '.join(small[:5])}."
        yield Finding(SCOPED, place, "", detail, "Keep RemoteIPRanges to single hosts.", name)
    if record.get("ProtocolLoggingLevel").lower() == "none":
        remedy = f'Set-ReceiveConnector "{name}" -ProtocolLoggingLevel Verbose'
        where = record.at("ProtocolLoggingLevel")
        yield Finding(SILENT, where, "", f"{name} keeps no protocol log.", remedy, name)


def _hybrid(record: Record, name: str) -> Iterator[Finding]:
    said = record.get("TlsDomainCapabilities")
    if "acceptcloudservicesmail" in said.lower() or "acceptorgprotocol" in said.lower():
        where = record.at("TlsDomainCapabilities")
        detail = f"{name}: {said}."
        yield Finding(HYBRID, where, "", detail, "Name the certificate, not a wildcard.", name)


def _routing_55(given: Given) -> tuple[Door, list[Finding]]:
    """Deny list first, then whatever allows; with the deny list alone all others relay. Q193922."""
    door = "Internet Mail Service 5.5"
    flags = relay_flags(given)
    if flags is None:
        because = "closed, unless rerouting is on: RelayFlags, its restriction, is not in the file"
        return Door(door, UNKNOWN, because, Place(given.name, 0)), []
    value, place = flags
    listed = allowed(given) if value & ALLOW_LIST else []
    wide = tuple(n for n in listed or () if too_wide(n))
    if wide:
        detail = f"RelayAllowList holds {', '.join(map(str, wide[:3]))}."
        remedy = "Take it out of the list of hosts that may reroute."
        hole = Hole(clients=wide)
        finding = Finding(OLD_OPEN, place, given.line(place.line), detail, remedy, hole=hole)
        return Door(door, OPEN, f"RelayAllowList holds strangers ({place})", place), [finding]
    if listed is None or value & LOCAL_LIST:
        what = "RelayAllowList" if listed is None else "RelayLocalIPList"
        because = f"closed, unless {what} lets strangers in ({place})"
        return Door(door, UNKNOWN, because, place), []
    if value & 0b1110:
        return Door(door, CLOSED, f"restricted by RelayFlags {value} ({place})", place), []
    detail = f"RelayFlags is {value}: " + ("only a deny list." if value else "no restriction.")
    remedy = '"RelayFlags"=dword:00000008'
    finding = Finding(OLD_OPEN, place, given.line(place.line), detail, remedy, hole=Hole())
    return Door(door, OPEN, f"RelayFlags {value} lets strangers relay ({place})", place), [finding]
