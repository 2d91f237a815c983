"""What does the audit look for in a Sendmail? The table in docs/audit.md is derived from this."""

from __future__ import annotations

from analyzer.config.findings import Check

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
NO_MASK = Check(
    "sendmail-network-with-mask", "medium",
    "a network in class R or in the access table that is written with a mask",
    "Sendmail reads whole prefixes such as 10.1 alone: the entry fits nobody.",
)  # fmt: skip
OWN_RULES = Check(
    "sendmail-own-rules", "medium",
    "rules of your own in Local_check_rcpt or Local_check_relay that accept",
    "They are asked before the rules that refuse, and the audit does not read them.",
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
    UNQUALIFIED, UNRESOLVABLE, NO_MASK, OWN_RULES, NOT_GIVEN, DELAYED,
)  # fmt: skip
