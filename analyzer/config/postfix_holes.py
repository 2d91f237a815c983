"""Which finding is it when a stranger gets through a Postfix, and which line closes the hole?"""

from __future__ import annotations

import ipaddress
import re

from analyzer.config import postfix_checks as checks
from analyzer.config.findings import Change, Check, Finding, Hole
from analyzer.config.given import Place, Said
from analyzer.config.postfix import DEFAULT, Service
from analyzer.config.postfix_places import Places, network_of
from analyzer.config.postfix_stranger import Answer
from analyzer.config.postfix_variants import plain
from analyzer.config.postfix_walk import Decision, Stranger
from analyzer.config.postfix_words import RECIPIENT, RELAY
from analyzer.site import Network, too_wide

SUBMISSION_PORTS = {"submission", "587", "submissions", "smtps", "465"}
GUARD = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"


def guilty(given: Answer) -> Decision | None:
    """The permission that mattered: that of the list that guards relaying, if it gave one."""
    by_list = {decision.list: decision for decision in given.permits}
    if given.authorised and RELAY not in by_list:
        return None
    return by_list.get(RELAY) or by_list.get(RECIPIENT)


def hole_of(places: Places, service: Service | None, who: Stranger, given: Answer) -> Finding:
    where = service.name if service else ""
    decision = guilty(given)
    routing = places.postfix.text("allow_untrusted_routing") == "yes"
    if routing and re.search(r"[@%!]", who.recipient.rpartition("@")[0]) and given.authorised:
        change = change_of(service, "allow_untrusted_routing", "no")
        said = places.postfix.setting("allow_untrusted_routing")
        detail = f"RCPT TO:<{who.recipient}> is accepted."
        assert said is not None
        return finding(
            checks.UNTRUSTED_ROUTING, said.place, detail, change, Hole(routed=True), where
        )
    if decision is None:
        return _relay_domain(places, service, given.authorised, where)
    assert decision.rule is not None
    by = decision.by or decision.rule
    check = checks.BY_RULE.get(decision.rule.value.lower(), checks.OPEN_TO_ALL)
    anyone = who == plain(places)
    if check is checks.WIDE_NETWORK:
        network = network_of(by.value)
        claimed = places.may_claim(plain(places).client)
        if network is not None and not too_wide(network) and isinstance(claimed, Said):
            change = change_of(service, "smtpd_authorized_xclient_hosts", "")
            detail = f"{claimed.value} may claim to be {who.client}, which is trusted."
            return finding(checks.XCLIENT, claimed.place, detail, change, None, where)
        change = change_of(service, "mynetworks", _without_wide(places))
        hole = Hole(clients=(network,) if network else ())
        return finding(check, by.place, f"{by.value} holds strangers.", change, hole, where)
    hole = Hole() if anyone and not by.key else _keyed(check.name, who, by)
    detail = "Every stranger passes." if anyone else f"A stranger passes as {_claim(who, places)}."
    detail = f"{decision.rule.value} in {decision.list}: {by.key or by.value}. {detail}"
    return finding(check, by.place, detail, guard(places, service), hole, where)


def _relay_domain(places: Places, service: Service | None, by: Said | None, where: str) -> Finding:
    if by is None:  # every list ran to its end without a word about the recipient
        said = places.postfix.setting(RELAY)
        place = said.place if said else DEFAULT
        return finding(
            checks.OPEN_TO_ALL, place, "No list decides.", guard(places, service), Hole(), where
        )
    kept = [s.value for s in places.postfix.words("relay_domains") if s.value != by.value]
    change = change_of(service, "relay_domains", ", ".join(kept))
    recipients = (by.value.lstrip("."),) if re.fullmatch(r"[\w.-]+", by.value) else ()
    detail = f"{by.value} holds domains of strangers."
    return finding(
        checks.RELAY_DOMAINS, by.place, detail, change, Hole(recipients=recipients), where
    )


def finding(
    check: Check, place: Place, detail: str, change: Change, hole: Hole | None, where: str
) -> Finding:
    return Finding(check, place, "", detail, str(change), where, change=change, hole=hole)


def change_of(service: Service | None, name: str, value: str) -> Change:
    """Where the value in force stands: in master.cf if the service overrides it."""
    return Change(name, value, service.name if service and name in service.overrides else "")


def guard(places: Places, service: Service | None) -> Change:
    """The list that closes the door, for this release: relaying has its own list since 2.10."""
    name = RECIPIENT if places.postfix.older_than(2, 10) else RELAY
    if service and service.port in SUBMISSION_PORTS and name in service.overrides:
        return Change(name, "permit_sasl_authenticated, reject", service.name)
    return change_of(service, name, GUARD)


def _without_wide(places: Places) -> str:
    words = [said.value for said in places.postfix.words("mynetworks")]
    networks = {word: network_of(word) for word in words}
    kept = [w for w in words if (network := networks[w]) is None or not too_wide(network)]
    return ", ".join(w for w in kept) or "127.0.0.0/8, [::1]/128"


def _keyed(check: str, who: Stranger, by: Said) -> Hole:
    """Messages that fit the entry; where the key is a pattern, those that fit what was tried."""
    plain_key = by.key and not re.match(r"[/!|~]", by.key)
    if check == checks.CLIENT_TABLE.name:
        network = _prefix(by.key)
        return Hole(clients=(network,) if network else ())
    if check == checks.SENDER_TABLE.name:
        return Hole(senders=(by.key if plain_key else who.sender.rpartition("@")[2] or "<>",))
    if check == checks.HELO_TABLE.name:
        return Hole(helos=(by.key if plain_key else who.helo,))
    return (
        Hole(recipients=(by.key,)) if check == checks.RECIPIENT_TABLE.name and plain_key else Hole()
    )


def _prefix(key: str) -> Network | None:
    """`192.0.2` of an access table is 192.0.2.0/24."""
    if (network := network_of(key)) is not None:
        return network
    parts = key.rstrip(".").split(".")
    if all(part.isdigit() for part in parts) and 0 < len(parts) < 4:
        full = ".".join([*parts, *["0"] * (4 - len(parts))])
        return ipaddress.ip_network(f"{full}/{8 * len(parts)}")
    return None


def _claim(who: Stranger, places: Places) -> str:
    usual = plain(places)
    said = [
        ("MAIL FROM:<{}>", who.sender, usual.sender), ("HELO {}", who.helo, usual.helo),
        ("reverse name {}", who.reverse, usual.reverse), ("client {}", who.client, usual.client),
        ("RCPT TO:<{}>", who.recipient, usual.recipient),
    ]  # fmt: skip
    return ", ".join(text.format(mine) for text, mine, theirs in said if mine != theirs)
