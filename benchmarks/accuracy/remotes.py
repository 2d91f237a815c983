"""What do the servers outside answer? Their words, as the real samples have them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.accuracy.model import Attempt, Exchanger

STYLES = ("postfix", "exchange", "office", "exim", "gsmtp", "dirdel", "gmx", "ticket")
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

ACCEPTS = {
    "postfix": ("2.0.0", "250 2.0.0 Ok: queued as {hex11}"),
    "exchange": (
        "2.6.0",
        "250 2.6.0 <{mid}> [InternalId={n13}, Hostname=EX{d}.{domain}] Queued mail for delivery",
    ),
    "office": (
        "2.6.0",
        (
            "250 2.6.0 <{mid}> [InternalId={n13}, "
            "Hostname=AM{d}PR0{d}MB{n4}.eurprd0{d}.prod.{domain}] {size} "
            "bytes in 0.{n3}, {n2}.{n3} KB/sec Queued mail for delivery"
        ),
    ),
    "exim": ("2.0.0", "250 OK id=1t{a4}-{a6}-{a2}"),
    "gsmtp": ("2.0.0", "250 2.0.0 OK  {time} {a13}-{a20}.{d} - gsmtp"),
    "dirdel": ("2.0.0", "250 ok dirdel"),
    "gmx": ("2.0.0", "250 Requested mail action okay, completed: id={n6}-{a12}-{a4}"),
    "ticket": ("2.0.0", "250 Ok: queued as {n9}-{n8}-{d}"),
}
NO_USER = {
    "postfix": (
        "5.1.1",
        "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table",
    ),
    "exchange": (
        "5.1.10",
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {rcpt} not found by SMTP address "
            "lookup"
        ),
    ),
    "office": (
        "5.5.0",
        (
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). "
            "[{A6}.eop-EUR01.prod."
            "protection.{domain}]"
        ),
    ),
    "exim": ("5.0.0", "550 No such user here"),
    "gsmtp": (
        "5.1.1",
        (
            "550-5.1.1 The email account that you tried to reach does not exist. Please try "
            "550-5.1.1 "
            "double-checking the recipient's email address for typos or 550-5.1.1 unnecessary "
            "spaces. For more "
            "information, go to 550 5.1.1  https://support.{domain}/mail/?p=NoSuchUser "
            "{a13}-{a6}.{d} - gsmtp"
        ),
    ),
    "dirdel": ("5.0.0", "552 Requested action not taken: mailbox unavailable"),
    "gmx": ("5.0.0", "550 Requested action not taken: mailbox unavailable"),
    "ticket": (
        "5.0.0",
        "550 permanent failure for one or more recipients ({rcpt}:550 5.1.1 User unknown)",
    ),
}
# What a provider says once our address is on a blocklist: stage, outcome, status, words.
LISTED = {
    "office": (
        "MAIL FROM",
        "bounced",
        "5.7.1",
        (
            "550 5.7.1 Unfortunately, messages from [{us}] weren't sent. Please contact your "
            "Internet service "
            "provider since part of their network is on our block list (S3140). You can also refer "
            "your provider "
            "to http://mail.live.com/mail/troubleshooting.aspx#errors. "
            "[{A6}.eop-EUR01.prod.protection.{domain} "
            "2026-12-01T10:00:00.000Z 08DD{A8}]"
        ),
    ),
    "dirdel": (
        "refused",
        "deferred",
        "4.7.0",
        (
            "421 4.7.0 [TSS04] Messages from {us} temporarily deferred due to unexpected volume or "
            "user "
            "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes"
        ),
    ),
    "gmx": (
        "refused",
        "deferred",
        "4.0.0",
        (
            "554-{mx} (mxgmx104) Nemesis ESMTP Service not available 554-No SMTP service "
            "554-Bad DNS "
            "PTR "
            "resource record. 554 For explanation visit "
            "https://postmaster.gmx.net/en/error-messages?ip={us}&c=bip"
        ),
    ),
}
GREYLISTED = (
    "4.2.0",
    (
        "450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, see "
        "http://postgrey.schweikert.ch/help/{domain}.html"
    ),
)
FULL = (
    "4.2.2",
    (
        "452-4.2.2 The recipient's inbox is out of storage space. 452 4.2.2 Please direct the "
        "recipient to make "
        "room"
    ),
)
BUSY = ("4.3.0", "451 4.3.0 Temporary local problem - please try later")
NO_ROUTE = ("4.4.1", "connect to {mx}[{mxip}]:25: Connection refused")
NO_NAME = (
    "4.4.3",
    (
        "Host or domain name not found. Name service error for name={domain} type=MX: Host not "
        "found, try again"
    ),
)
NO_DOMAIN = (
    "5.4.4",
    "Host or domain name not found. Name service error for name={domain} type=AAAA: Host not found",
)
HABITS = ("plain",) * 30 + ("greylist",) * 4 + ("busy",) * 2  # what a domain is prone to
LAST_RESORT = ("refused", "servfail", "nxdomain")  # what becomes of a domain that is no more


def fill(template: str, rng: Random, **known: object) -> str:
    """The template with its marks replaced: {hex11}, {n4} digits, {a6} or {A6} letters."""
    out = []
    for piece in template.split("{"):
        mark, closed, rest = piece.partition("}")
        if not closed:
            out.append(piece)
            continue
        if mark in known:
            said = str(known[mark])
        elif mark == "d":
            said = str(rng.randint(1, 9))
        elif mark.startswith("hex"):
            said = f"{rng.getrandbits(4 * int(mark[3:])):0{int(mark[3:])}X}"
        elif mark[0] == "n":
            said = str(rng.randint(10 ** (int(mark[1:]) - 1), 10 ** int(mark[1:]) - 1))
        else:
            said = "".join(rng.choices(ALPHABET, k=int(mark[1:])))
            said = said.upper() if mark[0] == "A" else said
        out.append(said + rest)
    return "".join(out)


Say = Callable[..., Attempt]


class Outside:
    """The rest of the world as our server meets it."""

    def __init__(self, rng: Random, our_ip: str, lifetime: float) -> None:
        self.rng = rng
        self.our_ip = our_ip
        self.lifetime = lifetime  # seconds until mail is given up
        self.listed: dict[str, float] = {}  # style of a provider, and since when it refuses us

    def fate(
        self,
        exchanger: Exchanger,
        recipient: str,
        at: float,
        mid: str,
        size: int,
        exists: bool = True,
    ) -> list[Attempt]:
        """What becomes of one recipient, from the first attempt to the last."""
        known = {
            "rcpt": recipient,
            "mid": mid,
            "size": size,
            "domain": exchanger.domain,
            "mx": exchanger.host,
            "mxip": exchanger.ip,
            "us": self.our_ip,
            "time": int(at),
        }

        def say(after: float, outcome: str, what: tuple[str, str], stage: str = "") -> Attempt:
            return Attempt(
                after, outcome, what[0], fill(what[1], self.rng, **known), stage, exchanger
            )

        quick = self.rng.uniform(0.02, 0.4)
        if exchanger.habit in LAST_RESORT:
            outcome, stage, words = {
                "nxdomain": ("bounced", "", NO_DOMAIN),
                "refused": ("deferred", "", NO_ROUTE),
                "servfail": ("deferred", "", NO_NAME),
            }[exchanger.habit]
            return self._in_vain(say, quick, outcome, words, stage)
        listed_since = self.listed.get(exchanger.style)
        if listed_since is not None and at + quick >= listed_since:
            stage, outcome, dsn, refusal = LISTED[exchanger.style]
            return self._in_vain(say, quick, outcome, (dsn, refusal), stage)
        if not exists:
            return [say(quick, "bounced", NO_USER[exchanger.style], "RCPT TO")]
        return self._in_the_end(say, quick, exchanger)

    def _in_vain(
        self, say: Say, quick: float, outcome: str, words: tuple[str, str], stage: str
    ) -> list[Attempt]:
        """Refused at once, or tried again until the lifetime is over."""
        waits = [quick] if outcome == "bounced" else self._retries(quick)
        tries = [say(after, outcome, words, stage) for after in waits]
        return tries if outcome == "bounced" else self._given_up(tries)

    def _in_the_end(self, say: Say, quick: float, exchanger: Exchanger) -> list[Attempt]:
        """It is taken, by some only later."""
        habit, sent = exchanger.habit, say(quick, "sent", ACCEPTS[exchanger.style])
        if habit == "greylist" and self.rng.random() < 0.5:
            later = self.rng.uniform(330, 900)
            return [
                say(quick, "deferred", GREYLISTED, "RCPT TO"),
                say(later, "sent", ACCEPTS[exchanger.style]),
            ]
        if habit == "busy" and self.rng.random() < 0.2:
            waits = self._retries(quick)[: self.rng.randint(1, 4)]
            first = [say(after, "deferred", BUSY, "RCPT TO") for after in waits]
            return [*first, say(waits[-1] + 600, "sent", ACCEPTS[exchanger.style])]
        return [sent]

    def _retries(self, first: float) -> list[float]:
        """Waits double from 5 minutes to 4000 seconds, until the lifetime is over."""
        found, at, wait = [first], first, 300.0
        while (at := at + wait * self.rng.uniform(1.0, 1.1)) < self.lifetime:
            found.append(at)
            wait = min(2 * wait, 4000.0)
        return found

    def _given_up(self, attempts: list[Attempt]) -> list[Attempt]:
        last = attempts[-1]
        return [
            *attempts,
            Attempt(last.after, "expired", last.dsn, last.words, last.stage, last.exchanger),
        ]
