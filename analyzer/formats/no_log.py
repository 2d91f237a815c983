"""Text that is no mail log as it is: what is it, and what makes it one?"""

from __future__ import annotations

import re

from analyzer.formats.exchange_headers import lacking

LOOKED_AT = 16 << 10  # bytes
_STAMPED = "`2026-12-07T05:00:00Z host postfix/smtpd[11]: ...`"
_COLUMNS = (
    rb"(?:date-time|client-ip|event-id|internal-message-id|recipient-address"
    rb"|EventId|InternalMessageId|Recipients)"
)
# Columns, and what follows.
_EXPORTED = rb'^"?#?[^\n]{0,600}' + _COLUMNS + rb'"?[,;][^\n]*\n(?s:.*?)'
_EXPORT = (
    "give the files of the server's folder MessageTracking, or export them as docs/formats.md "
    "shows under exchange"
)
ATTACHED = re.compile(
    rb'^Content-Disposition: attachment;\s+filename="?[^\n]*(?:\.log\b|maillog|syslog)',
    re.MULTILINE,
)
# What the beginning looks like, and what is said of it.
KINDS = (
    (
        re.compile(
            rb"^(?:EventId +: |EventId +Source +Sender +Recipients|Recipients +: \{"
            rb')|\A\s*[\[{](?s:.{0,4000}?)"(?:EventId|MessageTraceId)":',
            re.MULTILINE,
        ),
        f"message tracking of Exchange as PowerShell shows it, or JSON, no table: {_EXPORT}",
    ),
    (
        re.compile(rb'\A\s*\{\s*\n\s*"[^"\n]{1,80}"\s*:\s*(?!\[)'),
        "JSON objects of several lines each: give one a line, as `jq -c . FILE` writes them",
    ),
    (
        re.compile(rb"\A[A-Z][a-z]{2} [0-9-]{10} [0-9:.]{8,15} [^ \n]{1,8} \[s=[0-9a-f]+;i="),
        "fields of the journal, one a line: write it out with `journalctl -o export`",
    ),
    (
        re.compile(rb"\A\s*\[\s*(?:\{|\Z)"),
        "one JSON array: give one object a line, as `jq -c '.[]' FILE` writes them",
    ),
    (
        ATTACHED,
        "a mail with a log attached: save the attachment, and give that",
    ),
    (
        re.compile(rb"\A\s*\{[^\n]{0,400}\"hits\":"),
        "a search's answer: give one hit a line, as `jq -c '.hits.hits[]' FILE` writes them",
    ),
    (
        re.compile(rb"\A\s*\{\s*\"events\":"),
        "one JSON object of events: give one a line, as `jq -c '.events[]' FILE` writes them",
    ),
    (
        re.compile(rb"\A[0-9]{1,5} <[0-9]{1,3}>1? ?[0-9A-Z]"),
        "messages with their length in front (RFC 6587): give each a line, without it",
    ),
    (
        re.compile(rb"^@4[0-9a-f]{23}[ \t]", re.MULTILINE),
        f"its stamps are TAI64N, of multilog: write them out with tai64nlocal, as {_STAMPED}",
    ),
    (
        re.compile(
            rb"^(?:[^ |\n]{1,100} +\| )?[a-z-]{1,40}/[a-z/-]{1,60}\[[0-9]{1,10}\]: ", re.MULTILINE
        ),
        (
            "lines that say no time: write them out with it (`docker compose logs -t`, "
            "`docker logs -t`, `kubectl logs --timestamps`)"
        ),
    ),
    (
        re.compile(
            rb'^(?!# ?Date\t)"?#?[^\n]{0,600}' + _COLUMNS + rb'"?[|\t][^\n]*[|\t]', re.MULTILINE
        ),
        (
            "columns of Exchange, but not cut by commas or semicolons, which `Export-Csv` writes "
            f"without -Delimiter: {_EXPORT}"
        ),
    ),
    (
        re.compile(_EXPORTED + rb"\bSystem\.String\[\]", re.MULTILINE),
        (
            "an export of Exchange without recipients: where they belong, it has the words "
            f"`System.String[]`: {_EXPORT}"
        ),
    ),
    (
        re.compile(
            _EXPORTED + rb'(?:[0-9]{1,4}[-/.]){2}[0-9]{1,4} [0-9]{1,2}[:.][0-9:.]{2,5}"?[,;]',
            re.MULTILINE,
        ),
        (
            "an export of Exchange whose times can be read in two ways, such as `09/05/2022 "
            f"07:12:11`, which may be in May or in September: {_EXPORT}"
        ),
    ),
    (
        re.compile(
            rb"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}Z?,(?:[^\n,]*,){4,40}[A-Z]{2,20},",
            re.MULTILINE,
        ),
        (
            "rows like those of Exchange, and no `#Fields:` line that names their columns: give "
            "the file from its first line, or put that line of another log of this server before "
            "them"
        ),
    ),
    (
        re.compile(
            rb"^#Software: Microsoft (?:Exchange Server|Internet Information Services)",
            re.MULTILINE,
        ),
        (
            "a log of Exchange or IIS of a kind that is not read: of mail tell the files of the "
            "folder MessageTracking, of logins and refusals those of ProtocolLog\\SmtpReceive"
        ),
    ),
)

# What lines of mail servers hold, in whatever they are wrapped.
_OF_MAIL = re.compile(
    rb"(?<![/\w])postfix/(?:[a-z]+/)?(?:smtpd?|cleanup|qmgr|pickup|lmtp|local|bounce)\b"
    rb"|\bsendmail\[|\bsm-mta\[|\bstat(?:us)?=(?:sent|bounced|deferred)\b"
    rb"|\binternal-message-id\b|\bInternalMessageId\b",
    re.IGNORECASE,
)


def is_mail_server(program: str) -> bool:
    """Whether lines of the program are those of a mail server, by its name in a header."""
    return program.startswith(("postfix", "sendmail", "sm-mta", "sm-msp"))


def speaks_of_mail(beginning: bytes) -> bool:
    """Whether text that could not be read as a log holds what a mail server wrote."""
    head = beginning[:LOOKED_AT]
    return bool(_OF_MAIL.search(head) or ATTACHED.search(head))


def what_it_is(beginning: bytes) -> str:
    """What to tell of the text and to do with it; empty if it looks like nothing known."""
    head = beginning[:LOOKED_AT].removeprefix(b"\xef\xbb\xbf")
    first = next((line for line in head.split(b"\n") if line.strip(b"# \r")), b"")
    if missing := lacking(first):
        return f"an export of Exchange without the column {', '.join(missing)}: {_EXPORT}"
    return next((said for pattern, said in KINDS if pattern.search(head)), "")
