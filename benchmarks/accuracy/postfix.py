"""What does Postfix 3.7 write about it? Lines as in the real samples.

Source: the Postfix samples beside this project (3.7.11, Debian 12); queue ids as in mail_queue.h.
"""

from __future__ import annotations

import heapq
from collections import Counter

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.dialect import Lines, Processes, Written, traditional
from benchmarks.accuracy.model import Attempt, Change, History, Message, Recipient, Session
from benchmarks.accuracy.postfix_words import counters, digits, end_of, given_id, quoted, seconds
from benchmarks.accuracy.words import seeded

TLS = (
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature "
    "RSA-PSS (2048 bits) server-digest SHA256"
)
REFUSED = {
    "relay_denied": "554 5.7.1 <{to}>: Relay access denied",
    "unknown_user": "550 5.1.1 <{to}>: Recipient address rejected: "
    "User unknown in local recipient table",
}


class Postfix:
    """Writes one history."""

    def __init__(self, company: Company, history: History, seed: int) -> None:
        self.rng = seeded(seed)
        self.company, self.history = company, history
        short = company.host.partition(".")[0]
        self.lines = Lines(short, company.zone, self.rng.random() < 0.3)
        self.long_ids = self.rng.random() < 0.3
        self.inode = self.rng.randint(0x20000, 0x3FFFF)
        self.slots: list[int] = []
        self.busy: list[tuple[float, int]] = []
        self.counter = [self.rng.randint(900, 20000)]
        self.master = self.counter[0]
        self.qmgr = self.counter[0] = self.master + 2
        names = "smtpd submission cleanup smtp local virtual pickup bounce relay".split()
        self.processes = {name: Processes(self.rng, self.counter) for name in names}
        self.ids: dict[tuple[int, int], list[str]] = {}

    def write(self) -> Written:
        for change in self.history.changes:
            self._change(change)
        brought = {
            message.number: session for message, session in self.history.messages() if session
        }
        happened: list[tuple[float, int, Session | Message]] = []
        happened += [(s.time, number, s) for number, s in enumerate(self.history.sessions)]
        happened += [
            (m.time, m.number, m) for m, _ in self.history.messages() if m.number not in brought
        ]
        for _, _, what in sorted(happened, key=lambda item: item[:2]):
            if isinstance(what, Session):
                self._session(what)
            else:
                self._made_here(what)
        self._statistics()
        return Written({"mail.log": self.lines.text(self.history)}, self.ids, self.lines.rfc3339)

    def _say(self, at: float, service: str, pid: int, text: str) -> None:
        self.lines.add(at, f"postfix/{service}[{pid}]", text)

    def _change(self, change: Change) -> None:
        said = {
            "start": ("starting", "daemon started -- version 3.7.11, configuration /etc/postfix"),
            "reload": ("refreshing", "reload -- version 3.7.11, configuration /etc/postfix"),
            "stop": ("stopping", "terminating on signal 15"),
        }[change.what]
        self.counter[0] += 3
        self._say(
            change.time, "postfix-script", self.counter[0], f"{said[0]} the Postfix mail system"
        )
        self._say(change.time + 0.1, "master", self.master, said[1])

    def _queue_id(self, at: float, until: float) -> str:
        """A new file in the queue: the inode of one that is gone, or the next."""
        while self.busy and self.busy[0][0] <= at:
            heapq.heappush(self.slots, heapq.heappop(self.busy)[1])
        slot = heapq.heappop(self.slots) if self.slots else len(self.busy) + len(self.slots)
        heapq.heappush(self.busy, (until, slot))
        inode, micro = self.inode + slot, int(at % 1 * 1e6)
        if not self.long_ids:
            return f"{micro:05X}{inode:X}"
        return digits(int(at), 52, 6) + digits(micro, 52, 4) + "z" + digits(inode, 51, 1)

    def _session(self, session: Session) -> None:
        client, at = session.client, session.time
        service = "submission/smtpd" if session.service == "submission" else "smtpd"
        ends = at + 0.05 + 0.05 * (len(session.messages) + len(session.refusals))
        pid = self.processes["submission" if session.service == "submission" else "smtpd"].take(
            at, ends
        )
        who = f"{'unknown' if client.forged else client.name}[{client.ip}]"

        def say(when: float, text: str) -> None:
            self._say(when, service, pid, text)

        if client.forged:
            say(
                at - 0.03,
                f"warning: hostname {client.name} does not resolve to address {client.ip}: Name "
                "or service not known",
            )
        say(at - 0.02, f"connect from {who}")
        if session.tls:
            say(at - 0.01, f"Anonymous TLS connection established from {who}: {TLS}")
        for login in session.failed_logins:
            text = (
                f"SASL LOGIN authentication failed: authentication failure, sasl_username={login}"
            )
            say(at, f"warning: {who}: {text}")
        for refusal in session.refusals:
            if not refusal.accepted:
                told = REFUSED[refusal.kind].format(to=refusal.recipient)
                say(
                    at,
                    f"NOQUEUE: reject: RCPT from {who}: {told}; from=<{refusal.sender}> "
                    f"to=<{refusal.recipient}> proto=ESMTP helo=<{client.helo}>",
                )
            else:
                queue_id = self._queue_id(at, at + 0.1)  # it had an id; then the client left
                say(at, f"{queue_id}: client={who}")
        for message in session.messages:
            queue_id = self._queue_id(message.time, end_of(message))
            login = (
                f", sasl_method={session.method}, sasl_username={session.login}"
                if session.login
                else ""
            )
            say(message.time, f"{queue_id}: client={who}{login}")
            self._queued(message, queue_id)
        if session.lost:
            say(ends - 0.01, f"lost connection after {session.lost} from {who}")
        say(ends, f"disconnect from {who}{counters(session)}")

    def _made_here(self, message: Message) -> None:
        if message.made_here == "notice":
            return  # written with the message it is about
        at = message.time
        queue_id = self._queue_id(at, end_of(message))
        sender = message.user if message.made_here == "pickup" else ""
        pid = self.processes["pickup"].take(at, at + 0.01)
        self._say(at, "pickup", pid, f"{queue_id}: uid={message.uid} from=<{sender}>")
        self._queued(message, queue_id)

    def _queued(self, message: Message, queue_id: str) -> None:
        """A message from its first id to its end, with what it gave rise to."""
        at = message.time + 0.01
        own: list[tuple[int, Recipient]] = []
        onward: dict[str, list[tuple[int, Recipient]]] = {}
        for place, recipient in enumerate(message.recipients):
            leaves = recipient.attempts[-1].exchanger is not None
            if recipient.via == "list" or (recipient.via in ("alias", "dotforward") and leaves):
                onward.setdefault(recipient.address, []).append((place, recipient))
            else:
                own.append((place, recipient))
        message_id = message.message_id or given_id(message, queue_id, self.company.host)
        count = len(own) + len(onward)
        ends = self._leg(
            message, queue_id, message_id, at, (message.sender, message.size, count), own
        )
        for address, recipients in onward.items():
            ends = max(
                ends, self._forwarded(message, queue_id, message_id, at, address, recipients)
            )
        self._notices(message, queue_id, ends)

    def _forwarded(
        self,
        message: Message,
        queue_id: str,
        message_id: str,
        at: float,
        address: str,
        recipients: list[tuple[int, Recipient]],
    ) -> float:
        """local(8) sends on under a new id; a list under its owner's name."""
        when = at + 0.02
        until = when + max(recipient.attempts[-1].after for _, recipient in recipients)
        new = self._queue_id(when, until)
        mailing = recipients[0][1].via == "list"
        sender = f"owner-{address}" if mailing else message.sender
        self._leg(
            message,
            new,
            message_id,
            when,
            (sender, message.size + self.rng.randint(145, 155), len(recipients)),
            recipients,
            first=queue_id,
        )
        pid = self.processes["local"].take(when, when + 0.05)
        self._say(
            when + 0.02,
            "local",
            pid,
            f"{queue_id}: to=<{address}>, relay=local, delay={seconds(0.02)}, "
            "delays=0.01/0.01/0/0, dsn=2.0.0, "
            f"status=sent (forwarded as {new})",
        )
        return when + 0.02

    def _leg(
        self,
        message: Message,
        queue_id: str,
        message_id: str,
        at: float,
        envelope: tuple[str, int, int],
        recipients: list[tuple[int, Recipient]],
        first: str | None = None,
    ) -> float:
        """One queue file: cleanup, queue manager, deliveries. Returns when it was removed.

        Args:
            envelope: Sender, size, and the recipients the queue manager counts.
        """
        sender, size, count = envelope
        pid = self.processes["cleanup"].take(at, at + 0.02)
        self._say(at, "cleanup", pid, f"{queue_id}: message-id=<{message_id}>")
        active = f"{queue_id}: from=<{sender}>, size={size}, nrcpt={count} (queue active)"
        self._say(at + 0.005, "qmgr", self.qmgr, active)
        retried, ends = set(), at + 0.01
        for place, recipient in recipients:
            self.ids[(message.number, place)] = [queue_id] if first is None else [first, queue_id]
            for attempt in recipient.attempts:
                when = at + attempt.after
                if (
                    attempt.after > 60
                    and int(attempt.after) not in retried
                    and attempt.outcome != "expired"
                ):
                    retried.add(int(attempt.after))
                    self._say(when - 0.03, "qmgr", self.qmgr, active)
                if attempt.outcome == "expired":
                    self._say(
                        when + 0.02,
                        "qmgr",
                        self.qmgr,
                        f"{queue_id}: from=<{sender}>, status=expired, returned to sender",
                    )
                else:
                    self._delivery(queue_id, recipient, attempt, when)
                ends = max(ends, when + 0.02)
        if message.made_here == "notice" or not message.children or first is not None:
            self._say(ends + 0.01, "qmgr", self.qmgr, f"{queue_id}: removed")
        return ends

    def _delivery(
        self,
        queue_id: str,
        recipient: Recipient,
        attempt: Attempt,
        when: float,
    ) -> None:
        to = recipient.final
        told = recipient.via != "list" and to != recipient.address
        named = f", orig_to=<{recipient.address}>" if told else ""
        status = {"sent": "sent", "deferred": "deferred", "bounced": "bounced"}[attempt.outcome]
        exchanger = attempt.exchanger
        waits = max(0.0, attempt.after - 0.03) if attempt.after > 60 else 0.01
        spent = max(0.0, attempt.after - waits)
        if exchanger is None:
            agent = "virtual" if to.rpartition("@")[2] != self.company.domains[0] else "local"
            service, relay, words = agent, agent, attempt.words
            delays = f"{seconds(waits)}/{seconds(spent / 2)}/0/{seconds(spent / 2)}"
        else:
            service = "relay/smtp" if recipient.via == "backup" else "smtp"
            agent = "relay" if recipient.via == "backup" else "smtp"
            relay = (
                "none"
                if not attempt.stage and status != "sent"
                else f"{exchanger.host}[{exchanger.ip}]:25"
            )
            words = quoted(attempt)
            delays = (
                f"{seconds(waits)}/{seconds(spent / 3)}/{seconds(spent / 3)}/{seconds(spent / 3)}"
            )
        pid = self.processes[agent].take(when - 0.02, when + 0.001)
        text = (
            f"{queue_id}: to=<{to}>{named}, relay={relay}, delay={seconds(attempt.after)}, "
            f"delays={delays}, "
            f"dsn={attempt.dsn}, status={status} ({words})"
        )
        if status == "sent" and exchanger is not None and self.rng.random() < 0.5:
            peer = f"{exchanger.host}[{exchanger.ip}]:25"
            self._say(
                when - 0.01, service, pid, f"Untrusted TLS connection established to {peer}: {TLS}"
            )
        self._say(when, service, pid, text)

    def _notices(self, message: Message, queue_id: str, ends: float) -> None:
        for notice in message.children:
            at = notice.time
            new = self._queue_id(at, end_of(notice))
            pid = self.processes["bounce"].take(at, at + 0.01)
            self._queued(notice, new)
            self._say(
                at + 0.012, "bounce", pid, f"{queue_id}: sender non-delivery notification: {new}"
            )
            ends = max(ends, at + 0.02)
        if message.children:
            self._say(ends + 0.01, "qmgr", self.qmgr, f"{queue_id}: removed")

    def _statistics(self) -> None:
        """anvil tells every ten minutes who connected most in a minute."""
        windows: dict[int, Counter[tuple[int, str, str]]] = {}
        for session in self.history.sessions:
            key = (int(session.time // 60), session.service, session.client.ip)
            windows.setdefault(int(session.time // 600), Counter())[key] += 1
        pid = self.counter[0] + 7
        for window, counts in windows.items():
            (minute, service, ip), most = max(counts.items(), key=lambda item: (item[1], item[0]))
            at, when = (window + 1) * 600.0, traditional(minute * 60.0, self.company.zone)
            for text in (
                f"statistics: max connection rate {most}/60s for ({service}:{ip}) at {when}",
                f"statistics: max connection count 1 for ({service}:{ip}) at {when}",
                f"statistics: max cache size {min(len(counts), 9)} at {when}",
            ):
                self._say(at, "anvil", pid, text)
