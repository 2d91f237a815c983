"""How does one message come about? The small steps that honest and dishonest mail share."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.company import Company, User
from benchmarks.accuracy.model import Attempt, Client, Exchanger, Message, Recipient, Session

MAILBOX = "delivered to maildir"
Addressee = tuple[str, Exchanger | None]  # None: a mailbox, alias or list of ours
ABUSE = frozenset("open_relay stolen_account trusted_host local_injection backscatter".split())


class Post:
    """Makes messages for one company; what bounces makes the notice that follows."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.rng = company.rng
        self.accepts_unknown = False  # a server that takes mail for nobody, and bounces it later
        everybody = [*company.others, *company.big, *(mx for mx, _, _ in company.partners)]
        self.exchangers = {mx.domain: mx for mx in everybody}

    def size(self) -> int:
        return int(min(2e7, self.rng.lognormvariate(9.0, 1.3))) + 400

    def message_id(self, domain: str, at: float) -> str:
        rng = self.rng
        form = rng.random()
        if form < 0.4:
            return f"{int(at)}.{rng.randint(10**7, 10**9)}.{rng.randint(10**4, 10**6)}@{domain}"
        if form < 0.7:
            first, second, third = (rng.getrandbits(bits) for bits in (32, 16, 16))
            return f"{first:08x}-{second:04x}-{third:04x}@{domain}"
        return f"{rng.getrandbits(40):010X}.{rng.randint(10**6, 10**7 - 1)}@{domain}"

    def message(
        self,
        at: float,
        sender: str,
        to: Sequence[tuple[str, Exchanger | None]],
        label: str,
        kind: str,
        *,
        unknown: Sequence[int] = (),
        size: int | None = None,
        from_outside: bool = False,
    ) -> Message:
        """A message for these recipients. `unknown`: places of those that do not exist."""
        size = self.size() if size is None else size
        domain = sender.rpartition("@")[2] or self.company.host
        found = Message(at, sender, [], size, label, kind, self.message_id(domain, at))
        for place, (address, exchanger) in enumerate(to):
            found.recipients += self._recipients(
                found, address, exchanger, place not in unknown, from_outside
            )
        self._notices(found)
        return found

    def _recipients(
        self,
        message: Message,
        address: str,
        exchanger: Exchanger | None,
        exists: bool,
        from_outside: bool,
    ) -> list[Recipient]:
        company, at, mid, size = self.company, message.time, message.message_id, message.size
        if exchanger is not None:
            attempts = company.outside.fate(exchanger, address, at, mid, size, exists)
            relayed = company.relay is not None and exchanger is company.relay[0]
            label = (
                "backup_mx" if relayed and from_outside and message.label == "legit_in" else None
            )
            return [Recipient(address, address, attempts, "backup" if relayed else "direct", label)]
        if not exists:
            return [Recipient(address, address, [self._nobody(address)])]
        if address in company.lists:
            return [
                self._onward(message, address, final, mx, "list")
                for final, mx in company.lists[address]
            ]
        if address in company.aliases:
            final, via, mx = company.aliases[address]
            return [self._onward(message, address, final, mx, via)]
        return [Recipient(address, address, [self._mailbox()])]

    def _onward(
        self, message: Message, address: str, final: str, mx: Exchanger | None, via: str
    ) -> Recipient:
        if mx is None:
            return Recipient(address, final, [self._mailbox()], via)
        attempts = self.company.outside.fate(
            mx, final, message.time, message.message_id, message.size
        )
        label = "forward" if message.label not in ABUSE else None
        return Recipient(address, final, attempts, via, label)

    def _mailbox(self) -> Attempt:
        return Attempt(self.rng.uniform(0.01, 0.08), "sent", "2.0.0", MAILBOX)

    def _nobody(self, address: str) -> Attempt:
        words = f'unknown user: "{address.partition("@")[0]}"'
        return Attempt(self.rng.uniform(0.01, 0.08), "bounced", "5.1.1", words)

    def _notices(self, message: Message) -> None:
        """One notice for all that failed in one pass; lists keep theirs to the owner."""
        if not message.sender:
            return
        failed: dict[int, float] = {}
        for recipient in message.recipients:
            last = recipient.attempts[-1]
            if last.outcome in ("bounced", "expired"):
                a_pass = int(last.after // 60)
                failed[a_pass] = max(last.after, failed.get(a_pass, 0.0))
        for after in failed.values():
            notice = self.notice(message, message.time + after + 0.02)
            if notice is not None:
                message.children.append(notice)

    def notice(self, about: Message, at: float) -> Message | None:
        """To the sender as the envelope had it: our own user, or a stranger whose name was used."""
        company, to = self.company, about.sender
        size = self.rng.randint(2500, 5000)
        found = Message(at, "", [], size, "legit_in", "ndr", made_here="notice", parent=about)
        abuse = about.label in ABUSE
        if abuse:
            found.kind = f"ndr_of_{about.label}"
        if company.ours(to):
            final, via, mx = company.aliases.get(to, (to, "direct", None))
            attempts = [self._mailbox()]
            if mx is not None:
                attempts = company.outside.fate(mx, final, at, "", size)
            elif company.user_of(final) is None and to not in company.aliases:
                attempts = [self._nobody(to)]
            found.recipients = [Recipient(to, final, attempts, via, "forward" if mx else None)]
            return found
        exchanger = self.exchangers.get(to.rpartition("@")[2])
        if exchanger is None:
            return None
        found.label = "backscatter" if abuse else "legit_out"
        exists = abuse is False or self.rng.random() < 0.6
        attempts = company.outside.fate(exchanger, to, at, "", size, exists)
        found.recipients = [Recipient(to, to, attempts)]
        return found


def submitted(user: User, client: Client, at: float, message: Message) -> Session:
    """The dialogue in which a user hands in one message."""
    return Session(at, client, "submission", user.login, user.method, True, [message])


def as_seen(company: Company, client: Client) -> Client:
    """Behind a gateway all the world has one address."""
    if company.masked is None or client.ip.startswith((company.lan, "127.", "::1")):
        return client
    return Client(company.masked.ip, company.masked.name, client.helo)
