"""What is a row of message tracking, and who has written which?"""

# ruff: noqa: E501 (rows and replies stand here as a server writes them)
from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from datetime import datetime, timedelta

from sample_logs.make.company import DOMAIN, USERS, Fate, Mail

FIELDS = (
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id source event-id "
    "internal-message-id message-id network-message-id recipient-address recipient-status total-bytes recipient-count "
    "related-recipient-address reference message-subject sender-address return-path message-info directionality "
    "tenant-id original-client-ip original-server-ip custom-data transport-traffic-type log-id schema-version"
).split()
SERVERS = {"EX01": "10.20.0.11", "EX02": "10.20.0.12"}
VERSION = "15.01.2375.007"

Row = dict[str, str]


class Book:
    """Rows of every service of every server, and the ids that they give."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.rows: dict[tuple[str, str], list[tuple[datetime, Row]]] = defaultdict(list)
        self.next_id = {"EX01": 70_912_345_566_400, "EX02": 29_519_319_995_000}
        self.session = 0x08DD10A0_00000000

    def new_id(self, server: str, mail: Mail | None) -> str:
        self.next_id[server] += self.random.randrange(1, 9)
        if mail is not None:
            mail.ids.append(str(self.next_id[server]))
        return str(self.next_id[server])

    def write(
        self,
        time: datetime,
        server: str,
        service: str,
        common: Row,
        source: str,
        event: str,
        **more: str,
    ) -> None:
        row = {**common, "source": source, "event-id": event, "date-time": stamp(time), **more}
        row = {"custom-data": f"S:DeliveryPriority=Normal;S:AccountForest={DOMAIN}", **row}
        row |= {"transport-traffic-type": "Email", "schema-version": VERSION}
        row["log-id"] = guid(f"{server} {service} {len(self.rows[server, service])}")
        self.rows[server, service].append((time, row))


def stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def home(user: str) -> str:
    """The server with the mailbox."""
    return "EX02" if user in USERS and USERS.index(user) % 2 else "EX01"


def to(fates: list[Fate]) -> Row:
    addresses = [fate.address for fate in fates]
    return {"recipient-address": ";".join(addresses), "recipient-count": str(len(addresses))}


def ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)


def guid(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
