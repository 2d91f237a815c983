"""What does honest mail look like? Every source that could be mistaken for abuse, one function each.

A function adds to the history what one source does. SOURCES says how often a source exists at a site.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from benchmarks.accuracy.company import DAY, Company, User
from benchmarks.accuracy.mail import Post, submitted
from benchmarks.accuracy.model import (
    Attempt,
    Client,
    Exchanger,
    History,
    Recipient,
    Refusal,
    Session,
)

HOUR = 3600.0
AUTOREPLY = "delivered to command: /usr/local/bin/autoreply"
Addressee = tuple[str, Exchanger | None]


def days(history: History) -> Iterator[tuple[float, bool]]:
    """The midnights before and in the history; is it a working day?"""
    at = history.start - history.start % DAY
    while at < history.end:
        yield at, (int(at // DAY) + 3) % 7 < 5  # 1 January 1970 was a Thursday
        at += DAY


def poisson(rng: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def within(history: History, moments: list[float]) -> list[float]:
    return sorted(at for at in moments if history.start <= at < history.end)


def spread(rng: Random, history: History, a_day: float, weekend: float = 0.3) -> list[float]:
    """Moments of a source that never sleeps quite."""
    found = []
    for midnight, works in days(history):
        for _ in range(poisson(rng, a_day * (1.0 if works else weekend))):
            hour = rng.gauss(13.0, 3.5) if rng.random() < 0.7 else rng.uniform(0.0, 24.0)
            found.append(midnight + (hour % 24) * HOUR)
    return within(history, found)


def regular(history: History, hour: float, weekdays: range) -> list[float]:
    return within(
        history,
        [at + hour * HOUR for at, _ in days(history) if (int(at // DAY) + 3) % 7 in weekdays],
    )


def as_seen(company: Company, client: Client) -> Client:
    """Behind a gateway all the world has one address."""
    if company.masked is None or client.ip.startswith((company.lan, "127.", "::1")):
        return client
    return Client(company.masked.ip, company.masked.name, client.helo)


def machine(company: Company, name: str) -> Client:
    """A machine in the trusted network, with an address of its own."""
    rng = company.rng
    while True:
        tail = str(rng.randint(150, 250))
        ip = company.lan + (f"{rng.randint(4, 9)}.{tail}" if company.lan.count(".") == 2 else tail)
        if ip not in company.taken:
            break
    company.taken.add(ip)
    host = f"{name}.lan.{company.domains[0]}" if rng.random() < 0.6 else "unknown"
    return Client(ip, host, name)


def _whereabouts(user: User, company: Company, at: float) -> Client:
    """Desk by day, home in the evening, elsewhere now and then."""
    rng = company.rng
    chance = rng.random()
    if 7 <= at % DAY / HOUR < 19 and chance < 0.8:
        return user.desk
    return as_seen(company, user.home if chance < 0.95 else company.stranger())


def _day_of(user: User, rng: Random, works: bool) -> list[float]:
    """Hours at which a user writes."""
    number = poisson(rng, user.diligence if works else user.diligence * 0.05)
    return [
        rng.triangular(user.start_hour, user.start_hour + 10, user.start_hour + 4)
        for _ in range(number)
    ]


def users_write(post: Post, history: History) -> None:
    """Everybody writes to contacts, to colleagues, and now and then to somebody new."""
    company, rng = post.company, post.rng
    for user in company.users:
        for midnight, works in days(history):
            moments = within(
                history, [midnight + hour * HOUR for hour in _day_of(user, rng, works)]
            )
            for at in moments:
                message = post.message(at, user.address, *_written_by(user, company))
                client = _whereabouts(user, company, at)
                history.sessions.append(submitted(user, client, at, message))


def _written_by(user: User, company: Company) -> tuple[list[Addressee], str, str]:
    rng = company.rng
    number = 1 if rng.random() < 0.8 else rng.randint(2, 9)
    to: list[Addressee] = []
    for _ in range(number):
        chance = rng.random()
        if chance < 0.3:
            to.append((rng.choice(company.users).address, None))
        elif chance < 0.93:
            to.append(user.contacts[int(len(user.contacts) * rng.random() ** 2)])
        else:
            user.contacts.insert(0, company.correspondent())
            to.append(user.contacts[0])
    if company.lists and rng.random() < 0.03:
        to.append((rng.choice(list(company.lists)), None))
    return list(dict(to).items()), "legit_out", "outbound" if number == 1 else "outbound_multi"


def mistypes(post: Post, history: History) -> None:
    """An address with a slip: the notice is our own user's."""
    company, rng = post.company, post.rng
    for at in spread(rng, history, len(company.users) / 40):
        user = rng.choice(company.users)
        address, mx = rng.choice(user.contacts)
        slip = (address[0] + address[2:], mx)
        message = post.message(
            at, user.address, [slip], "legit_out", "outbound_bad_address", unknown=[0]
        )
        history.sessions.append(submitted(user, _whereabouts(user, company, at), at, message))


def inbound(post: Post, history: History) -> None:
    """Partners and friends write to users, aliases, lists and domains we are backup for."""
    company, rng = post.company, post.rng
    boxes = [user.address for user in company.users for _ in range(3)] + list(company.aliases)
    for at in spread(rng, history, len(company.users) * rng.uniform(4, 12)):
        sender, client = _writer(company)
        to: list[Addressee] = [(rng.choice(boxes), None)]
        if rng.random() < 0.1:
            to += [
                (user.address, None)
                for user in rng.sample(company.users, min(3, len(company.users)))
            ]
        if company.lists and rng.random() < 0.01:
            to = [(rng.choice(list(company.lists)), None)]
        if company.relay and rng.random() < 0.05:
            to = [(f"{rng.choice(company.relay[1])}@{company.relay[0].domain}", company.relay[0])]
        message = post.message(
            at, sender, list(dict(to).items()), "legit_in", "inbound", from_outside=True
        )
        history.sessions.append(
            Session(at, as_seen(company, client), tls=rng.random() < 0.4, messages=[message])
        )


def _writer(company: Company) -> tuple[str, Client]:
    rng = company.rng
    if company.partners and rng.random() < 0.6:
        exchanger, people, client = rng.choice(company.partners)
        return f"{rng.choice(people)}@{exchanger.domain}", client
    exchanger = rng.choice(company.big)
    number = rng.randint(1, 60)
    name = f"out-{number}.{exchanger.domain}"
    return f"{company.person()}@{exchanger.domain}", Client(
        exchanger.ip.rpartition(".")[0] + f".{number}", name, name
    )


def spam_comes_in(post: Post, history: History) -> None:
    """To users that exist, and to some that do not."""
    company, rng = post.company, post.rng
    for at in spread(rng, history, len(company.users) * rng.uniform(0.5, 4), weekend=1.0):
        sender = f"{company.person()}@{rng.choice(company.others).domain}"
        client = as_seen(company, company.stranger())
        if rng.random() < 0.4 and not post.accepts_unknown:
            nobody = f"{company.person()}x{rng.randint(1, 99)}@{company.domains[0]}"
            refusal = Refusal(sender, nobody, "unknown_user")
            history.sessions.append(Session(at, client, refusals=[refusal]))
            continue
        to: list[Addressee] = [(rng.choice(company.users).address, None)]
        message = post.message(
            at, sender, to, "legit_in", "inbound_spam", size=rng.randint(900, 9000)
        )
        history.sessions.append(Session(at, client, messages=[message]))


def bounces_come_in(post: Post, history: History) -> None:
    """Notices of other servers about our users' mail."""
    company, rng = post.company, post.rng
    for at in spread(rng, history, len(company.users) / 10):
        _, client = _writer(company)
        to: list[Addressee] = [(rng.choice(company.users).address, None)]
        message = post.message(at, "", to, "legit_in", "inbound_dsn")
        history.sessions.append(Session(at, as_seen(company, client), messages=[message]))


def autoreplies(post: Post, history: History) -> None:
    """Somebody is on holiday, and his answers go to whoever wrote, with the null sender."""
    company, rng = post.company, post.rng
    away = rng.sample(company.users, max(1, len(company.users) // 20))
    by_user = {user.address: user for user in away}
    answers = []
    for session in history.sessions:
        for message in session.messages:
            user = by_user.get(message.recipients[0].final) if message.recipients else None
            exchanger = post.exchangers.get(message.sender.rpartition("@")[2])
            if user is None or exchanger is None or message.kind != "inbound":
                continue
            message.recipients[0].attempts.append(Attempt(0.09, "sent", "2.0.0", AUTOREPLY))
            at, size = message.time + 0.12, rng.randint(380, 900)
            answer = post.message(
                at, "", [(message.sender, exchanger)], "legit_out", "autoreply", size=size
            )
            answer.made_here, answer.uid, answer.user = "autoreply", user.uid, user.name
            answers.append(answer)
    history.local += answers


def cron(post: Post, history: History) -> None:
    """Jobs of root and of the web server tell the administrator how they went."""
    company, rng = post.company, post.rng
    admin = company.users[0].address
    for uid, user in ((0, "root"), (rng.choice([33, 48]), "")):
        user = user or ("www-data" if uid == 33 else "apache")
        for at in regular(history, rng.uniform(0, 24), range(7)):
            sender = f"{user}@{company.domains[0]}"
            message = post.message(
                at, sender, [(admin, None)], "legit_out", "cron", size=rng.randint(500, 3000)
            )
            message.made_here, message.uid, message.user = "pickup", uid, user
            history.local.append(message)


def _from_machine(
    post: Post,
    client: Client,
    at: float,
    sender: str,
    to: list[Addressee],
    kind: str,
    size: int | None = None,
) -> Session:
    return Session(
        at, client, messages=[post.message(at, sender, to, "legit_out", kind, size=size)]
    )


def scanner(post: Post, history: History) -> None:
    company, rng = post.company, post.rng
    client, sender = machine(company, "scan1"), f"scanner@{company.domains[0]}"
    for at in spread(rng, history, len(company.users) / 6, weekend=0.0):
        to: list[Addressee] = [(rng.choice(company.users).address, None)]
        history.sessions.append(_from_machine(post, client, at, sender, to, "lan_scanner"))


def monitoring(post: Post, history: History) -> None:
    """A small mail every so many minutes to one mailbox outside."""
    company, rng = post.company, post.rng
    client, sender = machine(company, "mon1"), f"monitor@{company.domains[0]}"
    to, every = company.correspondent(), rng.choice([15, 30, 60]) * 60.0
    at = history.start + rng.uniform(0, every)
    while at < history.end:
        history.sessions.append(_from_machine(post, client, at, sender, [to], "lan_monitor", 700))
        at += every


def bookkeeping(post: Post, history: History) -> None:
    """Invoices of a program in the trusted network: every working day a run, to customers it knows."""
    company, rng = post.company, post.rng
    client, sender = machine(company, "erp1"), f"invoices@{company.domains[0]}"
    customers: list[Addressee] = [company.correspondent() for _ in range(rng.randint(40, 300))]
    for start in regular(history, rng.uniform(1, 22), range(5)):
        at = start
        for to in rng.sample(customers, max(3, int(len(customers) * rng.uniform(0.05, 0.4)))):
            at += rng.expovariate(1 / 3.0)
            if at < history.end:
                history.sessions.append(_from_machine(post, client, at, sender, [to], "lan_crm"))
        if rng.random() < 0.3:
            customers.append(company.correspondent())


def newsletter(post: Post, history: History) -> None:
    """Once a week to everybody on it, from a program inside or from an account of the marketing people."""
    company, rng = post.company, post.rng
    readers: list[Addressee] = list(
        dict(company.correspondent() for _ in range(rng.randint(100, 900))).items()
    )
    client, user = machine(company, "news1"), rng.choice(company.users)
    by_login = rng.random() < 0.4
    sender = user.address if by_login else f"newsletter@{company.domains[0]}"
    weekday = rng.randint(0, 4)
    for start in regular(history, rng.uniform(8, 17), range(weekday, weekday + 1)):
        at, size = start, rng.randint(8000, 60000)
        for to in readers:
            at += rng.expovariate(1 / 2.0)
            if at >= history.end:
                break
            message = post.message(at, sender, [to], "legit_out", "newsletter", size=size)
            session = (
                submitted(user, user.desk, at, message)
                if by_login
                else Session(at, client, messages=[message])
            )
            history.sessions.append(session)


def to_all_customers(post: Post, history: History) -> None:
    """Season's greetings, or news of an outage: one user writes to all contacts at once, and only once."""
    company, rng = post.company, post.rng
    user = rng.choice(company.users)
    at = rng.uniform(history.start, history.end)
    to: list[Addressee] = list(dict(user.contacts).items())
    if rng.random() < 0.5:
        to += [
            contact
            for other in rng.sample(company.users, min(5, len(company.users)))
            for contact in other.contacts
        ]
        to = list(dict(to).items())
    for place in range(0, len(to), 25):
        message = post.message(
            at, user.address, to[place : place + 25], "legit_out", "to_all_customers"
        )
        history.sessions.append(submitted(user, user.desk, at, message))
        at += rng.uniform(2, 60)


def invitations(post: Post, history: History) -> None:
    """A user invites people nobody here ever wrote to, one by one, out of a list somebody had."""
    company, rng = post.company, post.rng
    user = rng.choice(company.users)
    at = rng.uniform(history.start, history.end)
    size = rng.randint(3000, 90000)
    for _ in range(rng.randint(30, 300)):
        at += rng.uniform(2, 20)
        dead = [0] if rng.random() < 0.04 else []
        to: list[Addressee] = [company.correspondent()]
        message = post.message(
            at, user.address, to, "legit_out", "invitation", unknown=dead, size=size
        )
        history.sessions.append(submitted(user, user.desk, at, message))


def web_shop(post: Post, history: History) -> None:
    """An application inside that sends for somebody else's domain to that domain's customers."""
    company, rng = post.company, post.rng
    client = machine(company, "shop1")
    sender = f"orders@{rng.choice(company.partners)[0].domain}"
    for at in spread(rng, history, rng.uniform(2, 40), weekend=0.8):
        to: list[Addressee] = [company.correspondent()]
        history.sessions.append(
            _from_machine(post, client, at, sender, to, "lan_app_external_sender")
        )


def web_forms(post: Post, history: History) -> None:
    """A web site that confirms orders and resets passwords through the sendmail command; once a storm of it."""
    company, rng = post.company, post.rng
    uid = rng.choice([33, 48])
    user = "www-data" if uid == 33 else "apache"
    sender = f"noreply@{rng.choice(company.domains)}"
    moments = spread(rng, history, rng.uniform(1, 30), weekend=0.8)
    if rng.random() < 0.4:
        storm = rng.uniform(history.start, history.end)
        moments += [storm + rng.expovariate(1 / 1800) for _ in range(rng.randint(100, 600))]
    for at in within(history, moments):
        slip = rng.random() < 0.03
        to: list[Addressee] = [company.correspondent()]
        message = post.message(
            at,
            sender,
            to,
            "legit_out",
            "web_form",
            size=rng.randint(1500, 1900),
            unknown=[0] if slip else [],
        )
        message.made_here, message.uid, message.user = "pickup", uid, user
        history.local.append(message)


def on_the_move(post: Post, history: History) -> None:
    """One user with a telephone: every message from another address of the same carriers."""
    company, rng = post.company, post.rng
    user, carriers = rng.choice(company.users), rng.sample(company.providers, rng.randint(1, 3))
    for at in spread(rng, history, rng.uniform(4, 25), weekend=0.8):
        message = post.message(at, user.address, *_written_by(user, company))
        client = as_seen(company, company.stranger(rng.choice(carriers)))
        history.sessions.append(submitted(user, client, at, message))


def traveller(post: Post, history: History) -> None:
    """One user on a tour: another hotel, another network, every day."""
    company, rng = post.company, post.rng
    user = rng.choice(company.users)
    for midnight, _ in days(history):
        client = as_seen(company, company.stranger())
        for at in within(
            history, [midnight + rng.uniform(6, 23) * HOUR for _ in range(rng.randint(0, 6))]
        ):
            message = post.message(at, user.address, *_written_by(user, company))
            history.sessions.append(submitted(user, client, at, message))


def branch_office(post: Post, history: History) -> None:
    """Many logins from one address outside: an office behind address translation."""
    company, rng = post.company, post.rng
    client = as_seen(company, company.stranger())
    staff = rng.sample(company.users, max(2, len(company.users) // 4))
    for at in spread(rng, history, len(staff) * 5, weekend=0.05):
        user = rng.choice(staff)
        message = post.message(at, user.address, *_written_by(user, company))
        history.sessions.append(submitted(user, client, at, message))


def old_telephone(post: Post, history: History) -> None:
    """After a change of password a telephone tries the old one for days; then its owner mends it, and writes."""
    company, rng = post.company, post.rng
    user = rng.choice(company.users)
    client = as_seen(company, company.stranger())
    at = rng.uniform(history.start, history.end)
    for _ in range(rng.randint(10, 150)):
        history.sessions.append(
            Session(at, client, "submission", tls=True, failed_logins=[user.login])
        )
        at += rng.uniform(60, 900)
    if at < history.end:
        message = post.message(at, user.address, *_written_by(user, company))
        history.sessions.append(submitted(user, client, at, message))


def guessing(post: Post, history: History) -> None:
    """Somebody tries passwords, and never gets in."""
    company, rng = post.company, post.rng
    names = [user.login for user in company.users] + ["admin", "test", "info", "root", "backup"]
    for at in spread(rng, history, rng.uniform(0.5, 30), weekend=1.0):
        client = as_seen(company, company.stranger())
        for number in range(rng.randint(1, 3)):
            when = at + number * rng.uniform(1, 30)
            service = rng.choice(["smtp", "submission"])
            history.sessions.append(
                Session(when, client, service, tls=True, failed_logins=[rng.choice(names)])
            )


def probes(post: Post, history: History) -> None:
    """Strangers ask whether we relay, and are told no; others say nothing at all."""
    company, rng = post.company, post.rng
    for at in spread(rng, history, rng.uniform(0.2, 3), weekend=1.0):
        client = as_seen(company, company.stranger())
        if company.masked is not None:  # behind a gateway inside, everybody may
            continue
        if rng.random() < 0.5:
            history.sessions.append(
                Session(at, client, lost=rng.choice(["CONNECT", "AUTH", "EHLO"]))
            )
            continue
        domain = rng.choice(company.big).domain
        sender = f"{company.person()}@{rng.choice(company.others).domain}"
        refusal = Refusal(sender, f"{company.person()}@{domain}", "relay_denied", "probe")
        history.sessions.append(Session(at, client, refusals=[refusal]))


def outage_of_names(post: Post, history: History) -> None:
    """For an hour no name could be looked up: everything to the outside waits, and then goes at once."""
    rng = post.rng
    start = rng.uniform(history.start, history.end)
    for message, _ in history.messages():
        if not start <= message.time < start + HOUR:
            continue
        for recipient in message.recipients:
            first = recipient.attempts[0]
            if (
                first.exchanger is not None
                and len(recipient.attempts) == 1
                and first.outcome == "sent"
            ):
                recipient.attempts = _waited(recipient, start + HOUR - message.time, rng)


def _waited(recipient: Recipient, rest: float, rng: Random) -> list[Attempt]:
    first = recipient.attempts[0]
    assert first.exchanger is not None
    words = f"Host or domain name not found. Name service error for name={first.exchanger.domain} type=MX: Host not found, try again"
    later = Attempt(
        rest + rng.uniform(5, 900), "sent", first.dsn, first.words, first.stage, first.exchanger
    )
    return [Attempt(first.after, "deferred", "4.4.3", words, "", first.exchanger), later]


Source = Callable[[Post, History], None]
SOURCES: tuple[tuple[Source, float], ...] = (  # in this order: the last ones change what the others did
    (users_write, 1.0), (mistypes, 1.0), (inbound, 1.0), (spam_comes_in, 1.0), (bounces_come_in, 1.0),
    (cron, 0.9), (guessing, 0.9), (probes, 0.9), (scanner, 0.5), (monitoring, 0.4), (bookkeeping, 0.5),
    (newsletter, 0.4), (to_all_customers, 0.4), (invitations, 0.15), (web_shop, 0.4), (web_forms, 0.5), (on_the_move, 0.5),
    (traveller, 0.3), (branch_office, 0.4), (old_telephone, 0.3), (autoreplies, 0.6), (outage_of_names, 0.2),
)  # fmt: skip
