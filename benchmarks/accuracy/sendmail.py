"""What does Sendmail 8.17 write about it? Lines as in the real sample.

Source: the project's Sendmail sample (8.17.1.9, Debian 12); queue ids as in queue.c, texts that the
sample lacks as in main.c, recipient.c and libsm/strexit.c.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.dialect import Lines, Processes, Written
from benchmarks.accuracy.model import Attempt, Change, History, Message, Recipient, Session
from benchmarks.accuracy.sendmail_words import answer, denied, interval, named, peer, status
from benchmarks.accuracy.words import seeded

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CIPHER = "cipher=TLS_AES_256_GCM_SHA384, bits=256/256"
A_LINE = 5  # recipients a line; longer lists are cut where Sendmail likes
LOST = {"CONNECT": "startup", "AUTH": "auth", "EHLO": "ehlo"}


class Sendmail:
    """Writes one history."""

    def __init__(self, company: Company, history: History, seed: int) -> None:
        self.rng = seeded(seed)
        self.company, self.history = company, history
        self.lines = Lines(company.host.partition(".")[0], company.zone, self.rng.random() < 0.3)
        self.counter = [self.rng.randint(900, 20000)]
        self.sequence = self.rng.randint(0, 3843)
        self.processes = {name: Processes(self.rng, self.counter, 0.0) for name in ("in", "out")}
        self.ids: dict[tuple[int, int], list[str]] = {}
        self.uids = {user.address: user.uid for user in company.users}

    def write(self) -> Written:
        for change in self.history.changes:
            self._change(change)
        messages = self.history.messages()
        happened: list[tuple[float, int, Session | Message]] = []
        happened += [(s.time, number, s) for number, s in enumerate(self.history.sessions)]
        happened += [
            (m.time, m.number, m)
            for m, session in messages
            if session is None and m.made_here != "notice"
        ]
        for _, _, what in sorted(happened, key=lambda item: item[:2]):
            if isinstance(what, Session):
                self._session(what)
            else:
                self._made_here(what)
        return Written({"maillog.log": self.lines.text(self.history)}, self.ids, self.lines.rfc3339)

    def _say(self, at: float, pid: int, text: str, program: str = "sm-mta") -> None:
        self.lines.add(at, f"{program}[{pid}]", text)

    def _change(self, change: Change) -> None:
        self.counter[0] += 3
        self._say(change.time, self.counter[0], "starting daemon (8.17.1.9): SMTP")

    def _queue_id(self, at: float, pid: int) -> str:
        moment = datetime.fromtimestamp(at, UTC)
        self.sequence = (self.sequence + self.rng.randint(1, 9)) % 3844
        parts = (
            (moment.year - 1900) % 60,
            moment.month - 1,
            moment.day,
            moment.hour,
            moment.minute,
            moment.second,
            *divmod(self.sequence, 62),
        )
        return "".join(BASE62[part] for part in parts) + f"{pid:06}"

    def _session(self, session: Session) -> None:
        client, at = session.client, session.time
        pid = self.processes["in"].take(at, at + 0.1)
        daemon = ("MSA-" if session.service == "submission" else "MTA-") + (
            "v6" if ":" in client.ip else "v4"
        )
        proto = "ESMTP" + ("S" if session.tls else "") + ("A" if session.login else "")
        tail = f"proto={proto}, daemon={daemon}, relay={peer(client)}"

        def say(text: str, after: float = 0.0) -> None:
            self._say(at + after, pid, text)

        if session.tls:
            say(
                f"STARTTLS=server, relay={peer(client)}, version=TLSv1.3, verify=NO, {CIPHER}",
                -0.02,
            )
        if session.login:
            say(
                f"AUTH=server, relay={peer(client)}, authid={session.login}, "
                f"mech={session.method}, bits=0",
                -0.01,
            )
        self._in_vain(session, pid, daemon, tail)
        for message in session.messages:
            queue_id = self._queue_id(message.time, pid)
            self._received(message, queue_id, pid, tail)

    def _in_vain(self, session: Session, pid: int, daemon: str, tail: str) -> None:
        """Failed logins, refused recipients, clients that went away."""
        at, who = session.time, peer(session.client)
        queue_id = self._queue_id(at, pid)
        for login in session.failed_logins:
            self._say(
                at,
                pid,
                f"{queue_id}: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): "
                "authentication "
                f"failure: checkpass failed, user={login}, relay={who}",
            )
        if session.failed_logins and not session.messages:
            self._say(
                at + 0.01,
                pid,
                f"{queue_id}: {who} did not issue MAIL/EXPN/VRFY/ETRN during connection to "
                f"{daemon}",
            )
        for refusal in session.refusals:
            queue_id = self._queue_id(at, pid)
            if refusal.kind == "unknown_user":
                self._say(at, pid, f"{queue_id}: <{refusal.recipient}>... User unknown")
            elif not refusal.accepted:
                told = f"550 5.7.1 <{refusal.recipient}>... {denied(session.client)}"
                self._say(
                    at,
                    pid,
                    f"{queue_id}: ruleset=check_rcpt, arg1=<{refusal.recipient}>, relay={who}, "
                    f"reject={told}",
                )
            taken = int(refusal.accepted)
            self._say(
                at + 0.01,
                pid,
                f"{queue_id}: from=<{refusal.sender}>, size=0, class=0, nrcpts={taken}, {tail}",
            )
        if session.lost:
            self._say(
                at,
                pid,
                f"{queue_id}: {who} did not issue MAIL/EXPN/VRFY/ETRN during connection to "
                f"{daemon}",
            )

    def _made_here(self, message: Message) -> None:
        """Handed in by a program on the server, which delivers it itself."""
        at = message.time
        pid = self.processes["in"].take(at, at + 0.1)
        queue_id = self._queue_id(at, pid)
        own = f"{message.user}@{self.company.domains[0]}"
        if message.sender not in (own, ""):
            warning = f"{self.company.host}: {message.user} set sender to {message.sender} using -f"
            self._say(at - 0.01, pid, f"{queue_id}: Authentication-Warning: {warning}", "sendmail")
        self._received(message, queue_id, pid, f"relay={message.user}@localhost", "sendmail")

    def _received(
        self, message: Message, queue_id: str, pid: int, tail: str, program: str = "sm-mta"
    ) -> None:
        local = program == "sendmail"
        sender = message.sender if local and message.sender else f"<{message.sender}>"
        stamp = datetime.fromtimestamp(message.time, UTC)
        message_id = message.message_id or f"{stamp:%Y%m%d%H%M}.{queue_id}@{self.company.host}"
        places = list(enumerate(message.recipients))
        expanded = [(p, r) for p, r in places if r.via == "list"]
        count = len(places) - len(expanded) + len({r.address for _, r in expanded})
        self._say(
            message.time,
            pid,
            f"{queue_id}: from={sender}, size={message.size}, class=0, nrcpts={count}, "
            f"msgid=<{message_id}>, {tail}",
            program,
        )
        self._sent_on(
            message, queue_id, [(p, r) for p, r in places if r.via != "list"], count, local
        )
        for _, members in groupby(expanded, key=lambda pair: pair[1].address):
            self._cloned(message, queue_id, list(members))
        for notice in message.children:
            self._notice(message, notice, queue_id, program)

    def _cloned(
        self, message: Message, queue_id: str, members: list[tuple[int, Recipient]]
    ) -> None:
        """A list with an owner goes on under a new id."""
        at = message.time + 0.02
        pid = self.processes["out"].take(at, at + 0.1)
        clone = self._queue_id(at, pid)
        owner = self.company.users[0].name
        self._say(at, pid, f"{queue_id}: {clone}: clone: owner={owner}")
        self._sent_on(message, clone, members, len(members), False, first=queue_id)

    def _sent_on(
        self,
        message: Message,
        queue_id: str,
        places: list[tuple[int, Recipient]],
        count: int,
        local: bool,
        first: str | None = None,
    ) -> None:
        """Deliveries: those of one try, one exchanger and one outcome share a line."""
        tries = []
        for place, recipient in places:
            self.ids[(message.number, place)] = [queue_id] if first is None else [first, queue_id]
            for number, attempt in enumerate(recipient.attempts):
                if attempt.outcome == "expired":
                    continue
                where = attempt.exchanger.domain if attempt.exchanger else recipient.final
                key = (round(attempt.after), where, attempt.outcome, attempt.stage)
                tries.append((key, number, recipient, attempt))
        tries.sort(key=lambda item: item[:2])
        for _, group in groupby(tries, key=lambda item: item[:2]):
            same = list(group)
            for place in range(0, len(same), A_LINE):
                cut = same[place : place + A_LINE]
                who = [named(recipient, local) for _, _, recipient, _ in cut]
                self._delivery(message, queue_id, who, cut[0][3], cut[0][1], count, local)

    def _delivery(
        self,
        message: Message,
        queue_id: str,
        who: list[str],
        attempt: Attempt,
        number: int,
        count: int,
        local: bool,
    ) -> None:
        when, mx = message.time + attempt.after, attempt.exchanger
        pid = self.processes["out"].take(when - 0.05, when + 0.05)
        program = "sendmail" if local and number == 0 else "sm-mta"
        pri = 30000 * count + message.size + 90000 * number
        parts = [f"to={','.join(who)}"]
        if local:
            parts.append(
                f"ctladdr={message.user}@{self.company.domains[0]} ({message.uid}/{message.uid})"
            )
        elif message.sender in self.uids:
            uid = self.uids[message.sender]
            parts.append(f"ctladdr=<{message.sender}> ({uid}/{uid})")
        spent = min(attempt.after, 1.0)
        parts += [f"delay={interval(attempt.after)}", f"xdelay={interval(spent)}"]
        if mx is None:
            prog = who[0].startswith('"|')
            parts += [f"mailer={'prog' if prog else 'local'}", f"pri={pri}", f"dsn={attempt.dsn}"]
            parts.append("stat=Sent" if attempt.outcome == "sent" else "stat=User unknown")
        else:
            parts += ["mailer=esmtp", f"pri={pri}", *answer(attempt)]
            if attempt.outcome == "sent" and self.rng.random() < 0.5:
                self._say(
                    when - 0.01,
                    pid,
                    f"STARTTLS=client, relay={mx.host}., version=TLSv1.3, verify=FAIL, {CIPHER}",
                    program,
                )
        self._say(when, pid, f"{queue_id}: {', '.join(parts)}", program)

    def _notice(self, message: Message, notice: Message, queue_id: str, program: str) -> None:
        """A notice has no from= line; the line that tells of it stands under the old id."""
        pid = self.processes["out"].take(notice.time, notice.time + 0.05)
        new = self._queue_id(notice.time, pid)
        late = any(r.attempts[-1].outcome == "expired" for r in message.recipients)
        days = max(1, round((notice.time - message.time) / 86400))
        failed = [a for r in message.recipients for a in r.attempts if a.outcome == "bounced"]
        what = f"DSN: {status(failed[0])}" if failed else "DSN: Service unavailable"
        if late and notice.time - message.time > 3600:
            what = f"sender notify: Cannot send message for {days} days"
        self._say(notice.time, pid, f"{queue_id}: {new}: {what}", program if not late else "sm-mta")
        self._sent_on(
            notice, new, list(enumerate(notice.recipients)), len(notice.recipients), False
        )
