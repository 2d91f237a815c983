"""A real Postfix on loopback, with folders of its own; the system's instance is never touched.

with PostfixServer("mynetworks = 127.0.0.1/32") as server:
    code, words = server.ask("ann@outside.test", "bob@elsewhere.test", client="127.0.0.2")
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

SBIN = "/usr/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix:/usr/local/sbin"
PATIENCE = 60  # seconds until a daemon has to be there, or a line in the log

MAIN = """\
compatibility_level = 3.6
myhostname = mx.corp.example
mydestination = corp.example
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_error_sleep_time = 0
smtp_dns_support_level = disabled
smtpd_tls_security_level = none
local_recipient_maps =
alias_maps =
virtual_alias_maps =
"""

MASTER = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
{services}"""


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if found is None:
        raise FileNotFoundError(name)
    return found


# Below those from which Linux takes the ports of outgoing connections: there a test's own client
# could take a server's port before it starts. None is given out twice.
PORTS = iter(range(20_000 + os.getpid() % 4_000, 32_768))


def free_port() -> int:
    for port in PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free between 20000 and 32767")


def _without(base: str, main: str) -> str:
    stated = {line.partition("=")[0].strip() for line in main.split("\n") if line[:1].strip()}
    lines = base.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition("=")[0].strip() not in stated)


class PostfixServer:
    """Started on entry, stopped by its process id on exit.

    Args:
        main: Lines of main.cf after those above; what stands later counts. /etc/postfix/NAME means
            a file of *files*; it is indexed where a hash table needs it.
        services: The smtpd services, by name, each with its `name=value` overrides.
        more: More lines of master.cf.
        files: Tables by name.
    """

    def __init__(
        self,
        main: str = "",
        *,
        services: dict[str, tuple[str, ...]] | None = None,
        more: str = "",
        files: dict[str, str] | None = None,
    ) -> None:
        services = services or {"smtp": ()}
        self.ports = {name: free_port() for name in services}
        self.port = next(iter(self.ports.values()))
        self.folder = Path(tempfile.mkdtemp(prefix="relaytrail-live-"))
        self.folder.chmod(0o755)  # the daemons run as another user
        self.config = self.folder / "etc"
        self.log = self.folder / "mail.log"
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(mode=0o755)
        shutil.chown(self.folder / "data", "postfix")
        own = (
            f"queue_directory = {self.folder}/queue\ndata_directory = {self.folder}/data\n"
            f"maillog_file = {self.log}\nmaillog_file_prefixes = {self.folder}\n"
        )
        base = _without(MAIN + own, main)  # Postfix warns of what is stated twice
        (self.config / "main.cf").write_text(self._here(base + main), "utf-8")
        doors = "".join(
            f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd\n"
            + "".join(f"  -o {self._here(override)}\n" for override in overrides)
            for name, overrides in services.items()
        )
        (self.config / "master.cf").write_text(doors + MASTER.format(services=more), "utf-8")
        for name, text in (files or {}).items():
            (self.config / name).write_text(text, "utf-8")
            if f"hash:/etc/postfix/{name}" in main:
                self.run("postmap", "-c", str(self.config), f"hash:{self.config / name}")
        self._master: subprocess.Popen[bytes] | None = None

    def _here(self, text: str) -> str:
        return text.replace("/etc/postfix/", f"{self.config}/")

    def run(self, *command: str) -> None:
        done = subprocess.run(
            [program(command[0]), *command[1:]], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self.run("postfix", "-c", str(self.config), "check")
        last_words = self.folder / "master"  # what it says where it cannot log
        with last_words.open("wb") as words:
            self._master = subprocess.Popen(
                [program("master"), "-c", str(self.config), "-d"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        # A connection is taken while the other services are still to be opened.
        while "daemon started" not in self.log_text():
            if time.monotonic() > deadline or self._master.poll() is not None:
                raise RuntimeError(
                    f"no answer on port {self.port}, master's status {self._master.poll()}: "
                    f"{self.log_text()}{last_words.read_text('utf-8', 'replace')}"
                )
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                pass  # its words are the log's first, with those of the start before them
            time.sleep(0.05)

    def stop(self) -> None:
        """By process id; then the folders go."""
        if self._master is not None and self._master.poll() is None:
            self._master.terminate()
            try:
                self._master.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._master.kill()
                self._master.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def session(
        self,
        client: str = "127.0.0.2",
        helo: str = "stranger.test",
        *,
        service: str = "",
        claims: dict[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> smtplib.SMTP:
        """A dialogue from that loopback address; *claims* are attributes of XCLIENT."""
        port = self.ports[service] if service else self.port
        talk = smtplib.SMTP("127.0.0.1", port, helo, patience, (client, 0))
        talk.ehlo()
        if claims:
            said = " ".join(f"{name}={value}" for name, value in claims.items())
            code, words = talk.docmd("XCLIENT", said)
            if code != 220:
                raise RuntimeError(f"XCLIENT {said}: {code} {words!r}")
            talk.ehlo(helo)
        return talk

    def ask(
        self,
        sender: str,
        recipient: str,
        client: str = "127.0.0.2",
        helo: str = "stranger.test",
        **how: Any,
    ) -> tuple[int, str]:
        """The answer to RCPT TO, or to whatever was refused before it; no message is sent."""
        try:
            with self.session(client, helo, **how) as talk:
                code, words = talk.docmd("MAIL", f"FROM:<{sender}>")
                if code == 250:
                    code, words = talk.docmd("RCPT", f"TO:<{recipient}>")
                    talk.rset()
        except smtplib.SMTPResponseException as refused:
            code, words = refused.smtp_code, refused.smtp_error
        except (smtplib.SMTPServerDisconnected, TimeoutError):
            return 421, "the server hung up"
        return code, words.decode("ascii", "replace") if isinstance(words, bytes) else words

    def queue(self) -> list[dict[str, Any]]:
        """What waits, as `postqueue -j` lists it."""
        command = [program("postqueue"), "-c", str(self.config), "-j"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in listed.splitlines()]

    def deferred(self, messages: int) -> list[dict[str, Any]]:
        """The queue once so many messages wait in it for another try, and the log tells of it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = self.queue()
            if len(rows) == messages and all(row["queue_name"] == "deferred" for row in rows):
                self.written()
                return rows
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {messages} deferred messages:\n{rows}")
            time.sleep(0.05)

    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def written(self) -> None:
        """Until the log holds all that was said by now.

        A client has its answer, and postqueue its list, before postlogd has written the lines of
        it; what it is told last it writes last.
        """
        mark = f"mark-{time.monotonic_ns()}"
        self.run("postlog", "-c", str(self.config), "-t", "live-test", mark)
        self.wait_for(mark)

    def wait_for(self, text: str, times: int = 1) -> None:
        """Until whole lines of the log hold the text so many times."""
        deadline = time.monotonic() + PATIENCE
        while self.log_text().rpartition("\n")[0].count(text) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} is not in the log:\n{self.log_text()}")
            time.sleep(0.05)
