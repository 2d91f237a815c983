"""A server that takes no stranger's mail anywhere, and does not simply say so.

Run by a Python that has aiosmtpd (Debian: python3-aiosmtpd), with its manner as the only argument.
Tells its port, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import SMTP

LATE = 2.0  # seconds that a tarpit takes for each recipient


class Stubborn:
    """`accepts`, `greylists`, `tarpits` or `drops` whoever names a recipient."""

    def __init__(self, manner: str) -> None:
        self.manner = manner

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.manner == "accepts":
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 Ok"
        if self.manner == "greylists":
            return "450 4.2.0 Greylisted, come back in five minutes"
        if self.manner == "tarpits":
            await asyncio.sleep(LATE)
        if self.manner == "drops":
            server.transport.abort()
        return "554 5.7.1 Relay access denied"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        return "250 2.0.0 Ok: queued as 4A1"


async def serve(manner: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Stubborn(manner), hostname="mx.corp.example"), "127.0.0.1", 0
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
