"""What does the audit look for in an Exchange? The table in docs/audit.md is derived from this."""

from __future__ import annotations

from analyzer.config.findings import Check

ANY_DOMAIN = Check(
    "exchange-accepted-any", "critical",
    "an accepted domain `*`",
    "Every domain is then one of ours: each connector that takes mail from strangers relays it.",
)  # fmt: skip
ANONYMOUS = Check(
    "exchange-anonymous-relay", "critical",
    "anonymous clients hold Accept-Any-Recipient on a connector that strangers reach",
    "Any host in its RemoteIPRanges sends mail to anybody.",
)  # fmt: skip
EXTERNAL = Check(
    "exchange-externally-secured", "high",
    "a connector takes its clients for secured (ExternalAuthoritative), and strangers reach it",
    "Its clients count as our own servers: they relay, and their mail looks internal.",
)  # fmt: skip
OLD_OPEN = Check(
    "exchange55-relay-open", "critical",
    "5.5: rerouting without a working restriction, or with the deny list alone",
    "Whoever is not on the deny list relays.",
)  # fmt: skip
NOT_GIVEN = Check(
    "exchange-not-given", "medium",
    "permissions or ranges of a connector were not given, or cut in the export",
    "Whether anonymous clients may relay there cannot be known from these files.",
)  # fmt: skip
SILENT = Check(
    "exchange-relay-without-log", "medium",
    "a relay connector with ProtocolLoggingLevel None",
    "Who connected there, and with which words, will not be on record.",
)  # fmt: skip
SCOPED = Check(
    "exchange-scoped-relay", "info",
    "a relay connector for networks of our own",
    "Meant for printers and programs; one infected machine among them relays.",
)  # fmt: skip
HYBRID = Check(
    "exchange-hybrid", "info",
    "a connector trusts the mail of a cloud service",
    "Mail from the cloud counts as internal: the connector's certificate name must be exact.",
)  # fmt: skip
CHECKS = (ANY_DOMAIN, ANONYMOUS, EXTERNAL, OLD_OPEN, NOT_GIVEN, SILENT, SCOPED, HYBRID)
