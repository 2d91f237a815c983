"""A server on loopback that answers as a test says: byte for byte, and it remembers every command.

with FakeServer(lambda command: b"250 Ok\\r\\n") as server: ...
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

GREETING = b"220 mx.corp.example ESMTP\r\n"
HELLO = b"250-mx.corp.example\r\n250 SIZE 10240000\r\n"
DENIED = b"554 5.7.1 Relay access denied\r\n"
OK = b"250 2.1.0 Ok\r\n"
HANG_UP = b""


def closed(command):
    """A plain server that carries nothing for strangers, and checks its own recipients."""
    verb = command.split(" ")[0].upper()
    if verb == "EHLO":
        return HELLO
    if verb == "RCPT":
        own = command.rstrip(">").lower().endswith("@corp.example")
        plain = command.count("@") == 1 and "%" not in command and "!" not in command
        if own and plain:
            known = "postmaster" in command
            return OK if known else b"550 5.1.1 User unknown\r\n"
        return DENIED
    if verb == "AUTH":
        return b"503 5.5.1 Error: authentication not enabled\r\n"
    return {
        "QUIT": b"221 2.0.0 Bye\r\n",
        "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
        ".": b"250 2.0.0 Ok: queued as 4A1\r\n",
    }.get(verb, OK)


def but(**replies):
    """The plain server, but for the replies to these commands: bytes, or a function of the line."""

    def answer(command):
        verb = command.split(" ")[0].upper()
        if verb not in replies:
            return closed(command)
        reply = replies[verb]
        return reply(command) if callable(reply) else reply

    return answer


class FakeServer:
    """`answer` gives the reply to each line; HANG_UP closes. `drip`: seconds between two bytes."""

    def __init__(self, answer=closed, *, greeting=GREETING, drip=0.0, family=socket.AF_INET):
        self._answer, self._greeting, self._drip = answer, greeting, drip
        self.commands: list[str] = []
        self.connections = 0
        self._at_once = 0
        self.most_at_once = 0
        self._listener = socket.create_server(
            ("127.0.0.1" if family == socket.AF_INET else "::1", 0), family=family
        )
        self.address, self.port = self._listener.getsockname()[:2]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._closing = threading.Event()

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    @property
    def recipients(self):
        return [c for c in self.commands if c.upper().startswith("RCPT")]

    def _serve(self):
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection):
        self.connections += 1
        left = False
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        with connection, contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            in_data = False
            self._say(connection, self._greeting)
            for raw in stack.enter_context(connection.makefile("rb")):
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self.commands.append(line)
                if in_data and line != ".":
                    continue
                if line == "QUIT":  # counted before the client knows that it may go on
                    self._at_once -= 1
                    left = True
                reply = self._answer(line)
                in_data = reply.startswith(b"354")
                if reply == HANG_UP:
                    break
                self._say(connection, reply)
        self._at_once -= not left

    def _say(self, connection, reply):
        if not self._drip:
            connection.sendall(reply)
            return
        for byte in reply:
            if self._closing.is_set():
                return
            connection.sendall(bytes([byte]))
            time.sleep(self._drip)
