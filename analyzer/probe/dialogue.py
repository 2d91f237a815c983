"""What did the server say, byte for byte, and when?

smtplib would hide broken replies, wait without end for a server that sends a byte now and then, and
keep no record; here the record is the evidence.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

LONGEST = 65_536  # bytes of one reply; RFC 5321 allows 512 a line
_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)([^\r\n]*)\r?\n")

# Why there is no reply.
TIMEOUT, DROPPED, NO_SERVICE, BROKEN, NO_TLS = "timeout", "dropped", "no service", "broken", "tls"
NO_WAY = "no way"
# This machine has no IPv6, say, or the address to ask from is of the other family.
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True)
class Reply:
    """`code` 0: none; then `trouble` says why. The words are the server's, in Latin-1."""

    code: int
    lines: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    def offers(self, keyword: str) -> bool:
        """Does a reply to EHLO name the extension?"""
        return any(line.split(" ")[0].upper() == keyword for line in self.lines[1:])


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Transcript:
    """All that was said, in order; text that can be printed and read back without loss."""

    head: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def note(self, door: str, mark: str, data: bytes) -> None:
        """*mark*: `C` the client said it, `S` the server, `-` a remark."""
        stamp = f"{now():%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        for line in data.removesuffix(b"\n").removesuffix(b"\r").split(b"\n"):
            words = line.removesuffix(b"\r").decode("latin-1").encode("unicode_escape").decode()
            self.lines.append(f"{stamp}Z {door} {mark}: {words}")

    def as_text(self) -> str:
        return "\n".join([*self.head, "", *self.lines]) + "\n"


class Dialogue:
    """One connection. Nothing raises but a fault of ours: what goes wrong is a Reply."""

    def __init__(
        self,
        address: str,
        port: int,
        transcript: Transcript,
        *,
        source: str | None,
        patience: float,
        named: str,
    ) -> None:
        self._peer, self._source = (address, port), source
        self._transcript, self._patience = transcript, patience
        self._named = named
        self._socket: socket.socket | None = None
        self._buffer = b""
        self.client = ""  # our address, as this side knows it

    def open(self, *, tls: bool = False) -> Reply:
        """Connect, and read the greeting."""
        try:
            bound = (self._source, 0) if self._source else None
            self._socket = socket.create_connection(self._peer, self._patience, bound)
        except TimeoutError:
            return self._trouble(TIMEOUT, "no answer to the connection")
        except ConnectionRefusedError:
            return self._trouble(NO_SERVICE, "nothing listens here")
        except OSError as error:
            why = NO_WAY if error.errno in _NO_WAY else DROPPED
            return self._trouble(why, error.strerror or str(error))
        self.client = str(self._socket.getsockname()[0])
        if tls and (failed := self._encrypt()):
            return failed
        return self._reply()

    def say(self, words: str) -> Reply:
        """One command, one reply."""
        if self._buffer:
            return self._trouble(BROKEN, "the server speaks out of turn")
        data = words.encode("utf-8", "replace") + b"\r\n"
        return self._reply() if self._send(data) else self._trouble(DROPPED, "cannot be written to")

    def send_message(self, lines: list[str]) -> Reply:
        """The text after DATA, with dots doubled, to its end."""
        text = "".join(f"{'.' if line.startswith('.') else ''}{line}\r\n" for line in lines)
        if not self._send(f"{text}.\r\n".encode()):
            return self._trouble(DROPPED, "cannot be written to")
        return self._reply()

    def start_tls(self) -> Reply:
        """STARTTLS; what the server sent before the handshake is thrown away."""
        reply = self.say("STARTTLS")
        if reply.code != 220:
            return reply
        if self._buffer:
            return self._trouble(BROKEN, "more than one reply before the handshake")
        return self._encrypt() or reply

    def close(self) -> None:
        """QUIT, where there is somebody to tell."""
        if self._socket is None:
            return
        if not self._buffer:
            self.say("QUIT")
        self.drop()

    def drop(self) -> None:
        """Without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _encrypt(self) -> Reply | None:
        """The handshake; None if it succeeds. Any certificate will do: this is no login."""
        assert self._socket is not None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            self._socket.settimeout(self._patience)
            self._socket = context.wrap_socket(self._socket)
        except TimeoutError:
            return self._trouble(TIMEOUT, "no answer to the TLS handshake")
        except (ssl.SSLError, OSError) as error:
            return self._trouble(NO_TLS, str(error))
        self._transcript.note(self._named, "-", f"TLS: {self._socket.version()}".encode())
        return None

    def _send(self, data: bytes) -> bool:
        if self._socket is None:
            return False
        self._transcript.note(self._named, "C", data)
        try:
            self._socket.settimeout(self._patience)
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def _reply(self) -> Reply:
        """One reply of one or more lines, within the patience for all of it."""
        deadline = time.monotonic() + self._patience
        lines: list[tuple[int, str]] = []
        read = 0
        while True:
            line = self._line(deadline, LONGEST - read)
            if isinstance(line, Reply):
                return line
            read += len(line)
            self._transcript.note(self._named, "S", line)
            said = _LINE.fullmatch(line)
            if said is None or (lines and int(said[1]) != lines[0][0]):
                return self._trouble(BROKEN, "this is no SMTP reply")
            lines.append((int(said[1]), said[3].decode("latin-1")))
            if said[2] != b"-":
                return Reply(lines[0][0], tuple(words for _, words in lines))

    def _line(self, deadline: float, most: int) -> bytes | Reply:
        assert self._socket is not None
        while b"\n" not in self._buffer:
            if len(self._buffer) > most:
                return self._trouble(BROKEN, f"more than {LONGEST:,} bytes in one reply")
            try:
                self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
                more = self._socket.recv(4096)
            except TimeoutError:
                return self._trouble(TIMEOUT, f"no whole reply in {self._patience:g} s")
            except OSError as error:
                return self._trouble(DROPPED, error.strerror or str(error))
            if not more:
                return self._trouble(DROPPED, "the server hung up")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _trouble(self, trouble: str, words: str) -> Reply:
        """The end of this connection."""
        self._transcript.note(self._named, "-", f"{trouble}: {words}".encode())
        self.drop()
        self._buffer = b""
        return Reply(0, (words,), trouble)
