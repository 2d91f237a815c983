"""What stands between a door of this Postfix that seems closed and an answer?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.config import postfix_checks as checks
from analyzer.config.findings import Finding
from analyzer.config.given import Said
from analyzer.config.postfix import Service
from analyzer.config.postfix_holes import finding, guard
from analyzer.config.postfix_places import CLASS, Places
from analyzer.config.postfix_stranger import ACCEPTED, answer
from analyzer.config.postfix_tables import is_table
from analyzer.config.postfix_variants import trusted_clients
from analyzer.config.postfix_walk import Stranger

TOLD_BY_RULES = (CLASS, "permit_tls_all_clientcerts")
POLICY_SERVICE = re.compile(r"(?:unix|inet):")


def listed(unknown: Sequence[Said]) -> str:
    return " or ".join(dict.fromkeys(f"{said.value} ({said.place})" for said in unknown))


def doubts(places: Places, service: Service | None, unknown: Sequence[Said]) -> Iterator[Finding]:
    """What stands between this door and an answer."""
    relayed = places.doubtful("relay_domains")
    for said in unknown:
        if said.value in TOLD_BY_RULES:
            continue
        check = checks.NOT_GIVEN if is_table(said.value) or said.value[:1] == "/" else checks.POLICY
        check = checks.PATTERN if said.key else check
        check = checks.POLICY if POLICY_SERVICE.match(said.value) else check
        detail = f"{said.value} may permit; it was asked before foreign recipients are refused."
        where = service.name if service else ""
        if said in relayed:
            detail = f"{said.value} says whom this server relays for."
            ask = f"Give its content, or ask it: postmap -q elsewhere.test {said.value}"
            yield Finding(check, said.place, said.value, detail, ask, where)
        else:
            yield finding(check, said.place, detail, guard(places, service), None, where)


def proxied(places: Places, service: Service | None, who: Stranger) -> Said | None:
    """The setting that lets whoever connects say who he is, where some address is trusted."""
    first, name = [places.postfix], "smtpd_upstream_proxy_protocol"
    if service and service.type == "pass":  # postscreen speaks to the client first
        screens = (s for s in places.postfix.services if s.command == "postscreen")
        first = [places.postfix.seen_by(screen) for screen in screens]
        name = "postscreen_upstream_proxy_protocol"
    said = next((p.setting(name) for p in first if p.text(name)), None)
    if said is None:
        return None
    claims = [*trusted_clients(places), "127.0.0.1"]
    given = (answer(places, replace(who, client=c), trusting=True) for c in claims)
    return Said(said.name, said.place) if any(a.verdict == ACCEPTED for a in given) else None


def past_the_proxy(service: Service | None, said: Said) -> Finding:
    detail = f"{said.value}: whoever connects is believed, also a stranger who finds the port."
    remedy = "Let only the proxy reach this port: a firewall, or an address inside your network."
    where = service.name if service else ""
    return Finding(checks.PROXY, said.place, said.value, detail, remedy, where)
