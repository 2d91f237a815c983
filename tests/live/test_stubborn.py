"""What is said of servers that accept everything, put off, tarpit or hang up, and carry nothing?

Each is a real aiosmtpd in a process of its own; nmap's smtp-open-relay asks it, too. What the
servers of tests/live/test_relay.py answer to the byte is here answered by a mail server's own code.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager

import pytest

from analyzer.probe import outcome
from analyzer.probe.manner import Door
from tests.live.test_relay import HEAD, NMAP, PATIENCE, ask, nmap_says, row
from tests.live.world import PYTHON

PROGRAM = "tests/live/stubborn_server.py"
EXPECTED = {
    "accepts": outcome.YES_TO_ALL,
    "greylists": outcome.UNDECIDED,
    "tarpits": outcome.CLOSED,
    "drops": outcome.UNDECIDED,
}


@pytest.fixture(scope="module")
def table(tables):
    """What everybody said, for whoever reads the run."""
    tables.append([row(*HEAD)])
    return tables[-1]


@contextmanager
def served(manner):
    """The port of a server of that manner."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    program = subprocess.Popen([PYTHON, PROGRAM, manner], **pipes, text=True)
    try:
        yield int(program.stdout.readline())
    finally:
        program.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("manner", EXPECTED)
def test_a_server_that_carries_nothing_is_never_called_open(manner, table):
    with served(manner) as port:
        result = ask(Door("127.0.0.1", port))
        nmap = nmap_says("127.0.0.1", port) if NMAP else None
    shown = "–" if nmap is None else f"{nmap}/16"
    name = f"(aiosmtpd {manner})"
    table.append(row(name, "–", "–", "–", result["answer"], "–", "no", "–", shown))
    assert result["answer"] == EXPECTED[manner]
    assert not result["shown_closed"]  # asked from this machine itself, it proves nothing
