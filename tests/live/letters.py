"""What is sent to a server under test, and what has to become of it? The truth is the sender's.

A letter is known by its Message-ID, and by the queue id that the server itself answered to the
client. `ends`: for each final recipient the recipient in the envelope, and the last word on it.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

TEXT = "Message-ID: <{id}>\r\nFrom: <{sender}>\r\nSubject: {name}\r\n\r\nA letter.\r\n"
DOMAIN = "@live.test"
QUEUED_AS = re.compile(r"queued as ([0-9A-Za-z]+)|(\w+) Message accepted for delivery")


@dataclass(frozen=True)
class Letter:
    """`client`: None for a program on the server itself. `id`: Message-ID where not the name."""

    name: str
    client: str | None
    sender: str
    ends: dict[str, tuple[str, str]] = field(hash=False)
    service: str = ""
    login: str | None = None
    id: str = ""
    flow: str | None = None
    mechanism: str | None = None

    @property
    def message_id(self) -> str:
        return (self.id or self.name) + DOMAIN

    @property
    def recipients(self) -> list[str]:
        """Of the envelope, each once."""
        return list(dict.fromkeys(original for original, _ in self.ends.values()))

    @property
    def text(self) -> str:
        return TEXT.format(sender=self.sender, name=self.name, id=self.message_id)

    def through(self, service: str, client: str) -> Letter:
        """The same by another door and client."""
        return replace(self, name=f"{self.name}-{service}", service=service, client=client)


@dataclass(frozen=True)
class Sent:
    """`queue_id`: as the server answered; null where it answered none."""

    letter: Letter
    queue_id: str | None


def to(*recipients: str, status: str = "delivered") -> dict[str, tuple[str, str]]:
    """Recipients who are named in the envelope as they are at the end."""
    return {recipient: (recipient, status) for recipient in recipients}


def hand_over(letter: Letter, talk: smtplib.SMTP) -> Sent:
    """The dialogue of one message, to its end."""
    with talk:
        if letter.login:
            talk.login(letter.login, "right")
        expect(250, talk.mail(letter.sender))
        for recipient in letter.recipients:
            expect(250, talk.rcpt(recipient))
        code, words = talk.data(letter.text.encode())
        refused = {status for _, status in letter.ends.values()} == {"rejected"}
        expect(550 if refused else 250, (code, words))
    found = QUEUED_AS.search(words.decode())
    return Sent(letter, (found[1] or found[2]) if found else None)


def expect(code: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != code:
        raise RuntimeError(f"{code} was expected, not {answer}")


def differences(sent: Iterable[Sent], case) -> list[str]:
    """Whatever the analysis says otherwise than it was, in words; nothing where all is right."""
    rows = case.deliveries.to_pandas()
    told = rows[~rows["status"].isin(["filtered", "expanded"])]
    messages = case.messages.to_pandas()
    wrong = []
    for one in sent:
        letter = one.letter
        mine = told[told["message_id"].eq(letter.message_id) | told["message_id"].isna()]
        # One Message-ID may be of two letters: then the id that the server gave tells.
        heads = messages[messages["message_id"].isin([letter.message_id, None])]
        if one.queue_id:
            mine = mine[mine["origin_queue_id"].eq(one.queue_id)]
            heads = heads[heads["queue_id"].eq(one.queue_id)]
        elif letter.client:
            mine = mine[mine["client_ip"].eq(letter.client)]
            heads = heads[heads["client_ip"].eq(letter.client)]
        else:
            mine, heads = (part[part["message_id"].notna()] for part in (mine, heads))
        wrong += [f"{letter.name}: {said}" for said in _compared(letter, mine, heads)]
    return wrong


def _compared(letter: Letter, mine, heads):
    if len(heads) != 1:
        yield f"is {len(heads)} messages"
    found = {r.recipient: (r.original_recipient, r.status) for r in mine.itertuples()}
    if found != letter.ends or len(mine) != len(letter.ends):
        different = sorted(set(found.items()) ^ set(letter.ends.items()))
        yield f"{len(mine)} rows; ends differ: {different}"
    for row in [*mine.itertuples(), *heads.itertuples()]:
        yield from _handed_in(letter, row)
    for row in mine.itertuples():
        yield from _judged(letter, row)


def _handed_in(letter: Letter, row):
    login = None if row.auth_user != row.auth_user else row.auth_user
    client = None if row.client_ip != row.client_ip else row.client_ip
    if (client, login) != (letter.client, letter.login):
        yield f"came from {client}, {login}; not from {letter.client}, {letter.login}"
    if row.submission != ("smtp" if letter.client else "local"):
        yield f"was handed in by {row.submission}"
    if row.origin_masked:
        yield f"{client} is taken for a gateway"


def _judged(letter: Letter, row):
    if row.origin_sender != letter.sender:
        yield f"was of {row.origin_sender}, not {letter.sender}"
    if letter.flow and row.flow != letter.flow:
        yield f"{row.recipient}: flow {row.flow}, not {letter.flow}"
    mechanism = None if row.mechanism != row.mechanism else row.mechanism
    if mechanism != letter.mechanism and letter.flow:
        yield f"{row.recipient}: mechanism {mechanism}, not {letter.mechanism}"
    if (row.verdict == "abusive") != (letter.mechanism == "open_relay"):
        yield f"{row.recipient}: {row.verdict}"
