"""What comes in from outside, wanted or not, and is no abuse of ours?"""

from __future__ import annotations

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.hours import spread
from benchmarks.accuracy.mail import Addressee, Post, as_seen
from benchmarks.accuracy.model import Client, History, Refusal, Session


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
