"""What does the front end's receive protocol say of the dialogues on its connectors?"""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sample_logs.make.company import CLOSED, OPENED, SCANNER, Mail, Probe
from sample_logs.make.rows import SERVERS, stamp

FIELDS = "date-time connector-id session-id sequence-number local-endpoint remote-endpoint event data context".split()
PERMISSIONS = {
    "EX01\\Default Frontend EX01": "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders",
    "EX01\\Client Frontend EX01": "SMTPAcceptAnyRecipient SMTPAcceptAuthenticationFlag BypassAntiSpam",
    "EX01\\Anonymous Relay": "SMTPSubmit SMTPAcceptAnyRecipient SMTPAcceptAnySender AcceptRoutingHeaders",
}
REFUSED = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"

Row = dict[str, str]
Said = Iterator[tuple[str, str, str]]


def connector(client_ip: str | None, how: str, time: datetime) -> str:
    """Which connector of the front end takes a client: the address ranges decide."""
    if how == "smtp587":
        return "EX01\\Client Frontend EX01"
    wide = OPENED <= time < CLOSED and client_ip is not None and not client_ip.startswith("198.18.")
    return (
        "EX01\\Anonymous Relay" if wide or client_ip == SCANNER else "EX01\\Default Frontend EX01"
    )


def accepted(mail: Mail, session: str) -> list[tuple[datetime, Row]]:
    """The dialogue that brought a mail, up to the answer that the transport service took it."""
    name = connector(mail.client_ip, mail.how, mail.time)
    said = _accepted(mail, name, session)
    return _rows(mail.time - timedelta(milliseconds=600), name, session, mail.client_ip or "", said)


def refused(probe: Probe, number: int) -> list[tuple[datetime, Row]]:
    session = f"{0x08DDFFFF_00000000 + number:016X}"
    name = (
        connector(probe.client_ip, "smtp25", probe.time)
        if not OPENED <= probe.time < CLOSED
        else ""
    )
    return _rows(probe.time, name, session, probe.client_ip, _refused(probe, name))


def _greeting(name: str, helo: str) -> Said:
    yield "+", "", ""
    yield ">", "220 EX01.harrow-vale.example Microsoft ESMTP MAIL Service ready", ""
    yield "<", f"EHLO {helo}", ""
    yield "*", PERMISSIONS[name] if "Client" not in name else "None", "Set Session Permissions"
    yield (
        ">",
        "250  EX01.harrow-vale.example Hello SIZE 37748736 PIPELINING DSN ENHANCEDSTATUSCODES 8BITMIME",
        "",
    )


def _accepted(mail: Mail, name: str, session: str) -> Said:
    yield from _greeting(name, "client")
    if mail.login:
        yield "<", "AUTH LOGIN", ""
        yield "*", mail.login, "authenticated"
        yield "*", PERMISSIONS[name], "Set Session Permissions"
        yield ">", "235 2.7.0 Authentication successful", ""
    yield "<", f"MAIL FROM:<{mail.sender}> SIZE={mail.size}", ""
    yield "*", f"{session};{stamp(mail.time)};1", "receiving message"
    yield ">", "250 2.1.0 Sender OK", ""
    for recipient in mail.recipients:
        yield "<", f"RCPT TO:<{recipient}>", ""
        yield ">", "250 2.1.5 Recipient OK", ""
    yield "<", "DATA", ""
    yield ">", "354 Start mail input; end with <CRLF>.<CRLF>", ""
    yield (
        ">",
        f"250 2.6.0 <{mail.message_id}> [InternalId={mail.ids[0]}] Queued mail for delivery",
        "",
    )
    yield "<", "QUIT", ""
    yield "-", "", "Remote"


def _refused(probe: Probe, name: str) -> Said:
    yield from _greeting(name, "probe")
    yield "<", f"MAIL FROM:<{probe.sender}>", ""
    yield ">", "250 2.1.0 Sender OK", ""
    yield "<", f"RCPT TO:<{probe.recipient}>", ""
    yield ">", REFUSED, ""
    yield "<", "QUIT", ""
    yield "-", "", "Remote"


def _rows(
    time: datetime, name: str, session: str, client_ip: str, said: Said
) -> list[tuple[datetime, Row]]:
    port = 40_000 + int(session[-6:], 16) % 20_000
    remote = f"[{client_ip}]:{port}" if ":" in client_ip else f"{client_ip}:{port}"
    local = f"{SERVERS['EX01']}:{587 if 'Client' in name else 25}"
    rows = []
    for number, (event, data, context) in enumerate(said):
        now = time + timedelta(milliseconds=8 * number)
        values = (stamp(now), name, session, str(number), local, remote, event, data, context)
        rows.append((now, dict(zip(FIELDS, values, strict=True))))
    return rows
