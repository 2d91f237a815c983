"""What does the receive protocol of an Exchange 2016 front end say? It names the login.

Source: Microsoft's "Protocol logging" page, and rows of 2016 servers, as in the project's notes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.model import Client, History, Message, Refusal, Session

FIELDS = (
    "date-time connector-id session-id sequence-number local-endpoint remote-endpoint event data "
    "context"
).split()
VERSION = "15.01.2375.007"
DENIED = {
    "relay_denied": "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "unknown_user": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; "
    "Recipient not found by SMTP address lookup",
}
ANONYMOUS = (
    "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders"
)
Say = Callable[..., None]


def stamp(at: float) -> str:
    moment = datetime.fromtimestamp(round(at * 1000) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def head(kind: str, at: float, fields: list[str]) -> str:
    lines = [
        "#Software: Microsoft Exchange Server",
        f"#Version: {VERSION}",
        f"#Log-type: {kind}",
        f"#Date: {stamp(at)}",
        f"#Fields: {','.join(fields)}",
    ]
    return "".join(f"{line}\r\n" for line in lines)


class Dialogue:
    """The protocol of all sessions. `open`: when strangers had the right to relay."""

    def __init__(
        self, rng: Random, server: str, ip: str, company: Company, history: History
    ) -> None:
        self.rng, self.server, self.ip, self.history = rng, server, ip, history
        self.lan, self.domain = company.lan, company.domains[0]
        self.rows: list[tuple[float, int, list[str]]] = []
        opened = [c.time for c in history.changes if c.note.endswith("0.0.0.0/0")]
        closed = [c.time for c in history.changes if c.note.endswith("as before")]
        relayed = any(incident.mechanism == "open_relay" for incident in history.incidents)
        begin, end = (opened or [0.0])[0], (closed or [float("inf")])[0]
        self.open = (begin, end) if relayed else (0.0, 0.0)

    def add(self, session: Session, own_id: int) -> None:
        """The dialogue at the front end."""
        client, at = session.client, session.time - 0.2
        inside = client.ip.startswith((self.lan, "127."))
        name = "Client Frontend" if session.service == "submission" else "Default Frontend"
        if inside and session.service != "submission":
            name = "Anonymous Relay"
        connector = f"{self.server}\\{name} {self.server}"
        ident, number = f"{self.rng.getrandbits(64):016X}", 0
        port = 587 if session.service == "submission" else 25
        local, remote = f"{self.ip}:{port}", _endpoint(client, self.rng.randint(1025, 65000))
        rights = ANONYMOUS
        if inside or self.open[0] <= session.time < self.open[1]:
            rights += " SMTPAcceptAnyRecipient"

        def say(event: str, data: str = "", context: str = "") -> None:
            nonlocal number, at
            row = [stamp(at), connector, ident, str(number), local, remote, event, data, context]
            self.rows.append((at, len(self.rows), row))
            number, at = number + 1, at + 0.01

        say("+")
        say("*", rights, "Set Session Permissions")
        say(">", f"220 {self.server}.{self.domain} Microsoft ESMTP MAIL Service ready")
        if session.lost != "CONNECT":
            say("<", f"EHLO {client.helo}")
            say(
                ">",
                f"250  {self.server}.{self.domain} Hello [{client.ip}] SIZE 37748736 "
                "PIPELINING DSN",
            )
        for login in session.failed_logins:
            say("<", "AUTH LOGIN")
            say("*", "", "Inbound Login failed because of LogonDenied")
            say("*", "", f"User Name: {login}")
            say(">", "535 5.7.3 Authentication unsuccessful")
        if session.login:
            say("<", "AUTH LOGIN")
            say("*", session.login, "authenticated")
            say(">", "235 2.7.0 Authentication successful")
        for refusal in session.refusals:
            self._refused(refusal, say)
        for message in session.messages:
            self._taken(message, ident, own_id, say)
        if not session.lost:
            say("<", "QUIT")
            say(">", "221 2.0.0 Service closing transmission channel")
        say("-", "", "Local" if not session.lost else "Remote(ConnectionReset)")

    def _refused(self, refusal: Refusal, say: Say) -> None:
        say("<", f"MAIL FROM:<{refusal.sender}>")
        say(">", "250 2.1.0 Sender OK")
        say("<", f"RCPT TO:<{refusal.recipient}>")
        say(">", "250 2.1.5 Recipient OK" if refusal.accepted else DENIED[refusal.kind])

    def _taken(self, message: Message, ident: str, own_id: int, say: Say) -> None:
        say("<", f"MAIL FROM:<{message.sender}> SIZE={message.size}")
        say("*", f"{ident};{stamp(message.time)};1", "receiving message")
        say(">", "250 2.1.0 Sender OK")
        for address in dict.fromkeys(recipient.address for recipient in message.recipients):
            say("<", f"RCPT TO:<{address}>")
            say(">", "250 2.1.5 Recipient OK")
        say("<", f"BDAT {message.size} LAST")
        say(
            ">",
            f"250 2.6.0 <{message.message_id}> [InternalId={own_id}, "
            f"Hostname={self.server}] Queued mail for delivery",
        )

    def text(self) -> str:
        out = io.StringIO()
        out.write(head("SMTP Receive Protocol Log", self.history.start, FIELDS))
        writer = csv.writer(out, lineterminator="\r\n")
        kept = (row for at, _, row in sorted(self.rows, key=lambda r: r[:2]) if self._inside(at))
        writer.writerows(kept)
        return out.getvalue()

    def _inside(self, at: float) -> bool:
        return self.history.start <= at < self.history.end


def _endpoint(client: Client, port: int) -> str:
    return f"[{client.ip}]:{port}" if ":" in client.ip else f"{client.ip}:{port}"
