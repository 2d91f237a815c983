"""What does one restriction list of Postfix decide about one stranger, and by which line?

Source: smtpd_check.c, access(5), SMTPD_ACCESS_README; compared with a real server by
tests/live/test_audit.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.config.given import Said
from analyzer.config.postfix_names import is_address, is_full, is_host, is_literal
from analyzer.config.postfix_places import Places
from analyzer.config.postfix_tables import Broken, Unknown, is_table, name_keys
from analyzer.config.postfix_words import ACCESS_CHECKS, ARGUMENT, KNOWN, NEVER_PERMITS

PERMIT, REJECT, DEFER, DUNNO, DISCARD = "permit", "reject", "defer", "dunno", "discard"
DEEPEST = 20  # a class that names itself ends here


@dataclass(frozen=True)
class Stranger:
    """What a client is and what it says. Nothing but the address is hard to forge."""

    client: str = "203.0.113.99"
    name: str = "unknown"  # verified; `reverse` is what the owner of the address claims
    reverse: str = "unknown"
    helo: str = "stranger.test"
    sender: str = "somebody@outside.test"
    recipient: str = "anybody@elsewhere.test"
    backed: bool = False  # an MX record of the recipient's domain names this server
    certified: bool = False  # by an authority that everybody's software trusts


@dataclass(frozen=True)
class Decision:
    """What a list decided: by which restriction, and by which line of a table or list behind it."""

    kind: str
    rule: Said | None = None
    by: Said | None = None
    list: str = ""


@dataclass
class Walk:
    """One stranger at one service; `trusting` takes every unknown answer for a permission, or that
    of `only`.
    """

    places: Places
    stranger: Stranger
    trusting: bool = False
    only: Said | None = None
    unknown: list[Said] = field(default_factory=list)
    defer_if_permit: Said | None = None
    authorised: Said | None = None
    final: bool = False

    def decide(self, name: str) -> Decision:
        decision = self._walk(self.places.postfix.words(name), name, 0)
        return Decision(decision.kind, decision.rule, decision.by, name)

    def _walk(self, words: Sequence[Said], name: str, depth: int) -> Decision:
        warn = False
        for rule, argument in pairs(words, name):
            if rule.value == "warn_if_reject":
                warn = True
                continue
            decision = self._one(rule, argument, name, depth)
            if decision.kind != DUNNO and not (warn and decision.kind in (REJECT, DEFER)):
                return decision
            warn = False
        return Decision(DUNNO)

    def _one(self, rule: Said, argument: Said | None, name: str, depth: int) -> Decision:
        word = rule.value.lower()
        if word in PLAIN:
            return Decision(PLAIN[word], rule, rule)
        if word in OWN_METHOD:
            return OWN_METHOD[word](self, rule)
        if word in ACCESS_CHECKS and argument is not None:
            return self._access(rule, argument, name, depth)
        if word == "check_policy_service":
            return self._doubt(rule, argument or rule)
        if rule.value in classes(self.places):
            inner = self.places.postfix.words(rule.value)
            return self._walk(inner, name, depth + 1) if depth < DEEPEST else Decision(DUNNO)
        # An unknown word is answered with "451 Server configuration error".
        return Decision(DUNNO) if word in KNOWN else Decision(DEFER, rule, rule)

    def _unless_authorised(self, rule: Said) -> Decision:
        authorised, by = self._authorised()
        refusal = DEFER if rule.value.lower().startswith("defer") else REJECT
        return Decision(DUNNO if authorised else refusal, rule, by or rule)

    def _if_authorised(self, rule: Said) -> Decision:
        authorised, by = self._authorised()
        return Decision(PERMIT if authorised else DUNNO, rule, by)

    def _if_trusted(self, rule: Said) -> Decision:
        found = self.places.trusted(self.stranger.client, self.stranger.name)
        if isinstance(found, Unknown):
            lost = self.places.doubtful("mynetworks") or self.places.styled()
            return self._doubt(rule, lost[0] if lost else rule)
        if isinstance(found, Broken):  # 451, to whoever gets so far
            return Decision(DEFER, rule, found.said)
        return Decision(PERMIT if found else DUNNO, rule, found)

    def _if_naked(self, rule: Said) -> Decision:
        return Decision(PERMIT if is_address(self.stranger.helo) else DUNNO, rule, rule)

    def _if_backup(self, rule: Said) -> Decision:
        """Whoever owns the recipient's domain decides by DNS whether we are its backup."""
        narrowed = self.places.postfix.text("permit_mx_backup_networks")
        return Decision(PERMIT if self.stranger.backed and not narrowed else DUNNO, rule, rule)

    def _if_certified(self, rule: Said) -> Decision:
        """A bundle of public authorities trusts everybody; any other file may be our own one's."""
        text = self.places.postfix.text
        if "yes" not in (text("smtpd_tls_ask_ccert"), text("smtpd_tls_req_ccert")):
            return Decision(DUNNO)
        files = [text(name) for name in ("smtpd_tls_CAfile", "smtpd_tls_CApath")]
        public = text("tls_append_default_CA") == "yes" or any(map(PUBLIC_BUNDLE.match, files))
        if public:
            return Decision(PERMIT if self.stranger.certified else DUNNO, rule, rule)
        return self._doubt(rule, rule)

    def _if_no_host(self, rule: Said) -> Decision:
        helo = self.stranger.helo
        known = is_host(helo) or is_address(helo) or is_literal(helo)
        return Decision(DUNNO if known else REJECT, rule, rule)

    def _if_short_helo(self, rule: Said) -> Decision:
        helo = self.stranger.helo
        return Decision(DUNNO if is_full(helo) or is_literal(helo) else REJECT, rule, rule)

    def _if_short_address(self, rule: Said) -> Decision:
        sent = rule.value.lower() == "reject_non_fqdn_sender"
        address = self.stranger.sender if sent else self.stranger.recipient
        domain = address.rpartition("@")[2] if "@" in address else ""
        full = not address or domain.startswith("[") or is_full(domain)
        return Decision(DUNNO if full else REJECT, rule, rule)

    def _later(self, rule: Said) -> Decision:
        self.defer_if_permit = self.defer_if_permit or rule
        return Decision(DUNNO)

    def _doubt(self, rule: Said, what: Said) -> Decision:
        self.unknown.append(what)
        return Decision(PERMIT if self._trusts([what]) else DUNNO, rule, what)

    def _trusts(self, unknown: Sequence[Said]) -> bool:
        return self.trusting and (self.only is None or self.only in unknown)

    def _authorised(self) -> tuple[bool, Said | None]:
        """Is it mail for us, or for one we relay for? A route beyond a relay domain is not."""
        address, routed = self.places.resolved(self.stranger.recipient)
        if "@" not in address:
            return True, None  # no domain: ours
        if routed and self.places.postfix.text("allow_untrusted_routing") != "yes":
            return False, None
        kind, by = self.places.destination(address.rpartition("@")[2])
        if isinstance(by, Unknown):
            # What ends here is not relayed: of a stranger's recipient only relay_domains can tell.
            lost = self.places.doubtful("relay_domains")
            self.unknown += lost
            return bool(lost) and self._trusts(lost), None
        if by is not None:
            self.authorised, self.final = by, kind == "final"
        return kind in ("final", "relay"), self.authorised

    def _login_mismatch(self, rule: Said) -> Decision:
        """A sender that belongs to a login is refused to those who did not log in."""
        if self.places.postfix.text("smtpd_sasl_auth_enable") != "yes":
            return Decision(DUNNO)
        for said in self.places.postfix.words("smtpd_sender_login_maps"):
            found = self.places.tables.table(said).lookup(
                _address_keys(self.stranger.sender, False)
            )
            if isinstance(found, Said):
                return Decision(REJECT, rule, found)
        return Decision(DUNNO)

    def _access(self, rule: Said, table: Said, name: str, depth: int) -> Decision:
        kind = ACCESS_CHECKS[rule.value.lower()]
        held = self.places.tables.table(table)
        for keys in self._keys(kind):
            found = held.lookup(keys)
            if isinstance(found, Unknown):
                harmless = rule.value.lower() in NEVER_PERMITS
                return Decision(DUNNO) if harmless else self._doubt(rule, table)
            if found is not None:
                decision = self._action(found, rule, name, depth)
                # smtpd: "this is not allowed for security reasons", and 451 to the client.
                forbidden = rule.value.lower() in NEVER_PERMITS and decision.kind == PERMIT
                return Decision(DEFER, rule, found) if forbidden else decision
        untried = held.untried if kind in CLAIMED else ()
        return self._doubt(rule, untried[0]) if untried else Decision(DUNNO)

    def _keys(self, kind: str) -> Iterator[list[str]]:
        parents = self.places.with_parents("smtpd_access_maps")
        who = self.stranger
        if kind == "client":
            yield name_keys(who.name, parents)
            yield _ip_keys(who.client)
        elif kind == "reverse":
            yield name_keys(who.reverse, parents)
        elif kind == "helo":
            yield name_keys(who.helo, parents)
        elif kind == "sender":
            yield _address_keys(who.sender, parents) if who.sender else ["<>"]
        elif kind == "recipient":
            yield _address_keys(self.places.resolved(who.recipient)[0], parents)

    def _action(self, found: Said, rule: Said, name: str, depth: int) -> Decision:
        value = found.value.strip()
        word = value.split()[0].upper() if value else ""
        if re.match(r"[45]\d\d(\D|$)", value):
            return Decision(DEFER if value[0] == "4" else REJECT, rule, found)
        if word in ("OK", "RELAY") or value.isdigit():
            return Decision(PERMIT, rule, found)
        if word in ("REJECT", "DEFER", "DISCARD"):
            return Decision(word.lower(), rule, found)
        if word == "DEFER_IF_PERMIT":
            self.defer_if_permit = self.defer_if_permit or found
            return Decision(DUNNO)
        if word in ACTIONS_WITHOUT_VERDICT or not value:
            return Decision(DUNNO)
        words = [Said(part, found.place) for part in re.split(r"[\s,]+", value)]
        decision = self._walk(words, name, depth + 1) if depth < DEEPEST else Decision(DUNNO)
        return Decision(decision.kind, rule, found) if decision.kind != DUNNO else decision


# Where distributions keep the authorities that browsers trust.
PUBLIC_BUNDLE = re.compile(
    r"/etc/(?:ssl/certs/?(?:ca-certificates\.crt|ca-bundle\.\w+)?|ssl/cert\.pem"
    r"|pki/(?:tls|ca-trust)/.*|ca-certificates/.*)$"
)
CLAIMED = ("helo", "sender")  # what a stranger may say as he likes
PLAIN = {"permit": PERMIT, "reject": REJECT, "defer": DEFER}
OWN_METHOD: dict[str, Callable[[Walk, Said], Decision]] = {
    "reject_unauth_destination": Walk._unless_authorised,
    "defer_unauth_destination": Walk._unless_authorised,
    "check_relay_domains": Walk._unless_authorised,
    "permit_auth_destination": Walk._if_authorised,
    "permit_mynetworks": Walk._if_trusted,
    "permit_naked_ip_address": Walk._if_naked,
    "permit_mx_backup": Walk._if_backup,
    "permit_tls_all_clientcerts": Walk._if_certified,
    "reject_invalid_hostname": Walk._if_no_host,
    "reject_invalid_helo_hostname": Walk._if_no_host,
    "reject_non_fqdn_hostname": Walk._if_short_helo,
    "reject_non_fqdn_helo_hostname": Walk._if_short_helo,
    "reject_non_fqdn_sender": Walk._if_short_address,
    "reject_non_fqdn_recipient": Walk._if_short_address,
    "defer_if_permit": Walk._later,
    "reject_sender_login_mismatch": Walk._login_mismatch,
    "reject_unauthenticated_sender_login_mismatch": Walk._login_mismatch,
}
ACTIONS_WITHOUT_VERDICT = set(
    "DUNNO BCC FILTER HOLD INFO PREPEND REDIRECT WARN DELAY SKIP DEFER_IF_REJECT".split()
)


def classes(places: Places) -> set[str]:
    return {said.value for said in places.postfix.words("smtpd_restriction_classes")}


def pairs(words: Sequence[Said], name: str) -> Iterator[tuple[Said, Said | None]]:
    """Each restriction with its argument; a table alone stands for the check of its list."""
    alone = {"smtpd_client_restrictions": "client", "smtpd_helo_restrictions": "helo"}
    kind = alone.get(name, "sender" if name == "smtpd_sender_restrictions" else "recipient")
    at = 0
    while at < len(words):
        said = words[at]
        if is_table(said.value):
            yield Said(f"check_{kind}_access", said.place), said
            at += 1
        elif said.value.lower() in ARGUMENT and at + 1 < len(words):
            yield said, words[at + 1]
            at += 2
        else:
            yield said, None
            at += 1


def _ip_keys(address: str) -> list[str]:
    mark = ":" if ":" in address else "."
    parts = address.split(mark)
    return [mark.join(parts[:n]).rstrip(":") for n in range(len(parts), 0, -1)]


def _address_keys(address: str, parents: bool) -> list[str]:
    local, _, domain = address.rpartition("@")
    return [address, *name_keys(domain, parents), f"{local}@"]
