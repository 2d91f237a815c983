"""What does docs/audit.md say: what the audit asks, and every check that it makes?"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.config.findings import SEVERITIES, Check

INTRO = """\
# `relaytrail audit`: may a stranger relay?

Derived from `analyzer/config/` by `make docs`; do not edit.

```
relaytrail audit main.cf master.cf virtual sender_access --case case
relaytrail audit sendmail.mc access relay-domains local-host-names
relaytrail audit domains.csv connectors.csv permissions.csv
```

The files are known by their content. Postfix: the output of `postconf -n` and `postconf -M`, or
main.cf and master.cf, and the tables that they refer to, found by their name; give the text
files, not the compiled ones. Of several that look like main.cf or master.cf the one so named
counts. Sendmail: sendmail.mc or sendmail.cf, and the access table, relay-domains,
local-host-names. Exchange: exports of `Get-AcceptedDomain`, `Get-ReceiveConnector` and
`Get-ADPermission` as Format-List text, CSV or JSON; for 5.5 the registry export that holds
`RelayFlags`. Nothing is changed, and nobody is asked over the network.

Each service that speaks SMTP is a door, and the audit says what a stranger gets there:

| verdict | a stranger who sends to a stranger |
| --- | --- |
| open | is served, if only with the right sender, HELO name, route or address |
| closed | is refused, for good or for now |
| unknown | is refused, unless a table, policy service or permission not given says otherwise |
| refuses all mail | is refused like everybody else: the lists are such that Postfix does not work |

Every finding names the very line, says why it matters, and gives the line to write instead, for
the release that the files state. With `--case`, it counts the messages of that case that fit the
hole: they came by SMTP without a login, from a client in none of the server's own believable
networks, to a recipient in no domain of the server; and the audit becomes a page of that case's
report, kept in `audit.json`. `analyze --site main.cf` does the same with the files it is given. A
case made anew keeps its audit; made of more evidence, the messages are no longer counted until the
files are audited again, and the report says so. `--json` prints the same for programs.

## How Postfix is asked

The restriction lists are walked as smtpd walks them: client, HELO and sender list, then the two
lists that guard relaying, with every table that was given, restriction classes, `-o` overrides of
the service, and the defaults of release and `compatibility_level`. Those asked about are:
somebody who does nothing special; somebody in each network of `mynetworks` or of a table that is
wider than /16 (IPv6: /32); and somebody who claims each sender and HELO name that a table has an
entry for, our own names, no name, or a recipient with a percent, bang or @ route over each of our
domains; somebody who points his domain's MX record at the server, or has a certificate. Of a
pattern examples are made: whatever a sender or HELO name can be, and what the owner of another
domain can call his host (`/^10\\.2\\./` also fits 10.2.elsewhere.test). A pattern without an
example leaves the verdict at unknown. Blocklists and name server checks are taken to find nothing
against him: they stop many strangers, and not the one who matters. `make test-live` starts a real
Postfix with each configuration of `tests/config/postfix/` and compares its answers with the
audit's, before and after the corrected line.

Networks narrower than that may be a hole all the same, if they are not yours. The audit cannot
know who owns them.

## The checks

"""


def as_markdown(declared: dict[str, Sequence[Check]]) -> str:
    """The page; its tables come from the declarations, one a server."""
    lines = [INTRO.rstrip("\n"), ""]
    for mta, checks in declared.items():
        lines += [f"### {mta}", ""]
        lines += ["| check | severity | finds | why it matters |", "| --- | --- | --- | --- |"]
        for check in sorted(checks, key=lambda c: (SEVERITIES.index(c.severity), c.name)):
            lines.append(f"| `{check.name}` | {check.severity} | {check.finds} | {check.why} |")
        lines.append("")
    return "\n".join(lines)
