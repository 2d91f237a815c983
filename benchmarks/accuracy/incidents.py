"""How does abuse come about? Five doors, one function each; plans.py says how much and when."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.accuracy.company import User
from benchmarks.accuracy.hours import HOUR
from benchmarks.accuracy.machines import machine
from benchmarks.accuracy.mail import Addressee, Post
from benchmarks.accuracy.model import Change, Client, History, Incident, Message, Refusal, Session
from benchmarks.accuracy.plans import Plan, Variant, client_of, moments, plan

DOORS = ("open_relay", "stolen_account", "trusted_host", "local_injection", "backscatter")


def spam(post: Post, plan: Plan, at: float, sender: str, label: str, size: int) -> Message:
    """To people nobody here ever wrote to."""
    rng, company = post.rng, post.company
    to: list[Addressee] = []
    for _ in range(rng.randint(*plan.per_message)):
        exchanger = rng.choice(company.big) if rng.random() < 0.4 else rng.choice(company.others)
        to.append((f"{company.person()}@{exchanger.domain}", exchanger))
    if rng.random() < 0.01:
        to.append((rng.choice(company.users).address, None))
    to = list(dict(to).items())
    dead = [place for place, (_, mx) in enumerate(to) if mx and rng.random() < plan.dead]
    return post.message(
        at, sender, to, label, "spam", unknown=dead, size=size + rng.randint(-40, 40)
    )


def sender_of(post: Post, plan: Plan, own: str) -> str:
    """The own address, or somebody's: a stranger's most often, now and then one of ours."""
    rng, company = post.rng, post.company
    if not plan.forged:
        return own
    if rng.random() < 0.12:
        return rng.choice(company.users).address
    exchanger = rng.choice(company.big) if rng.random() < 0.4 else rng.choice(company.others)
    return f"{company.person()}@{exchanger.domain}"


def _told(plan: Plan, door: str, used: list[tuple[float, str]], **more: object) -> Incident:
    parameters = {
        "rate": round(plan.rate, 1),
        "hours": round((plan.last - plan.first) / HOUR, 1),
        "addresses": len({ip for _, ip in used}),
        "per_message": plan.per_message[1],
        "forged": plan.forged,
        "dead": round(plan.dead, 2),
    }
    clients = sorted({ip for _, ip in used if ip})
    found = Incident(door, plan.variant.name, parameters, clients, [], [], used[0][0], used[-1][0])
    for name, value in more.items():
        setattr(found, name, value)
    return found


def blocklisted(post: Post, plan: Plan) -> None:
    """Some hours into the flood the big providers have had enough."""
    rng, outside = post.rng, post.company.outside
    if rng.random() < 0.6:
        for style in ("office", "dirdel", "gmx"):
            if rng.random() < 0.7:
                outside.listed[style] = plan.first + rng.uniform(0.3, 12) * HOUR


def open_relay(post: Post, history: History, variant: Variant) -> None:
    """A careless setting lets strangers in; they asked before, and were told no."""
    rng, company = post.rng, post.company
    todo = plan(post, history, variant, forged=True)
    if not todo.clients:
        todo.clients = [company.stranger() for _ in range(rng.randint(200, 900))]
    blocklisted(post, todo)
    opened = todo.first - rng.uniform(0.1, 30) * HOUR
    domain = rng.choice(company.big).domain
    size, used = rng.randint(800, 6000), []
    for client in todo.clients[:5]:
        before = opened - rng.uniform(0.1, 20) * HOUR
        refusal = Refusal(
            f"{company.person()}@{domain}", f"{company.person()}@{domain}", "relay_denied", "probe"
        )
        if before > history.start:
            history.sessions.append(Session(before, client, refusals=[refusal]))
    if opened > history.start:
        history.changes.append(Change(opened, "reload", "mynetworks = 0.0.0.0/0"))
        client = rng.choice(todo.clients)
        asked = Refusal(
            f"test@{domain}", f"{company.person()}@{domain}", "relay_denied", "probe", accepted=True
        )
        history.sessions.append(Session((opened + todo.first) / 2, client, refusals=[asked]))
    for at in moments(post, todo):
        client = client_of(post, todo)
        message = spam(post, todo, at, sender_of(post, todo, ""), "open_relay", size)
        history.sessions.append(Session(at, client, messages=[message]))
        used.append((at, client.ip))
    if todo.last + HOUR < history.end:
        history.changes.append(Change(todo.last + HOUR, "reload", "mynetworks as before"))
    history.incidents.append(_told(todo, "open_relay", used))


def stolen_account(post: Post, history: History, variant: Variant) -> None:
    """Somebody else has the password of one user, or of a few."""
    rng, company = post.rng, post.company
    todo = plan(post, history, variant)
    blocklisted(post, todo)
    victims = rng.sample(company.users, 1 if rng.random() < 0.75 else min(3, len(company.users)))
    if rng.random() < 0.5:
        _guessed(post, history, todo, victims)
    size, used, accounts = rng.randint(800, 6000), [], set()
    for at in moments(post, todo):
        user, client = rng.choice(victims), client_of(post, todo)
        sender = sender_of(post, todo, user.address)
        message = spam(post, todo, at, sender, "stolen_account", size)
        history.sessions.append(
            Session(at, client, "submission", user.login, user.method, True, [message])
        )
        used.append((at, client.ip))
        accounts.add(user.login)
    history.incidents.append(_told(todo, "stolen_account", used, accounts=sorted(accounts)))


def _guessed(post: Post, history: History, todo: Plan, victims: list[User]) -> None:
    """The password was found by trying: many failures, then the first success."""
    rng, company = post.rng, post.company
    for user in victims:
        for _ in range(rng.randint(20, 200)):
            at = todo.first - rng.uniform(0.01, 20) * HOUR
            client = client_of(post, todo)
            login = user.login if rng.random() < 0.7 else rng.choice(company.users).login
            if at > history.start:
                history.sessions.append(
                    Session(at, client, "submission", tls=True, failed_logins=[login])
                )


def trusted_host(post: Post, history: History, variant: Variant) -> None:
    """An infected machine inside, or a gateway inside that lets strangers appear as ours."""
    rng, company = post.rng, post.company
    todo = plan(post, history, variant)
    blocklisted(post, todo)
    if company.masked is not None:
        client, own = company.masked, ""
        todo.forged = True
    else:
        user = rng.choice(company.users)
        infected = rng.random() < 0.6
        client = (
            user.desk
            if infected
            else machine(company, rng.choice(["web2", "printer3", "cam7", "db2"]))
        )
        own = user.address
    size, used = rng.randint(800, 6000), []
    for at in moments(post, todo):
        helo = f"host-{rng.randint(1, 999)}" if company.masked else client.helo
        message = spam(post, todo, at, sender_of(post, todo, own), "trusted_host", size)
        history.sessions.append(
            Session(at, Client(client.ip, client.name, helo), messages=[message])
        )
        used.append((at, client.ip))
    history.incidents.append(_told(todo, "trusted_host", used, masked=company.masked is not None))


def local_injection(post: Post, history: History, variant: Variant) -> None:
    """A script sends as the web server's user, by the sendmail command or SMTP from localhost."""
    rng, company = post.rng, post.company
    todo = plan(post, history, variant)
    blocklisted(post, todo)
    uid = rng.choice([33, 48, 33, 48, 1000 + rng.randint(100, 300)])
    user = {33: "www-data", 48: "apache"}.get(uid, f"web{uid}")
    by_smtp = rng.random() < 0.25
    local = Client("127.0.0.1", "localhost", "localhost")
    size, used = rng.randint(800, 6000), []
    own = f"{user}@{company.domains[0]}"
    for at in moments(post, todo):
        message = spam(post, todo, at, sender_of(post, todo, own), "local_injection", size)
        if by_smtp:
            history.sessions.append(Session(at, local, messages=[message]))
        else:
            message.made_here, message.uid, message.user = "pickup", uid, user
            history.local.append(message)
        used.append((at, local.ip if by_smtp else ""))
    uids = [] if by_smtp else [uid]
    history.incidents.append(_told(todo, "local_injection", used, uids=uids))


def backscatter(post: Post, history: History, variant: Variant) -> None:
    """Mail for nobody is accepted, and bounced to strangers whose names were used."""
    rng, company = post.rng, post.company
    todo = plan(post, history, variant, forged=True)
    post.accepts_unknown = True
    used = []
    if not todo.clients:
        todo.clients = [company.stranger() for _ in range(rng.randint(200, 900))]
    for at in moments(post, todo):
        exchanger = rng.choice(company.big) if rng.random() < 0.4 else rng.choice(company.others)
        sender = f"{company.person()}@{exchanger.domain}"
        nobody: list[Addressee] = [
            (f"{company.person()}x{rng.randint(1, 99)}@{company.domains[0]}", None)
        ]
        message = post.message(
            at,
            sender,
            nobody,
            "backscatter",
            "unknown_user",
            unknown=[0],
            size=rng.randint(900, 9000),
        )
        client = client_of(post, todo)
        history.sessions.append(Session(at, client, messages=[message]))
        used.append((at, client.ip))
    history.incidents.append(_told(todo, "backscatter", used))


HAPPENS: dict[str, Callable[[Post, History, Variant], None]] = {
    "open_relay": open_relay,
    "stolen_account": stolen_account,
    "trusted_host": trusted_host,
    "local_injection": local_injection,
    "backscatter": backscatter,
}
