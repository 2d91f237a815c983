"""A server at several doors: plain, after STARTTLS, over TLS; to strangers open or shut.

Run by a Python that has aiosmtpd (Debian: python3-aiosmtpd), with JSON as its only argument:

    doors     a list: `address`, `port`, `tls` (`none`, `starttls`, `required`, `implicit`), `open`
    pem       key and certificate, one file

Ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from functools import partial

from aiosmtpd.smtp import SMTP


class Door:
    """Takes mail for its own domain, and for everybody where it is open."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.lower() == "postmaster@corp.example" or self.is_open:
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 Ok"
        if address.lower().endswith("@corp.example") and address.count("@") == 1:
            return "550 5.1.1 User unknown"
        return "554 5.7.1 Relay access denied"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        return "250 2.0.0 Ok: queued as 4A1"


def protocol(door: dict, context: ssl.SSLContext) -> SMTP:
    offers = door["tls"] in ("starttls", "required")
    return SMTP(
        Door(is_open=door["open"]),
        hostname="mx.corp.example",
        tls_context=context if offers else None,
        require_starttls=door["tls"] == "required",
    )


async def serve(given: dict) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given["pem"])
    loop = asyncio.get_running_loop()
    for door in given["doors"]:
        wrapped = context if door["tls"] == "implicit" else None
        made = partial(protocol, door, context)
        await loop.create_server(made, door["address"], door["port"], ssl=wrapped)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
