"""Which rows does an Exchange 2003 server write for a mail? One an event and recipient."""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

from datetime import datetime, timedelta

from sample_logs.make.company import DOMAIN, USERS, Fate, Mail

FIELDS = (
    "Date Time client-ip Client-hostname Partner-Name Server-hostname server-IP Recipient-Address Event-ID MSGID "
    "Priority Recipient-Report-Status total-bytes Number-Recipients Origination-Time Encryption service-Version "
    "Linked-MSGID Message-Subject Sender-Address"
).split()
SERVER, ADDRESS, VERSION = "EXCH03", "10.20.0.13", "Version: 6.0.3790.0"
QUEUED = [1025, 1024, 1033]  # submitted to queuing, categorised, queued for routing


def rows(mail: Mail) -> list[tuple[datetime, list[str]]]:
    """All rows of a mail; its id is its Message-ID."""
    mail.ids.append(mail.message_id)
    return [
        (mail.time + late, _row(mail, fate, event, mail.time + late))
        for fate in mail.fates
        for event, late in _events(mail, fate)
    ]


def _events(mail: Mail, fate: Fate) -> list[tuple[int, timedelta]]:
    first = [1027] if mail.how == "mailbox" else []
    steps = [*first, 1019, *QUEUED]
    local = fate.address in USERS
    steps += [1036, 1023, 1028] if local else [1034]
    events = [(event, timedelta(seconds=n // 3)) for n, event in enumerate(steps)]
    if local:
        return events
    turns = range(max(fate.deferred, 1))
    events += [(1020, timedelta(minutes=10 * turn, seconds=3)) for turn in turns]
    end = timedelta(minutes=10 * fate.deferred, seconds=5)
    last = {"delivered": 1031, "bounced": 1030}.get(fate.status)
    return [*events, (last, end)] if last else events


def _row(mail: Mail, fate: Fate, event: int, time: datetime) -> list[str]:
    remote = event in (1020, 1031)
    host = (
        f"mx.{fate.address.partition('@')[2]}"
        if remote
        else f"client.{mail.sender.partition('@')[2] or DOMAIN}"
    )
    client = "192.0.2.80" if remote else mail.client_ip or "-"
    return [
        f"{time.year}-{time.month}-{time.day}",
        f"{time.hour}:{time:%M:%S} GMT",
        client,
        host if client != "-" else "-",
        "-",
        SERVER,
        ADDRESS,
        fate.address,
        str(event),
        mail.message_id,
        "0",
        "0",
        str(mail.size),
        str(len(mail.fates)),
        f"{mail.time.year}-{mail.time.month}-{mail.time.day} {mail.time.hour}:{mail.time:%M:%S} GMT",
        "0",
        VERSION,
        mail.parent.message_id if mail.parent else "-",
        "-",
        mail.sender or "<>",
        "-",
    ]
