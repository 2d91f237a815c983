"""Through which rules of this Sendmail can a stranger relay, and how are they closed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.config import recognise
from analyzer.config.findings import (
    CLOSED,
    OPEN,
    UNKNOWN,
    Audit,
    Check,
    Door,
    Finding,
    Hole,
    ordered,
)
from analyzer.config.given import Given, Place, Said
from analyzer.config.sendmail import AccessEntry, Sendmail, network_of
from analyzer.config.suffixes import owned_by_nobody
from analyzer.site import too_wide

PROMISCUOUS = Check(
    "sendmail-promiscuous", "critical",
    "`FEATURE(promiscuous_relay)`",
    "The relay check is left out: everybody relays, and no line in the log says so.",
)  # fmt: skip
LOCAL_FROM = Check(
    "sendmail-relay-local-from", "critical",
    "`FEATURE(relay_local_from)`",
    "A sender in one of our domains relays, and a sender is whatever the client types.",
)  # fmt: skip
MAIL_FROM = Check(
    "sendmail-relay-mail-from", "critical",
    "`FEATURE(relay_mail_from)` with a RELAY entry for a sender in the access table",
    "The sender is whatever the client types: whoever guesses the entry relays.",
)  # fmt: skip
OLD_RELEASE = Check(
    "sendmail-before-8.9", "critical",
    "a release before 8.9",
    "It relays for everybody unless rules were added by hand.",
)  # fmt: skip
WIDE_RELAY = Check(
    "sendmail-relay-wide", "critical",
    "a RELAY entry or a name in class R that nobody owns alone: a top-level domain, or a network "
    "wider than /16",
    "Every host in it relays, and anybody may send to it through this server.",
)  # fmt: skip
ENTIRE_DOMAIN = Check(
    "sendmail-relay-entire-domain", "high",
    "`FEATURE(relay_entire_domain)` where class m holds a domain that nobody owns alone",
    "Every host of that domain relays.",
)  # fmt: skip
BASED_ON_MX = Check(
    "sendmail-relay-based-on-mx", "high",
    "`FEATURE(relay_based_on_MX)`",
    "Whoever points an MX record of a domain at this server may send to it through the server.",
)  # fmt: skip
LOOSE = Check(
    "sendmail-loose-relay-check", "high",
    "`FEATURE(loose_relay_check)`",
    "user%outside@relayed-domain is passed on to a host that trusts us and may deliver it outside.",
)  # fmt: skip
UNQUALIFIED = Check(
    "sendmail-unqualified-senders", "medium",
    "`FEATURE(accept_unqualified_senders)`",
    "Senders without a domain are taken from everybody; replies to them end in our own domain.",
)  # fmt: skip
UNRESOLVABLE = Check(
    "sendmail-unresolvable-senders", "medium",
    "`FEATURE(accept_unresolvable_domains)`",
    "Senders that cannot exist are taken; every notice to them stays in the queue.",
)  # fmt: skip
NOT_GIVEN = Check(
    "sendmail-file-not-given", "medium",
    "a file that may let strangers relay was not given",
    "What it holds cannot be known from these files.",
)  # fmt: skip
DELAYED = Check(
    "sendmail-delay-checks", "info",
    "`FEATURE(delay_checks)`",
    "Client and sender are judged at RCPT: the log names check_rcpt for all refusals.",
)  # fmt: skip
CHECKS = (
    PROMISCUOUS, LOCAL_FROM, MAIL_FROM, OLD_RELEASE, WIDE_RELAY, ENTIRE_DOMAIN, BASED_ON_MX, LOOSE,
    UNQUALIFIED, UNRESOLVABLE, NOT_GIVEN, DELAYED,
)  # fmt: skip
_BY_FEATURE = {
    "promiscuous_relay": PROMISCUOUS,
    "relay_local_from": LOCAL_FROM,
    "relay_based_on_MX": BASED_ON_MX,
    "accept_unqualified_senders": UNQUALIFIED,
    "accept_unresolvable_domains": UNRESOLVABLE,
    "delay_checks": DELAYED,
}
# With these a stranger is served whatever else is set.
_OPENS = {check.name for check in (PROMISCUOUS, LOCAL_FROM, MAIL_FROM, OLD_RELEASE, WIDE_RELAY)}
DAEMON = "sendmail daemon"


def audit(sendmail: Sendmail, files: Sequence[Given]) -> Audit:
    """One door: every daemon of a Sendmail asks the same rules."""
    by_name = {given.name: given for given in files}
    findings = [*_features(sendmail), *_names(sendmail), *_access(sendmail)]
    opened = [f for f in findings if f.check.name in _OPENS or f.check in (ENTIRE_DOMAIN, LOOSE)]
    opened = [f for f in opened if f.check is not LOOSE or sendmail.named("R")]
    lost = list(_not_given(sendmail))
    if opened:
        first = opened[0]
        door = Door(DAEMON, OPEN, f"{first.detail.rstrip('.')} ({first.place})", first.place)
    elif lost:
        because = (
            f"closed, unless {' or '.join(f.detail.split(' ')[0] for f in lost)} says otherwise"
        )
        door = Door(DAEMON, UNKNOWN, because, lost[0].place)
    else:
        place = Place(files[0].name if files else "sendmail", 0)
        door = Door(DAEMON, CLOSED, "nothing lets a stranger relay", place)
    shown = [replace(f, line=_line(by_name, f)) for f in [*findings, *lost]]
    return Audit("Sendmail", [door], ordered(shown))


def _line(files: dict[str, Given], finding: Finding) -> str:
    given = files.get(finding.place.file)
    return given.line(finding.place.line).strip() if given else finding.line


def _features(sendmail: Sendmail) -> Iterator[Finding]:
    for name, said in sendmail.features.items():
        hole = Hole()
        if name == "relay_local_from":
            hole = Hole(senders=tuple(s.value for s in sendmail.named("w", "VirtHost")))
        if name in _BY_FEATURE:
            remedy = f"dnl FEATURE(`{name}')dnl"
            check = _BY_FEATURE[name]
            relays = check if check in (PROMISCUOUS, LOCAL_FROM) else None
            detail = f"FEATURE({name}) is on."
            yield Finding(check, said.place, "", detail, remedy, hole=hole if relays else None)
        elif name == "loose_relay_check":
            hole = Hole(routed=True)
            remedy = "dnl FEATURE(`loose_relay_check')dnl"
            yield Finding(LOOSE, said.place, "", f"FEATURE({name}) is on.", remedy, hole=hole)
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
    members = [*sendmail.named("m")]
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
        network = network_of(said.value)
        if network is not None and too_wide(network):
            hole = Hole(clients=(network,))
        elif network is None and owned_by_nobody(said.value):
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
        network = network_of(entry.key)
        remedy = f"{_tagged(entry)}\tREJECT"
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
        elif network is None and owned_by_nobody(entry.key):
            detail = f"{entry.key} may relay, or is relayed to."
            hole = Hole(recipients=(entry.key,))
            yield Finding(WIDE_RELAY, entry.place, "", detail, remedy, hole=hole)


def _tagged(entry: AccessEntry) -> str:
    return f"{entry.tag}:{entry.key}" if entry.tag else entry.key


def _not_given(sendmail: Sendmail) -> Iterator[Finding]:
    """The features decide, and with access_db the table does too."""
    if not sendmail.complete:
        place = Place("sendmail.mc", 0)
        detail = "sendmail.mc or sendmail.cf was not given: its features are unknown."
        yield Finding(NOT_GIVEN, place, "", detail, "Give /etc/mail/sendmail.mc.")
    database = sendmail.features.get("access_db")
    if database and recognise.SENDMAIL_ACCESS not in sendmail.given:
        detail = "/etc/mail/access was not given: its RELAY entries are unknown."
        yield Finding(NOT_GIVEN, database.place, "", detail, "Give /etc/mail/access.")
