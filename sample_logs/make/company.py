"""Who writes to whom in the invented company, and who abuses its server?

One list of mails, in order of time; each knows who handed it in, what was asked, and what became of
every recipient. How a server logs that is another file's matter.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DOMAIN = "harrow-vale.example"
BEGIN = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
DAYS = 3
OPENED = BEGIN + timedelta(days=1, hours=3, minutes=10)
CLOSED = BEGIN + timedelta(days=2, hours=4)
NAMES = (
    "ada bram cleo dirk elif fritz gwen hana ivo jana "
    "karl lena milo nora oskar pia quinn rosa sami tess"
).split()
USERS = [f"{name}@{DOMAIN}" for name in NAMES]
ALIASES = {f"sales@{DOMAIN}": USERS[3], f"office@{DOMAIN}": USERS[7]}
GROUPS = {
    f"all-hands@{DOMAIN}": [*USERS[:6], "agency@studio-lark.example"],
    f"board@{DOMAIN}": [USERS[0], USERS[9], "chair@lookout-bank.example"],
}
FORWARDS = {USERS[12]: "milo.private@bigmail.example", f"press@{DOMAIN}": "desk@webpost.example"}
KEEPS_COPY = {USERS[12]}
RULES = {USERS[17]: "rosa.home@yodel.example"}  # an inbox rule that forwards
PEOPLE = [f"{name}{n}@{host}.example" for n, name in enumerate("ann bob cyn dan eve finn".split())
          for host in "bigmail loomsupply t-netz city-council partner-dye".split()]  # fmt: skip
ABUSERS = ["203.0.113.77", "203.0.113.90", "2001:db8:bad:7::66"]
SCANNER = "10.20.5.60"
KINDS = {  # of ordinary mail, and how often each comes
    "inbound": 30,
    "outbound": 22,
    "internal": 18,
    "group": 4,
    "alias": 4,
    "forward": 4,
    "rule": 2,
    "submission": 5,
    "scanner": 4,
    "unknown": 3,
    "mixed": 4,
}
TARGETS = ["example.org", "example.net", "mailhost.test", "inbox.test", "post.test"]


@dataclass
class Fate:
    """One final recipient. `came_as`: as in the envelope. `status`: its end, or deferred."""

    address: str
    came_as: str
    status: str = "delivered"
    via: str = "direct"
    deferred: int = 0  # times it waited before


@dataclass
class Mail:
    """One message. `how`: smtp25, smtp587, mailbox, mta. `parent`: what a notice is about."""

    time: datetime
    how: str
    sender: str
    recipients: list[str]
    fates: list[Fate]
    label: str
    kind: str
    client_ip: str | None = None
    login: str | None = None
    relay: bool = False  # by the anonymous relay connector
    message_id: str = ""
    size: int = 0
    parent: Mail | None = None
    ids: list[str] = field(default_factory=list)  # every id that the servers gave it


@dataclass
class Probe:
    """A stranger asks for relaying and is refused."""

    time: datetime
    client_ip: str
    sender: str
    recipient: str


class Company:
    """Three days of mail. `elder`: what an old server can log, no groups, forwards and rules."""

    def __init__(self, seed: int, mails: int, *, elder: bool = False) -> None:
        self.random, self.elder = random.Random(seed), elder  # noqa: S311
        self.serial = 0
        made = [mail for _ in range(mails) for mail in self._ordinary(self._working_hour())]
        made += self._abuse()
        if not elder:
            made += self._loop()
        self.mails = sorted(made, key=lambda mail: (mail.time, mail.message_id))
        self.probes = sorted(self._probes(), key=lambda probe: probe.time)

    def _working_hour(self) -> datetime:
        day = self.random.randrange(DAYS)
        hour = min(max(self.random.gauss(6, 3), 0), 22)
        return BEGIN + timedelta(
            days=day, hours=hour, milliseconds=self.random.randrange(3_600_000)
        )

    def _mail(
        self,
        time: datetime,
        how: str,
        sender: str,
        fates: list[Fate],
        label: str,
        kind: str,
        **more: object,
    ) -> Mail:
        self.serial += 1
        token = hashlib.sha256(f"{self.serial} {kind}".encode()).hexdigest()[:20]
        host = sender.partition("@")[2] or DOMAIN
        recipients = list(dict.fromkeys(fate.came_as for fate in fates))
        size = int(self.random.lognormvariate(9.3, 0.9)) + 900
        mail = Mail(
            time,
            how,
            sender,
            recipients,
            fates,
            label,
            kind,
            message_id=f"{token}@{host}",
            size=size,
        )
        for name, value in more.items():
            setattr(mail, name, value)
        return mail

    def _fate(self, address: str) -> Fate:
        """What becomes of a recipient outside."""
        luck = self.random.random()
        if luck < 0.03:
            return Fate(address, address, "bounced")
        if luck < 0.05:
            return Fate(address, address, "bounced" if self.elder else "expired", deferred=3)
        if luck < 0.09:
            return Fate(address, address, "delivered", deferred=2)
        return Fate(address, address)

    def _stranger(self) -> str:
        return f"198.18.{self.random.randrange(256)}.{self.random.randrange(1, 255)}"

    def _ordinary(self, time: datetime) -> Iterator[Mail]:
        kind = self.random.choices(
            list(KINDS),
            list(KINDS.values()),
        )[0]
        if self.elder and kind in ("group", "forward", "rule", "submission", "alias", "unknown"):
            kind = "inbound"
        yield from getattr(self, f"_{kind}")(time)

    def _inbound(self, time: datetime) -> Iterator[Mail]:
        to = self.random.sample(USERS, self.random.choice([1, 1, 1, 2, 3]))
        fates = [Fate(user, user) for user in to if user not in FORWARDS and user not in RULES] or [
            Fate(USERS[0], USERS[0])
        ]
        yield self._from_outside(time, fates, "legit_in", "inbound")

    def _outbound(self, time: datetime) -> Iterator[Mail]:
        to = self.random.sample(PEOPLE, self.random.choice([1, 1, 2, 4]))
        sender = self.random.choice(USERS)
        mail = self._mail(
            time,
            "mailbox",
            sender,
            [self._fate(a) for a in to],
            "legit_out",
            "outbound",
            client_ip=self._device(),
        )
        yield mail
        yield from self._notices(mail)

    def _device(self) -> str | None:
        return None if self.elder else f"10.20.40.{self.random.randrange(1, 255)}"

    def _internal(self, time: datetime) -> Iterator[Mail]:
        to = [
            user
            for user in self.random.sample(USERS, 3)
            if user not in FORWARDS and user not in RULES
        ][:2] or [USERS[1]]
        yield self._mail(
            time,
            "mailbox",
            self.random.choice(USERS),
            [Fate(u, u) for u in to],
            "legit_in",
            "internal",
            client_ip=self._device(),
        )

    def _mixed(self, time: datetime) -> Iterator[Mail]:
        """Inside and outside recipients in one message: the server forks it."""
        fates = [
            Fate(USERS[1], USERS[1]),
            Fate(USERS[8], USERS[8]),
            *(Fate(a, a) for a in self.random.sample(PEOPLE, 3)),
        ]
        yield self._mail(
            time,
            "mailbox",
            self.random.choice(USERS),
            fates,
            "legit_out",
            "mixed",
            client_ip=self._device(),
        )

    def _from_outside(self, time: datetime, fates: list[Fate], label: str, kind: str) -> Mail:
        sender = self.random.choice(PEOPLE)
        return self._mail(time, "smtp25", sender, fates, label, kind, client_ip=self._stranger())

    def _group(self, time: datetime) -> Iterator[Mail]:
        group = self.random.choice(list(GROUPS))
        fates = [Fate(member, group, via="group") for member in GROUPS[group]]
        yield self._from_outside(time, fates, "forward", "group")

    def _alias(self, time: datetime) -> Iterator[Mail]:
        alias = self.random.choice(list(ALIASES))
        fates = [Fate(ALIASES[alias], alias, via="alias")]
        yield self._from_outside(time, fates, "legit_in", "alias")

    def _forward(self, time: datetime) -> Iterator[Mail]:
        user = self.random.choice(list(FORWARDS))
        fates = [Fate(FORWARDS[user], user, via="forward")]
        if user in KEEPS_COPY:
            fates.append(Fate(user, user, via="forward"))
        yield self._from_outside(time, fates, "forward", "forward")

    def _rule(self, time: datetime) -> Iterator[Mail]:
        user = self.random.choice(list(RULES))
        fates = [Fate(user, user), Fate(RULES[user], user, via="rule")]
        yield self._from_outside(time, fates, "forward", "rule")

    def _submission(self, time: datetime) -> Iterator[Mail]:
        sender = self.random.choice(USERS[:6])
        fates = [self._fate(a) for a in self.random.sample(PEOPLE, 2)]
        login = "HV\\" + sender.partition("@")[0]
        mail = self._mail(
            time,
            "smtp587",
            sender,
            fates,
            "legit_out",
            "submission",
            client_ip=self._stranger(),
            login=login,
        )
        yield mail
        yield from self._notices(mail)

    def _scanner(self, time: datetime) -> Iterator[Mail]:
        to = self.random.choice([*USERS[:4], PEOPLE[2]])
        label = "legit_in" if to in USERS else "legit_out"
        yield self._mail(
            time,
            "smtp25",
            f"scanner@{DOMAIN}",
            [Fate(to, to)],
            label,
            "scanner",
            client_ip=SCANNER,
            relay=True,
        )

    def _unknown(self, time: datetime) -> Iterator[Mail]:
        """Accepted for nobody, and a notice to a forged sender: backscatter."""
        nobody = f"nobody{self.random.randrange(999)}@{DOMAIN}"
        forged = f"forged{self.random.randrange(999)}@{self.random.choice(TARGETS)}"
        mail = self._mail(
            time,
            "smtp25",
            forged,
            [Fate(nobody, nobody, "bounced")],
            "backscatter",
            "unknown",
            client_ip=self._stranger(),
        )
        yield mail
        yield from self._notices(mail)

    def _notices(self, mail: Mail) -> Iterator[Mail]:
        """A notice for mail that failed."""
        if not any(fate.status in ("bounced", "expired") for fate in mail.fates):
            return
        late = timedelta(days=0, minutes=4, milliseconds=self.random.randrange(9000))
        waited = any(fate.deferred for fate in mail.fates if fate.status in ("bounced", "expired"))
        time = mail.time + (timedelta(hours=6) if waited else late)
        to_stranger = not mail.sender.endswith(DOMAIN)
        label = "backscatter" if to_stranger else "legit_in"
        yield self._mail(
            time, "mta", "", [Fate(mail.sender, mail.sender)], label, "ndr", parent=mail
        )

    def _abuse(self) -> Iterator[Mail]:
        """Strangers find the anonymous connector whose address ranges were set too wide."""
        length = (CLOSED - OPENED).total_seconds()
        for _ in range(160):
            time = OPENED + timedelta(seconds=30 + self.random.random() * (length - 120))
            ip = self.random.choice(ABUSERS)
            local_sender = self.random.random() < 0.15
            sender = (
                self.random.choice(USERS)
                if local_sender
                else f"offer{self.random.randrange(400)}@{self.random.choice(TARGETS)}"
            )
            fates = [
                self._spammed(f"u{self.random.randrange(100_000)}@{self.random.choice(TARGETS)}")
                for _ in range(self.random.randrange(4, 14))
            ]
            mail = self._mail(
                time, "smtp25", sender, fates, "open_relay", "relay", client_ip=ip, relay=True
            )
            yield mail
            yield from self._notices(mail)

    def _spammed(self, address: str) -> Fate:
        luck = self.random.random()
        if luck < 0.18:
            return Fate(address, address, "bounced")
        if luck < 0.23:
            return Fate(address, address, "deferred", deferred=2)
        if luck < 0.26:
            return Fate(address, address, "bounced" if self.elder else "expired", deferred=3)
        return Fate(address, address)

    def _loop(self) -> Iterator[Mail]:
        """A customer's server sends one mail of ours back, again and again: no abuse."""
        time = BEGIN + timedelta(hours=9)
        there, here = "orders@loomsupply.example", USERS[5]
        first = self._mail(
            time,
            "mailbox",
            USERS[4],
            [Fate(there, there), Fate(here, here)],
            "legit_out",
            "loop_start",
            client_ip=self._device(),
        )
        yield first
        for round_ in range(40):
            again = self._mail(
                time + timedelta(minutes=2 * (round_ + 1)),
                "smtp25",
                USERS[4],
                [Fate(here, here)],
                "legit_in",
                "loop",
                client_ip="198.18.7.7",
            )
            again.message_id, again.size = first.message_id, first.size
            yield again

    def _probes(self) -> Iterator[Probe]:
        if self.elder:
            return
        times = [BEGIN + timedelta(hours=hour) for hour in (2, 9, 20, 26.9)] + [
            CLOSED + timedelta(minutes=n) for n in (2, 30, 300)
        ]
        for number, time in enumerate(times):
            ip = (
                ABUSERS[number % 2]
                if time > OPENED
                else ["198.18.210.10", "198.18.61.24", ABUSERS[0]][number % 3]
            )
            yield Probe(time, ip, "probe@inbox.test", f"relaytest{number}@post.test")
