"""What does Exchange 2016 write about it? Message tracking; see also exchange_dialogue.py.

Source: Microsoft's "Message tracking" page, and rows of 2016 and 2019 servers, as collected in the
project's notes on formats. By default Exchange refuses a sender that is not the login's own; here
that was allowed.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from itertools import groupby

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.dialect import Written
from benchmarks.accuracy.exchange_dialogue import VERSION, Dialogue, head, stamp
from benchmarks.accuracy.model import Attempt, History, Message, Recipient, Session
from benchmarks.accuracy.words import seeded

FIELDS = (
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id "
    "source event-id "
    "internal-message-id message-id network-message-id recipient-address recipient-status "
    "total-bytes "
    "recipient-count related-recipient-address reference message-subject sender-address "
    "return-path message-info "
    "directionality tenant-id original-client-ip original-server-ip custom-data "
    "transport-traffic-type log-id "
    "schema-version"
).split()
NOBODY = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"


class Exchange:
    """Writes one history."""

    def __init__(self, company: Company, history: History, seed: int) -> None:
        self.rng = seeded(seed)
        self.company, self.history = company, history
        self.server = f"EX{seed % 90 + 10}"
        self.ip = company.lan + ("0.5" if company.lan.count(".") == 2 else "5")
        company.machines = [f"{self.server}.{company.domains[0]}", self.ip]
        self.tracking: list[tuple[float, int, dict[str, str]]] = []
        self.next_id = self.rng.randint(10**12, 10**13)
        self.ids: dict[tuple[int, int], list[str]] = {}
        self.dialogue = Dialogue(self.rng, self.server, self.ip, company, history)

    def write(self) -> Written:
        messages = self.history.messages()
        for session in self.history.sessions:
            self._session(session)
        for message, brought in messages:
            if brought is None and message.made_here != "notice":
                source = "PICKUP" if message.made_here == "pickup" else "MAILBOXRULE"
                self._message(message, {"source": source, "directionality": "Originating"})
        day = f"{datetime.fromtimestamp(self.history.start, UTC):%Y%m%d%H}"
        return Written(
            {f"MSGTRK{day}-1.LOG": self._tracked(), f"RECV{day}-1.LOG": self.dialogue.text()},
            self.ids,
            True,
        )

    def _session(self, session: Session) -> None:
        at = session.time
        mailbox = session.method == "LOGIN" and self._at_desk(session)
        for message in session.messages:
            base = {"source": "SMTP", "directionality": "Incoming", "message-info": "0cA: "}
            base["original-client-ip"] = session.client.ip
            if mailbox:
                base |= {
                    "source": "STOREDRIVER",
                    "directionality": "Originating",
                    "message-info": "04I: ",
                }
            elif session.login:
                base |= {"directionality": "Originating", "message-info": "0aI: "}
            if base["source"] == "SMTP":
                hop = f"S:ProxyHop1={self.server}.{self.company.domains[0]}({self.ip})"
                proxied = (
                    f"S:ProxiedClientIPAddress={session.client.ip};"
                    f"S:ProxiedClientHostname={session.client.helo}"
                )
                entity = "Hosted" if session.login else "Internet"
                base["custom-data"] = (
                    f"{hop};{proxied};S:DeliveryPriority=Normal;S:FromEntity={entity}"
                )
                base["client-ip"] = self.ip
                base["client-hostname"] = f"{self.server}.{self.company.domains[0]}"
                base["connector-id"] = f"{self.server}\\Default {self.server}"
                base["source-context"] = f"{self.rng.getrandbits(64):016X};{stamp(at)};0"
            else:
                base["client-ip"] = self.ip
                base["source-context"] = (
                    f"MDB:{self._guid()}, Mailbox:{self._guid()}, "
                    f"Event:{self.rng.randint(10**5, 10**7)}, "
                    f"MessageClass:IPM.Note, CreationTime:{stamp(at - 1)}, ClientType:OWA"
                )
            self._message(message, base)
        if not mailbox:
            self.dialogue.add(session, self.next_id)

    def _at_desk(self, session: Session) -> bool:
        return session.login is not None and session.client.ip.startswith(self.company.lan)

    def _guid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _message(self, message: Message, base: dict[str, str]) -> None:
        """RECEIVE, what expansion made of it, and what became of each recipient."""
        self.next_id += self.rng.randint(1, 400)
        own_id = str(self.next_id)
        message_id = (
            message.message_id
            or f"{self.rng.getrandbits(128):032x}@{self.server}.{self.company.domains[0]}"
        )
        common = {
            "internal-message-id": own_id,
            "message-id": f"<{message_id}>",
            "network-message-id": self._guid(),
            "total-bytes": str(message.size),
            "sender-address": message.sender or f"postmaster@{self.company.domains[0]}",
            "return-path": message.sender or "<>",
            "message-subject": "",
            "directionality": base["directionality"],
            "original-client-ip": base.get("original-client-ip", ""),
        }
        envelope = list(dict.fromkeys(recipient.address for recipient in message.recipients))
        event = "DSN" if message.made_here == "notice" else "RECEIVE"
        if message.made_here == "notice":
            base = base | {"source": "DSN"}
        here = {"server-ip": self.ip, "server-hostname": self.server}
        self._row(message.time, event, envelope, common | here | base)
        agent = {"source": "AGENT", "custom-data": "S:AMA=SUM|v=0|action=|error=|atch=0;S:TRA=ETR"}
        self._row(message.time + 0.004, "AGENTINFO", envelope, common | here | agent)
        self._readdressed(message, common | here)
        for place, _ in enumerate(message.recipients):
            self.ids[(message.number, place)] = [own_id]
        self._delivered(message, common)
        for notice in message.children:
            self._message(notice, {"directionality": "Originating", "reference": f"<{message_id}>"})

    def _readdressed(self, message: Message, common: dict[str, str]) -> None:
        at = message.time + 0.006
        changed = [r for r in message.recipients if r.final != r.address]
        for address, group in groupby(changed, key=lambda r: r.address):
            recipients = list(group)
            outside = any(r.attempts[-1].exchanger for r in recipients)
            event = (
                "EXPAND" if recipients[0].via == "list" else "REDIRECT" if outside else "RESOLVE"
            )
            source = "RESOLVER" if event == "RESOLVE" else "ROUTING"
            more = {"source": source, "related-recipient-address": address}
            self._row(at, event, [r.final for r in recipients], common | more)

    def _delivered(self, message: Message, common: dict[str, str]) -> None:
        tries: list[tuple[tuple[float, str, str], Recipient, Attempt]] = []
        for recipient in message.recipients:
            for attempt in recipient.attempts:
                where = attempt.exchanger.domain if attempt.exchanger else ""
                tries.append(
                    ((round(attempt.after, 1), attempt.outcome, where), recipient, attempt)
                )
        tries.sort(key=lambda item: item[0])
        for _, group in groupby(tries, key=lambda item: item[0]):
            same = list(group)
            # One server takes all in one dialogue, and answers each; failures are told one by one.
            parts = [same] if same[0][2].outcome == "sent" else [[one] for one in same]
            for part in parts:
                self._outcome(message, common, [one[1].final for one in part], part[0][2])

    def _outcome(
        self, message: Message, common: dict[str, str], to: list[str], attempt: Attempt
    ) -> None:
        mx, at = attempt.exchanger, message.time + attempt.after
        more = {"client-ip": self.ip, "client-hostname": self.server}
        if attempt.outcome == "sent" and mx is None:
            if attempt.words.startswith("delivered to command"):
                return
            more |= {"source": "STOREDRIVER", "server-hostname": self.server, "server-ip": self.ip}
            self._row(at, "DELIVER", to, common | more)
            return
        server = mx.host if mx else self.server
        more |= {"server-hostname": server, "server-ip": mx.ip if mx else self.ip, "source": "SMTP"}
        if attempt.outcome == "sent" and mx is not None:
            more["connector-id"] = "Outbound to Internet"
            more["source-context"] = f"{attempt.words};ClientSubmitTime:{stamp(message.time)}"
            more["recipient-status"] = ";".join(["250 2.1.5 Recipient OK"] * len(to))
            more["custom-data"] = "S:E2ELatency=0.4;S:ToEntity=Internet;S:FromEntity=Internet"
            self._row(at, "SENDEXTERNAL", to, common | more)
        elif attempt.outcome == "deferred":
            self._row(at, "DEFER", to, common | more | {"recipient-status": attempt.words})
        else:
            words, source = attempt.words, "SMTP"
            if attempt.outcome == "expired":
                words, source = EXPIRED, "QUEUE"
            elif mx is None:
                words, source = NOBODY, "ROUTING"
            elif not attempt.stage:
                words, source = f"550 5.4.310 DNS domain {mx.domain} does not exist", "DNS"
            self._row(at, "FAIL", to, common | more | {"recipient-status": words, "source": source})

    def _row(self, at: float, event: str, to: list[str], values: dict[str, str]) -> None:
        row = values | {
            "date-time": stamp(at),
            "event-id": event,
            "recipient-address": ";".join(to),
            "recipient-count": str(len(to)),
            "schema-version": VERSION,
            "transport-traffic-type": "Email",
            "log-id": self._guid(),
            "original-server-ip": self.ip,
        }
        self.tracking.append((at, len(self.tracking), row))

    def _tracked(self) -> str:
        out = io.StringIO()
        kept = [
            row for at, _, row in sorted(self.tracking, key=lambda r: r[:2]) if self._inside(at)
        ]
        out.write(head("Message Tracking Log", self.history.start, FIELDS))
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerows([row.get(name, "") for name in FIELDS] for row in kept)
        return out.getvalue()

    def _inside(self, at: float) -> bool:
        return self.history.start <= at < self.history.end
