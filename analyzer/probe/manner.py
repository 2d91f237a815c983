"""Where and how is the server asked, and what is known of it so far?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analyzer.probe.dialogue import Dialogue, Transcript
from analyzer.probe.forms import MOST, Form, Names

PATIENCE = 30.0  # seconds for one reply, whole
PACE = 2.0  # seconds between two forms
WAIT = 300.0  # seconds until a server that said "later" is asked once more
LONGEST = 1200.0  # seconds of a whole run; a server that answers late each time could take hours
BY_HAND = "by hand (Ctrl-C)"


@dataclass(frozen=True)
class Door:
    """`tls`: `none`, `starttls` or `implicit`."""

    address: str
    port: int
    tls: str = "none"

    @property
    def name(self) -> str:
        how = {"none": "", "starttls": " after STARTTLS", "implicit": " over TLS"}[self.tls]
        return f"[{self.address}]:{self.port}{how}"


@dataclass(frozen=True)
class Manner:
    """How the server is spoken to.

    Args:
        ehlo: What the client calls itself; empty stands for its address.
        source: The address it asks from; None leaves it to the system.
        pace: Seconds between two forms.
        wait: Seconds until a server that said "later" is asked once more; None never.
        most: Recipients that the forms may name.
        longest: Seconds after which nothing more is asked.
        sleep: For tests.
    """

    ehlo: str
    source: str | None = None
    pace: float = PACE
    wait: float | None = WAIT
    patience: float = PATIENCE
    most: int = MOST
    longest: float = LONGEST
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Asked:
    """What was asked and answered so far."""

    names: Names
    transcript: Transcript
    records: list[dict[str, Any]] = field(default_factory=list)
    recipients: int = 0
    troubles: int = 0
    stopped: str = ""
    greeting: str = ""
    hello: str = ""  # first line of the first reply to EHLO
    client: str = ""
    ends: float = float("inf")  # by the monotonic clock
    most: int = MOST
    left: list[str] = field(default_factory=list)  # forms that were not asked
    pending: list[tuple[Door, Form]] = field(default_factory=list)  # told to come later
    repeated: list[tuple[Door, Form]] = field(default_factory=list)

    def may_ask(self, form: Form) -> bool:
        if not self.stopped and time.monotonic() > self.ends:
            self.stopped = "the server took too long over its answers"
        return not self.stopped and self.recipients + form.recipients <= self.most

    def dialogue(self, door: Door, manner: Manner) -> Dialogue:
        """A connection to the door; what is said stands in the transcript."""
        return Dialogue(
            door.address,
            door.port,
            self.transcript,
            source=manner.source,
            patience=manner.patience,
            named=door.name,
        )
