"""What a mail server under test talks to: the rest of the world, filters, and a server of logins.

Run by a Python that has aiosmtpd (Debian: python3-aiosmtpd), with JSON as its only argument:

    ports     by role: `world`, `auth`, and for each filter its own port
    filters   by name: `to` (port it hands on to), `says_id` (it passes the answer on)
    record    file that gets one JSON object a line for each message that the world took

The world takes all but these recipients: nobody@ is refused for good, later@ for now, and grey…@
once for now. What it took is the truth of what was delivered. Ends with its standard input.
"""

from __future__ import annotations

import asyncio
import base64
import email
import json
import re
import smtplib
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP

# An address of its own: 127.0.0.1 is the server under test itself.
WORLD = "127.0.0.9"
XFORWARD = "XFORWARD NAME ADDR PORT PROTO HELO SOURCE IDENT"


class Dialogue(SMTP):
    """SMTP with XFORWARD, whose attributes go into the session."""

    async def smtp_XFORWARD(self, said: str) -> None:  # noqa: N802, the name aiosmtpd looks for
        attributes = getattr(self.session, "forwarded", [])
        self.session.forwarded = [*attributes, said]
        await self.push("250 2.0.0 Ok")


class World:
    """Takes mail for everybody else."""

    def __init__(self, record: Path) -> None:
        self.record, self.seen, self.taken = record, set(), 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        name = address.partition("@")[0]
        if name == "nobody":
            return "550 5.1.1 No such user here: status=sent (250 2.0.0 Ok: queued as 3F2A12CE583)"
        first = address not in self.seen
        self.seen.add(address)
        if name == "later" or (name.startswith("grey") and first):
            return "450 4.2.0 Greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.taken += 1
        content = envelope.original_content.decode("utf-8", "replace")
        row = {
            "peer": session.peer[0],
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "message_ids": re.findall(r"(?im)^Message-ID:\s*<([^>]*)>", content),
            "subject": email.message_from_string(content)["Subject"],
        }
        with self.record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return f"250 2.0.0 Ok: queued as {self.taken:011X}"


class Filter:
    """Hands every message on, with XFORWARD where it was told any."""

    def __init__(self, to: int, says_id: bool) -> None:
        self.to, self.says_id = to, says_id

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [*responses[:-1], f"250-{XFORWARD}", responses[-1]]

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = await asyncio.get_running_loop().run_in_executor(
            None, self._on, envelope, getattr(session, "forwarded", [])
        )
        return answer if self.says_id or not answer.startswith("2") else "250 2.0.0 Ok, checked"

    def _on(self, envelope, forwarded: list[str]) -> str:
        with smtplib.SMTP("127.0.0.1", self.to, "filter.test", 20) as talk:
            talk.ehlo()
            for said in forwarded:
                talk.docmd("XFORWARD", said)
            talk.mail(envelope.mail_from)
            for recipient in envelope.rcpt_tos:
                code, words = talk.rcpt(recipient)
                if code != 250:
                    return f"{code} {words.decode()}"
            code, words = talk.data(envelope.original_content)
            return f"{code} {words.decode()}"


async def logins(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Dovecot's protocol of authentication: whoever says the password `right` is who he says."""
    writer.write(
        b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
        b"COOKIE\t0123456789abcdef0123456789abcdef\nDONE\n"
    )
    async for line in reader:
        words = line.decode().rstrip("\n").split("\t")
        if words[0] != "AUTH":
            continue
        said = next(word[5:] for word in words if word.startswith("resp="))
        _, user, password = base64.b64decode(said).decode().split("\0")
        verdict = "OK" if password == "right" else "FAIL"
        writer.write(f"{verdict}\t{words[1]}\tuser={user}\n".encode())
        await writer.drain()


async def serve(given: dict) -> None:
    ports = given["ports"]
    handlers = {"world": World(Path(given["record"]))}
    handlers |= {name: Filter(**how) for name, how in given["filters"].items()}
    loop = asyncio.get_running_loop()
    for name, handler in handlers.items():
        await loop.create_server(
            lambda handler=handler: Dialogue(handler, hostname="far.test", loop=loop),
            WORLD if name == "world" else "127.0.0.1",
            ports[name],
        )
    await asyncio.start_server(logins, "127.0.0.1", ports["auth"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
