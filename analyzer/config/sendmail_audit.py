"""Through which rules of this Sendmail can a stranger relay, and how are they closed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzer.config import recognise
from analyzer.config.findings import (
    CLOSED,
    OPEN,
    UNKNOWN,
    Audit,
    Door,
    Finding,
    Hole,
)
from analyzer.config.given import Given, Place, Said
from analyzer.config.sendmail import Sendmail, has_mask, network_of
from analyzer.config.sendmail_checks import (
    BASED_ON_MX,
    DELAYED,
    ENTIRE_DOMAIN,
    LOCAL_FROM,
    LOOSE,
    MAIL_FROM,
    NO_MASK,
    NOT_GIVEN,
    OLD_RELEASE,
    OWN_RULES,
    PROMISCUOUS,
    UNQUALIFIED,
    UNRESOLVABLE,
    WIDE_RELAY,
)
from analyzer.config.suffixes import owned_by_nobody
from analyzer.site import too_wide

_BY_FEATURE = {
    "promiscuous_relay": PROMISCUOUS,
    "loose_relay_check": LOOSE,
    "relay_local_from": LOCAL_FROM,
    "relay_based_on_MX": BASED_ON_MX,
    "accept_unqualified_senders": UNQUALIFIED,
    "accept_unresolvable_domains": UNRESOLVABLE,
    "delay_checks": DELAYED,
}
# With these a stranger is served whatever else is set.
_OPENS = {PROMISCUOUS, LOCAL_FROM, MAIL_FROM, OLD_RELEASE, WIDE_RELAY, ENTIRE_DOMAIN}
DAEMON = "sendmail daemon"
NO_RELAY_DOMAINS = (
    "relay-domains was not given: where /etc/mail/relay-domains exists, Sendmail reads it, and "
    "whoever it names may relay"
)


def audit(sendmail: Sendmail, files: Sequence[Given]) -> Audit:
    """One door: every daemon of a Sendmail asks the same rules."""
    findings = [*_features(sendmail), *_names(sendmail), *_access(sendmail)]
    opens = _OPENS | ({LOOSE} if sendmail.named("R") else set())
    opened = [f for f in findings if f.check in opens]
    lost = [*_not_given(sendmail), *_own_rules(sendmail)]
    if {PROMISCUOUS, OLD_RELEASE}.isdisjoint(f.check for f in findings):
        lost += _cut(sendmail)
    by_mx = [f for f in findings if f.check is BASED_ON_MX]
    if opened:
        first = opened[0]
        door = Door(DAEMON, OPEN, f"{first.detail.rstrip('.')} ({first.place})", first.place)
    elif lost:
        because = (
            f"closed, unless {' or '.join(f.detail.split(' ')[0] for f in lost)} says otherwise"
        )
        door = Door(DAEMON, UNKNOWN, because, lost[0].place)
    elif by_mx:
        place = by_mx[0].place
        because = f"closed, but for domains whose owner names this server in DNS ({place})"
        door = Door(DAEMON, UNKNOWN, because, place)
    else:
        place = Place(files[0].name if files else "sendmail", 0)
        door = Door(DAEMON, CLOSED, "nothing in these files lets a stranger relay", place)
    notes = [] if recognise.RELAY_NAMES in sendmail.given else [NO_RELAY_DOMAINS]
    return Audit.of("Sendmail", [door], [*findings, *lost], files, notes)


def _features(sendmail: Sendmail) -> Iterator[Finding]:
    holes = {
        PROMISCUOUS: Hole(),
        LOCAL_FROM: Hole(senders=tuple(s.value for s in sendmail.named("w", "VirtHost"))),
        LOOSE: Hole(routed=True),
    }
    for name, said in sendmail.features.items():
        if check := _BY_FEATURE.get(name):
            remedy, detail = f"dnl FEATURE(`{name}')dnl", f"FEATURE({name}) is on."
            yield Finding(check, said.place, "", detail, remedy, hole=holes.get(check))
        elif name == "relay_entire_domain":
            yield from _entire_domain(sendmail, said)
    version = sendmail.options.get("version")
    numbers = [int(n) for n in re.findall(r"\d+", version.value)[:2]] if version else []
    if version and numbers and tuple(numbers) < (8, 9):
        remedy = "Upgrade; until then keep strangers away from port 25."
        yield Finding(
            OLD_RELEASE, version.place, "", f"Release {version.value}.", remedy, hole=Hole()
        )


def _entire_domain(sendmail: Sendmail, said: Said) -> Iterator[Finding]:
    """Class m is the domain of the host itself, and what `Cm` adds."""
    host = sendmail.options.get("confDOMAIN_NAME")
    members = sendmail.named("m")
    if host and host.value.count("."):
        members.append(Said(host.value.partition(".")[2], host.place))
    for member in members:
        if owned_by_nobody(member.value):
            detail = f"Every host in {member.value} may relay."
            remedy = "dnl FEATURE(`relay_entire_domain')dnl"
            yield Finding(ENTIRE_DOMAIN, said.place, "", detail, remedy, hole=Hole())


def _names(sendmail: Sendmail) -> Iterator[Finding]:
    """Class R counts for clients and for recipients."""
    for said in sendmail.named("R"):
        if has_mask(said.value):
            yield _masked(said)
            continue
        network = network_of(said.value)
        if network is not None and too_wide(network):
            hole = Hole(clients=(network,))
        elif network is None and _holds_strangers(sendmail, said.value):
            hole = Hole(recipients=(said.value,))
        else:
            continue
        detail = f"{said.value} in class R is for strangers too."
        remedy = f"Take {said.value} out; name the networks and domains that are yours."
        yield Finding(WIDE_RELAY, said.place, "", detail, remedy, hole=hole)


def _access(sendmail: Sendmail) -> Iterator[Finding]:
    for entry in sendmail.access:
        if entry.value.upper() != "RELAY":
            continue
        if has_mask(entry.key):
            yield _masked(Said(entry.key, entry.place))
            continue
        network = network_of(entry.key)
        remedy = "delete this line, then: makemap hash access < access"  # REJECT refuses all mail
        if entry.tag == "From":
            if "relay_mail_from" in sendmail.features or not sendmail.complete:
                detail = f"From:{entry.key} RELAY lets whoever claims it relay."
                hole = Hole(senders=(entry.key,))
                check = MAIL_FROM if "relay_mail_from" in sendmail.features else NOT_GIVEN
                yield Finding(check, entry.place, "", detail, remedy, hole=hole)
        elif network is not None and too_wide(network):
            detail = f"{network} may relay."
            yield Finding(
                WIDE_RELAY, entry.place, "", detail, remedy, hole=Hole(clients=(network,))
            )
        elif network is None and _holds_strangers(sendmail, entry.key):
            detail = f"{entry.key} may relay, or is relayed to."
            hole = Hole(recipients=(entry.key,))
            yield Finding(WIDE_RELAY, entry.place, "", detail, remedy, hole=hole)


def _masked(said: Said) -> Finding:
    detail = f"{said.value} fits nobody."
    remedy = "Write prefixes: 10.1 for 10.1.0.0/16, several for a network between them."
    return Finding(NO_MASK, said.place, said.value, detail, remedy)


def _own_rules(sendmail: Sendmail) -> Iterator[Finding]:
    """Rules that no feature made."""
    for said in sendmail.rules:
        detail = f"{said.key} has rules of its own."
        yield Finding(OWN_RULES, said.place, said.value, detail, "Read them by hand, or leave out.")


def _cut(sendmail: Sendmail) -> Iterator[Finding]:
    """A generated file without the rules that every release since 8.9 puts into it."""
    missing = sendmail.options.get("without rules")
    if missing and "version" in sendmail.options:
        detail = "sendmail.cf has no ruleset Rcpt_ok: it was made without the check, or is cut."
        yield Finding(NOT_GIVEN, missing.place, "", detail, "Give the whole sendmail.cf.")


def _holds_strangers(sendmail: Sendmail, name: str) -> bool:
    """With `relay_hosts_only` a name stands for itself alone, and no host is called `com`."""
    return owned_by_nobody(name) and "relay_hosts_only" not in sendmail.features


def _not_given(sendmail: Sendmail) -> Iterator[Finding]:
    """The features decide, and with access_db the table does too."""
    if not sendmail.complete:
        place = Place("sendmail.mc", 0)
        detail = "sendmail.mc or sendmail.cf was not given: its features are unknown."
        yield Finding(NOT_GIVEN, place, "", detail, "Give /etc/mail/sendmail.mc.")
    names = sendmail.options.get("RELAY_DOMAIN_FILE")
    if names and recognise.RELAY_NAMES not in sendmail.given:
        detail = f"{names.value} was not given: whom it names is unknown."
        yield Finding(NOT_GIVEN, names.place, "", detail, f"Give {names.value}.")
    database = sendmail.features.get("access_db")
    if database and recognise.SENDMAIL_ACCESS not in sendmail.given:
        detail = "/etc/mail/access was not given: its RELAY entries are unknown."
        yield Finding(NOT_GIVEN, database.place, "", detail, "Give /etc/mail/access.")
