"""What looks dangerous in the settings of a Postfix service, whatever a stranger is answered?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.config import postfix_checks as checks
from analyzer.config.findings import Change, Check, Finding, Hole
from analyzer.config.given import Place, Said
from analyzer.config.postfix import DEFAULT, Postfix, Service
from analyzer.config.postfix_entries import is_broken, is_fatal, is_no_table, mended
from analyzer.config.postfix_places import LISTS as MATCH_LISTS
from analyzer.config.postfix_places import MATCHED_BY_SMTPD, Places
from analyzer.config.postfix_tables import is_table, network_of
from analyzer.config.postfix_values import split
from analyzer.config.postfix_walk import pairs
from analyzer.config.postfix_words import (
    ARGUMENT,
    KNOWN,
    LISTS,
    NEVER_PERMITS,
    OBSOLETE,
    RECIPIENT,
    RELAY,
)

INSTEAD = {
    "permit_tls_all_clientcerts": "permit_tls_clientcerts",
    "check_relay_domains": "reject_unauth_destination",
}
# Where container engines put their bridges unless told otherwise.
CONTAINERS = [ipaddress.ip_network(n) for n in ("172.17.0.0/16", "172.18.0.0/16", "10.88.0.0/16")]


def rules(places: Places, service: Service | None) -> Iterator[Finding]:
    """Findings of one service; those of main.cf come up with every service, and are said once."""
    where = service.name if service else ""
    rooms = (_words, _networks, _unreadable, _logins, _setup)
    for found in (of(places) for of in rooms):
        for check, said, detail, change, hole in found:
            overridden = service and change.name in service.overrides
            changed = replace(change, service=where if overridden else "")
            line, remedy = said.value, str(changed)
            yield Finding(check, said.place, line, detail, remedy, where, change=changed, hole=hole)


Found = Iterator[tuple[Check, Said, str, Change, Hole | None]]


def _words(places: Places) -> Found:
    postfix = places.postfix
    classes = {said.value for said in postfix.words("smtpd_restriction_classes")}
    for name in (*LISTS, RELAY, RECIPIENT):
        words = postfix.words(name)
        for rule, argument in pairs(words, name):
            word = rule.value.lower()
            change = Change(name, ", ".join(_cured(postfix, words, classes)))
            if word == "permit_mx_backup" and not postfix.text("permit_mx_backup_networks"):
                detail = f"{word} in {name}. Name the domains in relay_domains instead."
                yield checks.MX_BACKUP, rule, detail, change, None
            elif word == "permit_tls_all_clientcerts":
                yield checks.ALL_CERTIFICATES, rule, f"{word} in {name}.", change, None
            elif word in NEVER_PERMITS and argument:
                for _, entry in places.tables.table(argument).entries or ():
                    if entry.value.split(" ")[0].upper() == "OK":
                        detail = f"{word} in {name}."
                        fixed = Change(entry.key, "DUNNO", entry=True)
                        yield checks.OK_NOT_ALLOWED, entry, detail, fixed, None
            elif word in OBSOLETE:
                yield checks.OBSOLETE_WORD, rule, f"{word} in {name}.", change, None
            elif word not in KNOWN and rule.value not in classes:
                yield checks.UNKNOWN_WORD, rule, f"{rule.value} in {name}.", change, None


def _cured(postfix: Postfix, words: Sequence[Said], classes: set[str]) -> Iterator[str]:
    """The list without any word that is found here: one line mends them all."""
    argument = False
    for said in words:
        word = said.value.lower()
        backup = word == "permit_mx_backup" and not postfix.text("permit_mx_backup_networks")
        if argument or is_table(said.value) or said.value in classes:
            yield said.value
        elif word in INSTEAD:
            yield INSTEAD[word]
        elif not backup and word in KNOWN and word not in OBSOLETE:
            yield said.value
        argument = word in ARGUMENT and not argument


def _networks(places: Places) -> Found:
    postfix = places.postfix
    words = [s.value for s in postfix.words("mynetworks")]
    if not postfix.stated("mynetworks") and (style := postfix.text("mynetworks_style")) != "host":
        check = checks.NETWORKS_CLASS if style == "class" else checks.NETWORKS_STYLE
        said = Said(style, _place(places, "mynetworks_style"))
        detail = f"mynetworks_style is {style}."
        yield check, said, detail, Change("mynetworks_style", "host"), None
    for said in places.spread("mynetworks"):
        network = network_of(said.value)
        if network is None or postfix.text("smtpd_upstream_proxy_protocol"):
            continue
        if any(
            network.version == 4 and network.overlaps(c) and network.prefixlen >= 12
            for c in CONTAINERS
        ):
            change = Change("mynetworks", ", ".join(w for w in words if w != said.value))
            detail = f"{said.value} is trusted."
            yield checks.CONTAINER, said, detail, change, Hole(clients=(network,))


def _unreadable(places: Places) -> Found:
    """Each entry that Postfix stumbles over or ends at; one line mends them all."""
    for name in MATCHED_BY_SMTPD:
        words = [mended(said.value) for said in places.spread(name)]
        change = Change(name, ", ".join(word for word in words if word))
        for said in places.spread(name):
            if is_fatal(said.value):
                detail = f"{said.value} in {name}: smtpd ends at every connection."
            elif (is_no_table if name == "relay_domains" else is_broken)(said.value):
                detail = f"{said.value} in {name}: 451 to whoever no entry before it holds."
            else:
                continue
            yield checks.BROKEN_ENTRY, said, detail, change, None
    if (fatal := places.fatal) is not None and fatal.key:
        stated = split(places.postfix.settings[fatal.key].text)
        words = [word for word in stated if fatal.key not in places.postfix.named_by(word)]
        detail = f"{fatal.key} refers to itself: smtpd ends at every connection."
        yield checks.BROKEN_ENTRY, fatal, detail, Change(fatal.key, ", ".join(words)), None


def _logins(places: Places) -> Found:
    postfix = places.postfix
    if postfix.text("smtpd_sasl_auth_enable") != "yes":
        return
    words = {s.value for name in (*LISTS, RELAY, RECIPIENT) for s in postfix.words(name)}
    tied = any("sender_login_mismatch" in word for word in words)
    if tied and postfix.text("smtpd_sender_login_maps"):
        return
    place = _place(places, "smtpd_sasl_auth_enable")
    if not tied:
        before = [s.value for s in postfix.words("smtpd_sender_restrictions")]
        change = Change(
            "smtpd_sender_restrictions",
            ", ".join(["reject_authenticated_sender_login_mismatch", *before]),
        )
        detail = "No list refuses a sender that does not belong to the login."
    else:
        change = Change("smtpd_sender_login_maps", "hash:/etc/postfix/sender_logins")
        detail = "A list asks for it, but smtpd_sender_login_maps is empty."
    yield checks.LOGIN_SENDER, Said("yes", place), detail, change, Hole(logged_in=True)


def _setup(places: Places) -> Found:
    postfix = places.postfix
    if postfix.level < (2, 0, 0) and not postfix.older_than(3, 0):
        said = postfix.setting("compatibility_level")
        place = said.place if said else Place("main.cf", 0)
        bound = [] if postfix.stated("relay_domains") else ["relay_domains"]
        if not postfix.stated("mynetworks") and not postfix.stated("mynetworks_style"):
            bound += ["mynetworks", "mynetworks_style"]  # the style counts where no list is stated
        if bound:
            detail = f"Not stated, and so as in 2.x: {', '.join(bound)}."
            yield checks.LEVEL, Said("", place), detail, Change("compatibility_level", "3.6"), None
    if postfix.text("resolve_dequoted_address") == "no" and postfix.text("relay_domains"):
        place = _place(places, "resolve_dequoted_address")
        change = Change("resolve_dequoted_address", "yes")
        detail = '"user@outside"@relay-domain is not seen as a route.'
        yield checks.UNTRUSTED_ROUTING, Said("no", place), detail, change, Hole(routed=True)
    for name, check in (("relayhost", checks.RELAYHOST), ("luser_relay", checks.LUSER_RELAY)):
        said = postfix.setting(name)
        if said and postfix.text(name):
            detail = f"{name} = {postfix.text(name)}."
            yield check, Said(said.text, said.place), detail, Change(name, said.text), None
    for name in MATCH_LISTS:
        if (comment := places.comment(name)) is not None:
            detail = f"{name} ends before this sign; a comment has a line of its own."
            change = Change(name, ", ".join(word.value for word in places.read(name)))
            yield checks.COMMENT, comment, detail, change, None
    for setting in postfix.void:
        now = postfix.settings[setting.name]
        detail = f"{now.place} is in force: {now.text or 'empty'}."
        void = Said(setting.text, setting.place)
        yield checks.VOID_LINE, void, detail, Change(setting.name, now.text), None


def _place(places: Places, name: str) -> Place:
    said = places.postfix.setting(name)
    return said.place if said else DEFAULT
