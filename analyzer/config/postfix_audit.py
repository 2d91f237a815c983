"""Through which doors of this Postfix can a stranger relay, by which line, and how is it closed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.config import postfix_checks as checks
from analyzer.config.findings import (
    BROKEN,
    CLOSED,
    OPEN,
    UNKNOWN,
    Audit,
    Change,
    Door,
    Finding,
)
from analyzer.config.given import Given, Place
from analyzer.config.postfix import CORRECTED, DEFAULT, Postfix, Service
from analyzer.config.postfix_doubts import doubts, listed, past_the_proxy, proxied
from analyzer.config.postfix_holes import (
    GUARDS,
    LOGINS_ALONE,
    SUBMISSION_PORTS,
    finding,
    guard,
    guilty,
    hole_of,
)
from analyzer.config.postfix_lists import agreed
from analyzer.config.postfix_places import Places
from analyzer.config.postfix_rules import rules
from analyzer.config.postfix_stranger import (
    ACCEPTED,
    DEFERRED,
    DISCARDED,
    Answer,
    answer,
    openers,
)
from analyzer.config.postfix_stranger import BROKEN as REFUSES_ALL
from analyzer.config.postfix_tables import Tables
from analyzer.config.postfix_variants import variants
from analyzer.config.postfix_walk import Decision, Stranger
from analyzer.config.postfix_words import RECIPIENT, RELAY

HERE_ALONE = {"loopback-only", "localhost", "127.0.0.1", "::1"}
GRAVE = ("critical", "high")
MOST_ROUNDS = 3  # holes behind holes
NO_MASTER = "smtpd (no master.cf was given)"


def audit(postfix: Postfix, tables: Tables, files: Sequence[Given]) -> Audit:
    """Every smtpd service is asked by every stranger worth asking as."""
    doors, findings = _asked(postfix, tables)
    findings += [f for s in services(postfix) for f in rules(_places(postfix, tables, s), s)]
    findings += _behind(postfix, tables, findings)
    findings = _one_line(findings)
    if not postfix.main:
        findings = [f for f in findings if f.place != DEFAULT]
    missing = [
        f"{place}: the content of {spec} was not given" for spec, place in tables.missing.items()
    ]
    return Audit.of("Postfix", doors, findings, files, [*missing, *_unstated(postfix)])


def _asked(postfix: Postfix, tables: Tables) -> tuple[list[Door], list[Finding]]:
    doors, findings = [], []
    for service in services(postfix):
        door, found = _door(_places(postfix, tables, service), service)
        if not postfix.main and door.verdict != OPEN:  # the defaults are nobody's settings
            door = replace(door, verdict=UNKNOWN, because="main.cf was not given")
        doors.append(door)
        findings += found
    return doors, findings


def _behind(postfix: Postfix, tables: Tables, found: Sequence[Finding]) -> list[Finding]:
    """Holes that show when those in front of them are closed: whoever is trusted needs no other.

    A server that refuses all mail is put right first: the corrected line may be what opens it.
    """
    more: list[Finding] = []
    for _ in range(MOST_ROUNDS):
        changes = [f.change for f in found if f.change and _is_changed(f)]
        if not changes:
            break
        for change in changes:
            postfix = corrected(postfix, change)
        found = [
            f
            for f in _asked(postfix, tables)[1]
            if f.weight in GRAVE and f.place not in (CORRECTED, DEFAULT)
        ]
        more += found
    return more


def _one_line(findings: Sequence[Finding]) -> list[Finding]:
    """Where a list must be closed, that line closes it for whatever else was found in it."""
    closing = {
        (f.change.name, f.change.service): f.change
        for f in findings
        if f.change and f.change.value in GUARDS and f.check not in (checks.DEFERS, checks.POLICY)
    }
    changes = [f.change and closing.get((f.change.name, f.change.service)) for f in findings]
    return [
        replace(f, change=change, remedy=str(change)) if change else f
        for f, change in zip(findings, changes, strict=True)
    ]


def _is_changed(found: Finding) -> bool:
    """Would the owner change it, and with it what a stranger gets?"""
    return found.weight in GRAVE or found.check in (checks.NO_GUARD, checks.BROKEN_ENTRY)


def _places(postfix: Postfix, tables: Tables, service: Service | None) -> Places:
    return Places(postfix.seen_by(service) if service else postfix, tables)


def services(postfix: Postfix) -> list[Service | None]:
    """Those that speak SMTP with the network; None stands for those that no master.cf names."""
    found: list[Service | None] = [
        s for s in postfix.services if s.command == "smtpd" and s.type in ("inet", "pass")
    ]
    return found if found and postfix.master else [None, *found]


def corrected(postfix: Postfix, change: Change) -> Postfix:
    """The same server after the change."""
    if not change.service:
        return postfix.with_value(change.name, change.value)
    changed = postfix.with_value(change.name, change.value).settings[change.name]
    new = tuple(
        replace(s, overrides={**s.overrides, change.name: changed})
        if s.name == change.service
        else s
        for s in postfix.services
    )
    return replace(postfix, services=new, _cache={})


def _door(places: Places, service: Service | None) -> tuple[Door, list[Finding]]:
    name = f"{service.name} ({service.type})" if service else NO_MASTER
    place = service.place if service else Place("main.cf", 0)
    reach = _reach(places, service)
    answers = [(stranger, answer(places, stranger)) for stranger in variants(places)]
    holes = [(s, a) for s, a in answers if a.verdict == ACCEPTED and not a.final]
    first = answers[0][1]
    untold = [(who, given) for who, given in holes if not (who.backed or who.certified)]
    findings = agreed(places, [hole_of(places, service, who, given) for who, given in untold])
    if reach:  # a stranger cannot connect; a program or user of the machine can
        findings = [
            replace(f, severity="medium", detail=f"{f.detail} Only {reach}.") for f in findings
        ]
    findings += _other(places, service, answers[0][0], first)
    if first.verdict == REFUSES_ALL:
        verdict, because = BROKEN, "no working refusal of foreign recipients in either list"
        if (fatal := places.fatal) is not None:
            because = f"smtpd cannot start with {fatal.value} ({fatal.place})"
    elif holes:
        verdict, because = OPEN, _told(holes[0][1])
    elif unknown := openers(places, answers[0][0]):
        verdict, because = UNKNOWN, f"closed, unless {listed(unknown)} permits"
        findings += doubts(places, service, unknown)
    elif not reach and (said := proxied(places, service, answers[0][0])):
        verdict, because = UNKNOWN, f"closed, unless strangers pass by the proxy ({said.place})"
        findings.append(past_the_proxy(service, said))
    else:
        verdict, because = CLOSED, _told(first)
    return Door(name, verdict, because, place, reach), findings


def _told(given: Answer) -> str:
    """Which line decides, in words."""
    if given.verdict == DISCARDED:
        return f"taken and thrown away by {_said(given.permits[-1])}"
    if given.verdict == ACCEPTED:
        decision = guilty(given)
        if decision is None and given.authorised:
            said = given.authorised
            if given.final:
                return f"taken as mail for a domain of ours: {said.value} ({said.place})"
            return f"mail for the recipient is relayed: {said.value} ({said.place})"
        return f"permitted by {_said(decision)}" if decision else "no list refuses"
    how = "refused for now by" if given.verdict == DEFERRED else "refused by"
    return f"{how} {_said(given.decision)}"


def _said(decision: Decision) -> str:
    rule, by = decision.rule, decision.by or decision.rule
    assert rule is not None
    assert by is not None
    entry = f" {by.value}" if by != rule and by.value != rule.value else ""
    return f"{rule.value}{entry} ({by.place})"


def _other(
    places: Places, service: Service | None, who: Stranger, given: Answer
) -> Iterator[Finding]:
    """What else the plain stranger's answer shows."""
    where = service.name if service else ""
    said = places.postfix.setting(RELAY)
    if given.verdict == REFUSES_ALL and places.fatal is None:
        place = given.decision.by.place if given.decision.by else DEFAULT
        detail = f"{RELAY} and {RECIPIENT} lack a working reject_unauth_destination."
        yield finding(checks.NO_GUARD, place, detail, guard(places, service), None, where)
    elif given.verdict == ACCEPTED and given.final and given.authorised:
        by = given.authorised
        detail = f"{by.value} takes in {who.recipient}."
        remedy = "Name your own domains, one by one."
        yield Finding(checks.EVERY_DOMAIN, by.place, by.value, detail, remedy, where)
    elif given.verdict == DEFERRED and given.decision.by and given.decision.rule:
        word = given.decision.rule.value
        if word == "defer_unauth_destination" and said:
            detail = f"The answer of {word} is 454."
            yield finding(
                checks.DEFERS, given.decision.by.place, detail, guard(places, service), None, where
            )
    if service and service.port in SUBMISSION_PORTS:
        ours = [
            s.value for s in places.spread("mydestination") if "." in s.value and ":" not in s.value
        ]
        local = replace(who, recipient=f"postmaster@{ours[0]}") if ours else None
        if local and answer(places, local).verdict == ACCEPTED:
            change = Change(RELAY, LOGINS_ALONE, service.name)
            detail = f"Mail for {local.recipient} is taken without a login."
            yield finding(checks.SUBMISSION, service.place, detail, change, None, where)


def _reach(places: Places, service: Service | None) -> str:
    """Who can connect, where the files say that it is not everybody."""
    here = "programs on this machine can connect"
    if service and service.host:
        return here if service.host in HERE_ALONE or service.host.startswith("127.") else ""
    listens = {said.value.strip("[]") for said in places.postfix.words("inet_interfaces")}
    return here if listens and listens <= HERE_ALONE else ""


def _unstated(postfix: Postfix) -> list[str]:
    """What the server knows and these files do not say."""
    notes = []
    if not postfix.main:
        notes.append("main.cf was not given: `postconf -n` prints what is in force")
    if not postfix.stated("myhostname"):
        notes.append("myhostname is not stated: `postconf myhostname` prints what the server takes")
    if not postfix.stated("mynetworks"):
        notes.append(
            "mynetworks is not stated: `postconf mynetworks` prints what the server works out"
        )
    if postfix.looks_old and postfix.main:
        notes.append(
            "release and compatibility_level are not stated: 2.11 was taken, for Postfix 3 would "
            "refuse all mail with these files; `postconf mail_version` prints the release"
        )
    elif postfix.version is None:
        notes.append("the release is not stated: `postconf mail_version` prints it; 3.x was taken")
    if not postfix.master:
        notes.append(
            "no master.cf was given: a service may override these settings (`postconf -M`)"
        )
    return notes
