"""Which finding is it when a stranger gets through a Postfix, and which line closes the hole?"""

from __future__ import annotations

import re
from dataclasses import replace

from analyzer.config import postfix_checks as checks
from analyzer.config.findings import Change, Check, Finding, Hole
from analyzer.config.given import Place, Said
from analyzer.config.postfix import DEFAULT, Service
from analyzer.config.postfix_lists import instead, without
from analyzer.config.postfix_places import Places, prefix_of
from analyzer.config.postfix_stranger import Answer
from analyzer.config.postfix_tables import is_table, name_keys, network_of
from analyzer.config.postfix_variants import plain
from analyzer.config.postfix_walk import Decision, Stranger
from analyzer.config.postfix_words import RECIPIENT, RELAY
from analyzer.site import too_wide

SUBMISSION_PORTS = {"submission", "587", "submissions", "smtps", "465"}
GUARD = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
LOGINS_ALONE = "permit_sasl_authenticated, reject"  # of a service for our own users
GUARDS = (GUARD, LOGINS_ALONE)


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
        change = _change_of(service, "allow_untrusted_routing", "no")
        said = places.postfix.setting("allow_untrusted_routing")
        detail = f"RCPT TO:<{who.recipient}> is accepted."
        assert said is not None
        return finding(
            checks.UNTRUSTED_ROUTING, said.place, detail, change, Hole(routed=True), where
        )
    if decision is None:
        return _relay_domain(places, service, who, given.authorised)
    assert decision.rule is not None
    by = decision.by or decision.rule
    check = checks.BY_RULE.get(decision.rule.value.lower(), checks.OPEN_TO_ALL)
    anyone = who == plain(places)
    if check is checks.WIDE_NETWORK:
        network = network_of(by.value)
        claimed = places.may_claim(plain(places).client)
        if network is not None and not too_wide(network) and isinstance(claimed, Said):
            change = _change_of(service, "smtpd_authorized_xclient_hosts", "")
            detail = f"{claimed.value} may claim to be {who.client}, which is trusted."
            return finding(checks.XCLIENT, claimed.place, detail, change, None, where)
        change = _change_of(service, "mynetworks", without(places, "mynetworks", by))
        entry = _entry_of(places, by, who.name) or _entry_of(places, by, who.client)
        held = prefix_of(entry.key) if entry else network
        named = () if held or who.name == plain(places).name else (entry or by,)
        names = tuple(said.key or said.value for said in named)
        hole = Hole(clients=(held,) if held else (), names=names)
        claim = f", such as {_claim(who, places)}" if names else ""
        detail = f"{by.value} holds strangers{_named(entry)}{claim}."
        found = finding(check, by.place, detail, change, hole, where)
        return replace(found, remedy=instead(places, by, entry, change))
    hole = Hole() if anyone and not by.key else _keyed(check, who, by)
    detail = "Every stranger passes." if anyone else f"A stranger passes as {_claim(who, places)}."
    detail = f"{decision.rule.value} in {decision.list}: {by.key or by.value}. {detail}"
    return finding(check, by.place, detail, guard(places, service), hole, where)


def _relay_domain(
    places: Places, service: Service | None, who: Stranger, by: Said | None
) -> Finding:
    where = service.name if service else ""
    if by is None:  # every list ran to its end without a word about the recipient
        said = places.postfix.setting(RELAY)
        place = said.place if said else DEFAULT
        return finding(
            checks.OPEN_TO_ALL, place, "No list decides.", guard(places, service), Hole(), where
        )
    change = _change_of(service, "relay_domains", without(places, "relay_domains", by))
    entry = _entry_of(places, by, who.recipient.rpartition("@")[2])
    key = entry.key if entry else by.value
    recipients = (key,) if key and not is_table(key) else ()
    detail = f"{by.value} holds domains of strangers{_named(entry)}."
    hole = Hole(recipients=recipients)
    found = finding(checks.RELAY_DOMAINS, by.place, detail, change, hole, where)
    return replace(found, remedy=instead(places, by, entry, change))


def _entry_of(places: Places, word: Said, asked: str) -> Said | None:
    """The very entry, where the word of a list names a table."""
    if not is_table(word.value):
        return None
    found = places.tables.table(word).lookup(name_keys(asked, True))
    return found if isinstance(found, Said) else None


def _named(entry: Said | None) -> str:
    return f": {entry.key} ({entry.place})" if entry and entry.key else ""


def finding(
    check: Check, place: Place, detail: str, change: Change, hole: Hole | None, where: str
) -> Finding:
    return Finding(check, place, "", detail, str(change), where, change=change, hole=hole)


def _change_of(service: Service | None, name: str, value: str) -> Change:
    """Where the value in force stands: in master.cf if the service overrides it."""
    return Change(name, value, service.name if service and name in service.overrides else "")


def guard(places: Places, service: Service | None) -> Change:
    """The list that closes the door, for this release: relaying has its own list since 2.10."""
    name = RECIPIENT if places.postfix.older_than(2, 10) else RELAY
    if service and service.port in SUBMISSION_PORTS and name in service.overrides:
        return Change(name, LOGINS_ALONE, service.name)
    return _change_of(service, name, GUARD)


def _keyed(check: Check, who: Stranger, by: Said) -> Hole:
    """Messages that fit the entry; a hole takes its patterns as the table writes them."""
    if check is checks.CLIENT_TABLE:
        network = prefix_of(by.key)
        if network is not None:
            return Hole(clients=(network,))
        return Hole(names=(by.key,)) if by.key else Hole()
    if check is checks.SENDER_TABLE:
        return Hole(senders=(by.key or who.sender.rpartition("@")[2] or "<>",))
    if check is checks.HELO_TABLE:
        return Hole(helos=(by.key or who.helo,))
    return Hole(recipients=(by.key,)) if check is checks.RECIPIENT_TABLE and by.key else Hole()


def _claim(who: Stranger, places: Places) -> str:
    usual = plain(places)
    said = [
        ("MAIL FROM:<{}>", who.sender, usual.sender), ("HELO {}", who.helo, usual.helo),
        ("reverse name {}", who.reverse, usual.reverse), ("client {}", who.client, usual.client),
        ("client name {}", who.name, usual.name),
        ("RCPT TO:<{}>", who.recipient, usual.recipient),
    ]  # fmt: skip
    return ", ".join(text.format(mine) for text, mine, theirs in said if mine != theirs)
