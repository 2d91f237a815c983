"""What does the audit of a Postfix look for?"""

from __future__ import annotations

from analyzer.config.findings import Check

OPEN_TO_ALL = Check(
    "postfix-open", "critical",
    "a list permits everybody before anything refuses foreign recipients",
    "Any host may send mail to anybody through this server.",
)  # fmt: skip
WIDE_NETWORK = Check(
    "postfix-mynetworks-wide", "critical",
    "`mynetworks` holds more of the public internet than one owner has (wider than /16, IPv6: /32)",
    "Every host in that network relays without login.",
)  # fmt: skip
SENDER_TABLE = Check(
    "postfix-permit-by-sender", "critical",
    "a sender table answers OK before foreign recipients are refused",
    "A sender is whatever the client types: whoever guesses the entry relays.",
)  # fmt: skip
HELO_TABLE = Check(
    "postfix-permit-by-helo", "critical",
    "a HELO table answers OK before foreign recipients are refused",
    "The HELO name is whatever the client types: whoever guesses the entry relays.",
)  # fmt: skip
OK_NOT_ALLOWED = Check(
    "postfix-ok-not-allowed", "medium",
    "a table of unverified names, or of their MX, NS or A records, answers OK",
    "Those names are in strangers' hands: Postfix answers 451 to every client that the entry fits.",
)  # fmt: skip
CLIENT_TABLE = Check(
    "postfix-permit-by-client", "critical",
    "a client table answers OK to strangers before foreign recipients are refused",
    "The clients it names relay without login, as if they were in mynetworks.",
)  # fmt: skip
RECIPIENT_TABLE = Check(
    "postfix-permit-by-recipient", "critical",
    "a recipient table answers OK to foreign recipients before they are refused",
    "Anybody may send to those domains through this server.",
)  # fmt: skip
RELAY_DOMAINS = Check(
    "postfix-relay-domains-wide", "critical",
    "`relay_domains` holds domains that nobody owns alone: everything, or a top-level domain",
    "Anybody may send to those domains through this server; subdomains count as well.",
)  # fmt: skip
UNTRUSTED_ROUTING = Check(
    "postfix-untrusted-routing", "high",
    "`allow_untrusted_routing = yes`, or `resolve_dequoted_address = no` with relay domains",
    "user@outside@relay-domain is passed on to a host that trusts us, and may send it outside.",
)  # fmt: skip
MX_BACKUP = Check(
    "postfix-mx-backup", "high",
    "`permit_mx_backup` without `permit_mx_backup_networks`",
    "Whoever points an MX record of a domain at this server may send to it through the server.",
)  # fmt: skip
ALL_CERTIFICATES = Check(
    "postfix-any-certificate", "high",
    "`permit_tls_all_clientcerts`",
    "Anybody with a certificate of a trusted authority relays; everybody can get one.",
)  # fmt: skip
XCLIENT = Check(
    "postfix-xclient-wide", "critical",
    "`smtpd_authorized_xclient_hosts` holds a network of strangers",
    "Those clients may claim any address, one of mynetworks too, and any login.",
)  # fmt: skip
SUBMISSION = Check(
    "postfix-submission-open", "medium",
    "a submission service takes mail from clients that did not log in",
    "Spam for our own users passes there, around all that guards port 25.",
)  # fmt: skip
EVERY_DOMAIN = Check(
    "postfix-every-domain-ours", "medium",
    "every domain counts as one of ours, by a pattern in mydestination or the virtual domains",
    "Mail to anybody is taken in and goes to our mailboxes or aliases, or bounces to the sender.",
)  # fmt: skip
NETWORKS_CLASS = Check(
    "postfix-mynetworks-class", "high",
    "`mynetworks` is not stated and `mynetworks_style` is `class`",
    "The server trusts the whole class of its address: up to a 256th of the internet relays.",
)  # fmt: skip
NETWORKS_STYLE = Check(
    "postfix-mynetworks-style", "medium",
    "`mynetworks` is not stated and `mynetworks_style` is `subnet`",
    "The server trusts its subnet: other customers of the provider relay.",
)  # fmt: skip
CONTAINER = Check(
    "postfix-mynetworks-container", "medium",
    "`mynetworks` holds a container network, and no proxy protocol tells the true client",
    "A container host may pass on all mail from its own address: then every stranger is trusted.",
)  # fmt: skip
LEVEL = Check(
    "postfix-old-defaults", "medium",
    "`compatibility_level` is missing or below 2",
    "Postfix 3 then keeps the defaults of 2.x: the subnet is trusted, subdomains are relayed for.",
)  # fmt: skip
LOGIN_SENDER = Check(
    "postfix-login-any-sender", "medium",
    "logins are offered, and no rule ties a login to its senders",
    "A stolen login may send under every address, and its mail looks like that of others.",
)  # fmt: skip
OBSOLETE_WORD = Check(
    "postfix-obsolete-word", "medium",
    "a restriction that Postfix gave up, such as permit_naked_ip_address or check_relay_domains",
    "Postfix 3.9 does not know it and answers all mail with an error; older ones permit too much.",
)  # fmt: skip
UNKNOWN_WORD = Check(
    "postfix-unknown-word", "medium",
    "a word in a restriction list that Postfix does not know",
    "smtpd answers 451 Server configuration error to every recipient that gets so far.",
)  # fmt: skip
BROKEN_ENTRY = Check(
    "postfix-broken-entry", "medium",
    "a network with bits beyond its mask or a mask in dots, IPv6 without brackets, a setting that "
    "refers to itself",
    "Postfix cannot read on: it answers all clients with an error, or ends at every connection.",
)  # fmt: skip
COMMENT = Check(
    "postfix-comment-in-list", "medium",
    "a `#` among the words of a list of networks or domains",
    "Postfix knows no comment there: the list ends, and what follows the sign is not in force.",
)  # fmt: skip
NO_GUARD = Check(
    "postfix-refuses-all", "medium",
    "neither list holds a word that refuses foreign recipients, or `permit` stands before it",
    "smtpd ends with a fatal error at every connection: nothing is relayed, nothing is received.",
)  # fmt: skip
VOID_LINE = Check(
    "postfix-stated-twice", "medium",
    "a setting is stated twice in one file",
    "Only the last line counts; the line that was mended may not be the one in force.",
)  # fmt: skip
NOT_GIVEN = Check(
    "postfix-table-not-given", "medium",
    "a table that may permit strangers was not given",
    "What it answers cannot be known from these files.",
)  # fmt: skip
PATTERN = Check(
    "postfix-pattern-untried", "medium",
    "a pattern that may permit strangers, and of which the audit can make no example",
    "Whether somebody can fit it cannot be told from here; try it with `postmap -q`.",
)  # fmt: skip
PROXY = Check(
    "postfix-proxy-claims", "medium",
    "a service takes the client's address from a proxy, and addresses are trusted",
    "Who reaches the port without the proxy may claim any address, one of mynetworks too.",
)  # fmt: skip
DEFERS = Check(
    "postfix-defers", "info",
    "foreign recipients get a temporary refusal (454) rather than a final one",
    "Closed, but strangers come back for days, and each attempt is one more line of log.",
)  # fmt: skip
POLICY = Check(
    "postfix-policy-service", "info",
    "a policy service answers before foreign recipients are refused",
    "It may permit; only its own configuration tells.",
)  # fmt: skip
RELAYHOST = Check(
    "postfix-relayhost", "info",
    "`relayhost` is set",
    "Mail goes out through another host: blocklists name that host, and its log tells the rest.",
)  # fmt: skip
LUSER_RELAY = Check(
    "postfix-luser-relay", "info",
    "`luser_relay` is set",
    "Mail for unknown local users is accepted and goes to another address.",
)  # fmt: skip

CHECKS = (
    OPEN_TO_ALL, WIDE_NETWORK, SENDER_TABLE, HELO_TABLE, OK_NOT_ALLOWED, CLIENT_TABLE,
    RECIPIENT_TABLE, RELAY_DOMAINS, UNTRUSTED_ROUTING, MX_BACKUP, ALL_CERTIFICATES, XCLIENT,
    SUBMISSION, EVERY_DOMAIN, NETWORKS_CLASS, NETWORKS_STYLE, CONTAINER,
    LEVEL, LOGIN_SENDER, OBSOLETE_WORD,
    UNKNOWN_WORD, BROKEN_ENTRY, COMMENT, NO_GUARD, VOID_LINE, NOT_GIVEN, PATTERN, PROXY, DEFERS,
    POLICY, RELAYHOST, LUSER_RELAY,
)  # fmt: skip
# The restriction that let a stranger through, and the check that names it.
BY_RULE = {
    "permit": OPEN_TO_ALL,
    "permit_mynetworks": WIDE_NETWORK,
    "permit_naked_ip_address": OBSOLETE_WORD,
    "check_sender_access": SENDER_TABLE,
    "check_helo_access": HELO_TABLE,
    "check_ehlo_access": HELO_TABLE,
    "check_client_access": CLIENT_TABLE,
    "check_recipient_access": RECIPIENT_TABLE,
}
