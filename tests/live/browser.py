"""How is a Chromium of our own started, asked and stopped? By the DevTools protocol over two pipes.

It has its own profile and folder, no network name resolves in it, and it is stopped by process id.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60  # seconds for one answer
FLAGS = [
    "--headless",
    "--no-sandbox",  # started by root, in a test, on a page of our own
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
]


def program() -> str | None:
    """The browser, if it is there."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Page:
    """One page, and everything that it asked for or complained of."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of = os.fdopen(to, "wb", 0), os.fdopen(of, "rb", 0)
        self._numbers, self._rest = itertools.count(1), b""
        self.events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = session
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        """Both pipes, after the browser has ended."""
        self._to.close()
        self._of.close()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer; what happened meanwhile is kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        for told in self._messages():
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]
        raise AssertionError(f"no answer to {method}")

    def _messages(self) -> Iterator[dict[str, Any]]:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            while b"\0" in self._rest:
                text, self._rest = self._rest.split(b"\0", 1)
                told = json.loads(text)
                if "method" in told:
                    self.events.append(told)
                yield told
            chunk = os.read(self._of.fileno(), 1 << 20)
            assert chunk, "the browser has gone"
            self._rest += chunk

    def open(self, path: Path) -> None:
        """Load a file, to its end."""
        self.ask("Page.navigate", url=path.as_uri())
        for _ in self._messages():
            if any(event["method"] == "Page.loadEventFired" for event in self.events):
                return

    def wait_for(self, method: str, times: int = 1) -> None:
        """Until it happened so often, or for as long as an answer may take."""
        ends = time.monotonic() + PATIENCE
        while len(self.told(method)) < times and time.monotonic() < ends:
            self.value("0")  # what is waiting to be read comes before the answer
            time.sleep(0.05)

    def value(self, script: str) -> Any:
        """What a script gives, run in the page."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def told(self, method: str) -> list[dict[str, Any]]:
        """What happened, of one kind."""
        return [event["params"] for event in self.events if event["method"] == method]


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A page in a browser of its own."""
    found = program()
    assert found
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def take_pipes() -> None:
        read, write = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(read, 3)
        os.dup2(write, 4)

    process = subprocess.Popen(
        [found, *FLAGS, f"--user-data-dir={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=take_pipes,  # noqa: PLW1509 - no thread runs here
        env=os.environ | {"HOME": str(folder)},
    )
    os.close(theirs_in)
    os.close(theirs_out)
    page = None
    try:
        page = Page(ours_out, ours_in)
        yield page
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if page is not None:
            page.close()
