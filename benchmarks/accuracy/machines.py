"""What do the machines of a company send? Programs inside the network, and on the server itself."""

from __future__ import annotations

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.hours import regular, spread, within
from benchmarks.accuracy.mail import Addressee, Post, submitted
from benchmarks.accuracy.model import Client, History, Session


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


def cron(post: Post, history: History) -> None:
    """Jobs of root and of the web server tell the administrator how they went."""
    company, rng = post.company, post.rng
    admin = company.users[0].address
    for uid, user in ((0, "root"), rng.choice([(33, "www-data"), (48, "apache")])):
        for daily in regular(history, rng.uniform(0, 24), range(7)):
            at = daily + rng.uniform(0, 30)
            sender = f"{user}@{company.domains[0]}"
            message = post.message(
                at, sender, [(admin, None)], "legit_out", "cron", size=rng.randint(500, 3000)
            )
            message.made_here, message.uid, message.user = "pickup", uid, user
            history.local.append(message)


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
        at += every + rng.uniform(-0.5, 0.5)


def bookkeeping(post: Post, history: History) -> None:
    """Invoices of a program inside: every working day a run, to customers it knows."""
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
    """Once a week to everybody on it, from a program inside or an account of marketing."""
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
    """A web site confirms orders and resets passwords through sendmail; once a storm of it."""
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
