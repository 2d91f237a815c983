"""A real Sendmail on loopback, from Debian's packages unpacked beside the system's mail server.

with SendmailServer(folder_of_packages(), "FEATURE(`promiscuous_relay')dnl") as server: ...

Debian's sendmail and postfix exclude each other, so the packages are downloaded and unpacked, never
installed. The server has a host name, a /dev with a log socket, and folders of its own (unshare).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tests.live.postfix_server import PATIENCE, free_port

PACKAGES = "sendmail-bin sendmail-cf libwrap0 m4 libsigsegv2".split()
HOST = "mx.corp.example"
MC = """\
OSTYPE(`linux')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
undefine(`ALIAS_FILE')dnl
{features}
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cwcorp.example
Dj{host}
LOCAL_RULE_0
R$* <@far.test.> $*\t$#esmtp $@ [127.0.0.1] $: $1 <@far.test.> $2
R$* <@far.test> $*\t$#esmtp $@ [127.0.0.1] $: $1 <@far.test> $2
"""
# A /dev of its own, with a socket that this process listens to, and a name of its own.
START = """\
hostname {host}
for device in null random urandom; do mount --bind /dev/$device {dev}/$device; done
mount --rbind {dev} /dev
exec "$0" "$@"
"""


def packages() -> Path | None:
    """The unpacked packages; None where they cannot be had."""
    folder = Path(tempfile.mkdtemp(prefix="relaytrail-sendmail-"))
    folder.chmod(0o755)
    try:
        subprocess.run(
            ["apt-get", "download", *PACKAGES], cwd=folder, check=True, capture_output=True
        )
        for package in sorted(folder.glob("*.deb")):
            subprocess.run(
                ["dpkg", "-x", package.name, "."], cwd=folder, check=True, capture_output=True
            )
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    (folder / "usr/libexec/sendmail/sendmail").chmod(0o755)  # not as another group
    return folder


class SendmailServer:
    """Started on entry, stopped by its process id on exit; `mc` is the configuration's source.

    Args:
        features: Lines of the configuration; FOLDER in them is the server's own folder.
        world: Port at *far* that takes what goes out.
        files: Further files of that folder, by name.
        interval: How often the queue is run.
        level: LogLevel; from 11 on the log tells which alias was expanded.
    """

    def __init__(
        self,
        unpacked: Path,
        features: str,
        world: int,
        *,
        far: str = "127.0.0.1",
        files: dict[str, str] | None = None,
        interval: str = "1m",
        level: int = 9,
    ) -> None:
        self._unpacked, self._world = unpacked, world
        self._interval, self._level = interval, level
        self.folder = Path(tempfile.mkdtemp(prefix="relaytrail-live-"))
        for name in ("queue", "dev"):
            (self.folder / name).mkdir(mode=0o700)
        self.mc, self.log = self.folder / "sendmail.mc", self.folder / "maillog"
        mc = MC.format(features=features.replace("FOLDER", str(self.folder)), host=HOST)
        self.mc.write_text(mc.replace("[127.0.0.1]", f"[{far}]"), "utf-8")
        for name, text in (files or {}).items():
            (self.folder / name).write_text(text, "utf-8")
        self.log.touch()
        (self.folder / "switch").write_text(
            "hosts\tfiles\npasswd\tfiles\naliases\tfiles\n", "ascii"
        )
        self.port = free_port()
        libraries = [unpacked / place / "x86_64-linux-gnu" for place in ("lib", "usr/lib")]
        self._env = os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, libraries))}
        self._server: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._listen()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            self._server.wait(PATIENCE)
        self._closing.set()
        self._writer.join(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listen(self) -> None:
        """What syslog would do: a line with time and host for each datagram."""
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        heard.bind(str(self.folder / "dev/log"))
        heard.settimeout(0.2)

        def write() -> None:
            with heard, self.log.open("a", encoding="utf-8", errors="replace") as log:
                while not self._closing.is_set():
                    try:
                        said = heard.recv(65_536).decode("utf-8", "replace").rstrip("\0\n")
                    except TimeoutError:
                        continue
                    text = said.partition(">")[2][16:]
                    log.write(f"{datetime.now(UTC):%b %e %H:%M:%S} mx {text}\n")
                    log.flush()

        self._writer = threading.Thread(target=write, daemon=True)
        self._writer.start()

    def by_program(self, arguments: list[str], text: str) -> None:
        """What a program on the server does: it calls sendmail, in the server's own /dev."""
        assert self._server is not None
        here = ["nsenter", f"--target={self._server.pid}", "--uts", "--mount"]
        command = [*here, *self._command[:1], *self._command[3:], *arguments]
        subprocess.run(command, input=text.encode(), env=self._env, check=True, capture_output=True)

    def waiting(self) -> list[str]:
        """Queue files of what is not done."""
        return sorted(path.name for path in (self.folder / "queue").glob("qf*"))

    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def written(self) -> None:
        """Until the log holds all that was said by now: what is said last is written last."""
        mark = f"mark-{time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.connect(str(self.folder / "dev/log"))
            told.send(f"<22>{datetime.now(UTC):%b %e %H:%M:%S} live-test: {mark}".encode())
        deadline = time.monotonic() + PATIENCE
        while mark not in self.log_text():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{mark} is not in the log:\n{self.log_text()}")
            time.sleep(0.05)

    def _configuration(self) -> Path:
        macros = self._unpacked / "usr/share/sendmail/cf"
        made = subprocess.run(
            [
                str(self._unpacked / "usr/bin/m4"),
                f"-D_CF_DIR_={macros}/",
                str(macros / "m4/cf.m4"),
                str(self.mc),
            ],
            env=self._env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        # The world listens at another port than 25.
        made = made.replace("A=TCP $h\n", f"A=TCP $h {self._world}\n")
        path = self.folder / "sendmail.cf"
        path.write_text(made, "utf-8")
        return path

    def _start(self) -> None:
        dev = self.folder / "dev"
        for name in ("null", "urandom", "random"):
            (dev / name).touch()
        options = {
            "QueueDirectory": self.folder / "queue",
            "PidFile": self.folder / "pid",
            "StatusFile": self.folder / "status",
            "ServiceSwitchFile": self.folder / "switch",
            "DaemonPortOptions": f"Name=MTA,Addr=127.0.0.1,Port={self.port}",
            "LogLevel": self._level,
        }
        command = [
            str(self._unpacked / "usr/libexec/sendmail/sendmail"),
            "-bD",
            f"-q{self._interval}",
        ]
        command += [f"-C{self._configuration()}"]
        command += [f"-O{name}={value}" for name, value in options.items()]
        self._command = command
        self._server = subprocess.Popen(
            ["unshare", "--uts", "--mount", "sh", "-c", START.format(host=HOST, dev=dev), *command],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"no answer on port {self.port}: {self.log.read_text('utf-8')}")
