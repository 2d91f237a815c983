"""What happened? Sessions, messages and what became of them: one event model for every dialect.

Times are seconds since 1970, UTC. A dialect is a reader of these events; it adds nothing that
happened, only words, queue ids and process numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """A host that speaks to our server. `forged`: its name does not lead back to its address."""

    ip: str
    name: str = "unknown"
    helo: str = "localhost"
    forged: bool = False


@dataclass(frozen=True, slots=True)
class Exchanger:
    """The mail exchanger of a domain outside: whose words it speaks, and what it is prone to."""

    domain: str
    host: str
    ip: str
    style: str
    habit: str = "plain"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver to one recipient, `after` seconds from acceptance."""

    after: float
    outcome: str  # sent, bounced, deferred, expired
    dsn: str
    words: str
    stage: str = ""  # command the words answer; "" where there was no dialogue
    exchanger: Exchanger | None = None  # None: a mailbox here


@dataclass(slots=True)
class Recipient:
    """`address` as in the envelope, `final` after aliases; `via`: how one became the other."""

    address: str
    final: str
    attempts: list[Attempt]
    via: str = "direct"  # direct, alias, virtual, dotforward, list, backup
    label: str | None = None  # where it differs from the message's

    def status(self, until: float) -> str:
        """What the log shows up to `until` seconds after acceptance."""
        seen = [attempt for attempt in self.attempts if attempt.after <= until]
        last = seen[-1].outcome if seen else "deferred"
        return {"sent": "delivered"}.get(last, last)


@dataclass(slots=True)
class Message:
    """A message as accepted. `made_here`: None, or pickup, autoreply, notice."""

    time: float
    sender: str
    recipients: list[Recipient]
    size: int
    label: str
    kind: str
    message_id: str = ""  # "": the server gives one
    made_here: str | None = None
    uid: int | None = None
    user: str = ""  # the local user behind uid
    parent: Message | None = None
    children: list[Message] = field(default_factory=list)
    number: int = -1


@dataclass(slots=True)
class Refusal:
    """A recipient refused in the dialogue, or `accepted` and then left without a message."""

    sender: str
    recipient: str
    kind: str  # relay_denied, unknown_user
    label: str = "legit_in"
    accepted: bool = False


@dataclass(slots=True)
class Session:
    """One SMTP dialogue with our server."""

    time: float
    client: Client
    service: str = "smtp"  # smtp, submission
    login: str | None = None
    method: str = "PLAIN"
    tls: bool = False
    messages: list[Message] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    failed_logins: list[str] = field(default_factory=list)
    lost: str | None = None  # stage after which the client went away
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The administrator did something: start, reload, stop."""

    time: float
    what: str
    note: str = ""


@dataclass(slots=True)
class Incident:
    """What a perfect investigation would find."""

    mechanism: str
    variant: str
    parameters: dict[str, Any]
    clients: list[str]
    accounts: list[str]
    uids: list[int]
    first: float
    last: float
    masked: bool = False


@dataclass(slots=True)
class History:
    """Everything that happened between two moments."""

    start: float
    end: float
    sessions: list[Session] = field(default_factory=list)
    local: list[Message] = field(default_factory=list)  # made on the server itself
    changes: list[Change] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)

    def messages(self) -> list[tuple[Message, Session | None]]:
        """Every message in order of time, numbered, with the dialogue that brought it."""
        brought = [(message, session) for session in self.sessions for message in session.messages]
        made = [(message, None) for message in self.local]
        found: list[tuple[Message, Session | None]] = [*brought, *made]
        notices: list[tuple[Message, Session | None]] = []
        for message, _ in found:
            notices += [(child, None) for child in message.children]
        found += notices
        found.sort(key=lambda pair: pair[0].time)
        for number, (message, _) in enumerate(found):
            message.number = number
        return found
