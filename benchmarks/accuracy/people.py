"""What do honest people write, and from where? One function for each habit that looks odd."""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.company import DAY, Company, User
from benchmarks.accuracy.hours import HOUR, days, poisson, spread, within
from benchmarks.accuracy.mail import Addressee, Post, as_seen, submitted
from benchmarks.accuracy.model import Attempt, Client, History, Session

AUTOREPLY = "delivered to command: /usr/local/bin/autoreply"


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


def to_all_customers(post: Post, history: History) -> None:
    """Season's greetings, or news of an outage: to all contacts at once, and only once."""
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
    """A telephone tries the old password for days; then its owner mends it, and writes."""
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
