"""Who are the people, machines and partners of one company, and what does its server know of them?

Everything is drawn by a seed: names, networks, how much is written. Honest and dishonest strangers
get names and addresses from the same functions: nothing separates them but what they do. Strangers'
addresses lie in 240.0.0.0/4 and 2001:db8::/32, which nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from benchmarks.accuracy.model import Client, Exchanger
from benchmarks.accuracy.remotes import HABITS, LAST_RESORT, STYLES, Outside
from benchmarks.accuracy.words import ENDING, FIRST, LAST, MACHINES, POOLS, THING, TRADE

DAY = 86400.0
BIG = ("gsmtp", "office", "dirdel", "gmx", "exim", "office")  # providers everybody has friends at
LANS = ("10.{a}.0.0/16", "172.{c}.0.0/16", "192.168.{a}.0/24")


@dataclass(frozen=True, slots=True)
class Provider:
    """An access provider: its name and the network it gives addresses from."""

    name: str
    v4: str  # the first two octets
    v6: str | None  # the first three groups


@dataclass(slots=True)
class User:
    """Somebody with a mailbox here. `diligence`: messages a working day."""

    name: str
    domain: str
    login: str
    uid: int
    desk: Client
    home: Client
    contacts: list[tuple[str, Exchanger]]
    diligence: float
    method: str
    start_hour: float

    @property
    def address(self) -> str:
        return f"{self.name}@{self.domain}"


@dataclass(slots=True)
class Company:
    """One site. `masked`: a gateway inside hides every client outside."""

    rng: Random
    outside: Outside
    host: str
    ip: str
    zone: str
    domains: list[str]
    lan: str  # prefix of addresses, with its dot
    networks: list[str]
    providers: list[Provider] = field(default_factory=list)
    big: list[Exchanger] = field(default_factory=list)
    partners: list[tuple[Exchanger, list[str], Client]] = field(default_factory=list)
    others: list[Exchanger] = field(
        default_factory=list
    )  # everybody else: customers, and targets of spam
    users: list[User] = field(default_factory=list)
    relay: tuple[Exchanger, list[str]] | None = None
    aliases: dict[str, tuple[str, str, Exchanger | None]] = field(
        default_factory=dict
    )  # target, via
    lists: dict[str, list[tuple[str, Exchanger | None]]] = field(default_factory=dict)
    masked: Client | None = None
    machines: list[str] = field(default_factory=list)  # more names and addresses of our own server
    taken: set[str] = field(default_factory=set)

    def new_domain(self) -> str:
        """A name nobody has yet; friends and foes get theirs here."""
        while True:
            name = f"{self.rng.choice(THING)}-{self.rng.choice(TRADE)}"
            if self.rng.random() < 0.5:
                name = name.replace("-", "") + self.rng.choice(
                    ["", "s", "24", str(self.rng.randint(1, 99))]
                )
            name = f"{name}.{self.rng.choice(ENDING)}"
            if name not in self.taken:
                self.taken.add(name)
                return name

    def exchanger(self, style: str | None = None, habit: str | None = None) -> Exchanger:
        """The exchanger of a new domain."""
        domain = self.new_domain()
        style = style or self.rng.choice(STYLES)
        host = self.rng.choice(["mx", "mx1", "mx2", "mail", "mta7.am0"]) + "." + domain
        if style == "office":
            host = f"{domain.replace('.', '-')}.mail.protection.{domain}"
        return Exchanger(domain, host, self.address(), style, habit or self.rng.choice(HABITS))

    def person(self) -> str:
        first, last = self.rng.choice(FIRST), self.rng.choice(LAST)
        form = self.rng.random()
        if form < 0.5:
            return f"{first}.{last}"
        if form < 0.75:
            return f"{first}{last}{self.rng.randint(1, 999)}"
        return (
            f"{first}_{last}{self.rng.randint(1, 99)}"
            if form < 0.9
            else f"{first}{self.rng.randint(1, 99)}"
        )

    def address(self) -> str:
        """An address of a server outside."""
        provider = self.rng.choice(self.providers)
        return f"{provider.v4}.{self.rng.randint(0, 255)}.{self.rng.randint(1, 254)}"

    def stranger(self, provider: Provider | None = None) -> Client:
        """A customer of an access provider, honest or not."""
        provider = provider or self.rng.choice(self.providers)
        if provider.v6 and self.rng.random() < 0.15:
            ip = f"{provider.v6}:{self.rng.randint(1, 65535):x}::{self.rng.randint(1, 65535):x}"
        else:
            ip = f"{provider.v4}.{self.rng.randint(0, 255)}.{self.rng.randint(1, 254)}"
        helo = f"{self.rng.choice(MACHINES)}-{self.rng.randint(10, 999)}"
        kind = self.rng.random()
        if kind < 0.3:
            return Client(ip, helo=helo)
        dashed = ip.replace("::", "-").replace(":", "-").replace(".", "-")
        name = f"{dashed}.{self.rng.choice(POOLS)}.{provider.name}"
        return Client(ip, name, helo) if kind < 0.9 else Client(ip, name, helo, forged=True)

    def correspondent(self) -> tuple[str, Exchanger]:
        """An address outside: at a partner, or a private one at a big provider."""
        chance = self.rng.random()
        if self.partners and chance < 0.5:
            exchanger, people, _ = self.rng.choice(self.partners)
            return f"{self.rng.choice(people)}@{exchanger.domain}", exchanger
        exchanger = self.rng.choice(self.big if chance < 0.8 else self.alive)
        return f"{self.person()}@{exchanger.domain}", exchanger

    @property
    def alive(self) -> list[Exchanger]:
        """Domains that people still have addresses in."""
        return [mx for mx in self.others if mx.habit in HABITS]

    def user_of(self, address: str) -> User | None:
        return next((user for user in self.users if user.address == address), None)

    def ours(self, address: str) -> bool:
        return address.rpartition("@")[2] in self.domains


def found(rng: Random, users: int, partners: int, lifetime: float, zone: str) -> Company:
    """A new company."""
    ip = (
        f"{rng.randint(240, 254)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    )
    lan = rng.choice(LANS).format(a=rng.randint(1, 250), c=rng.randint(18, 31))
    prefix = lan.split("0.0/")[0] if lan.endswith("/16") else lan.removesuffix("0/24")
    company = Company(rng, Outside(rng, ip, lifetime), "", ip, zone, [], prefix, [])
    for _ in range(rng.randint(20, 60)):
        v4 = f"{rng.randint(240, 254)}.{rng.randint(0, 255)}"
        v6 = f"2001:db8:{rng.randint(1, 65535):x}" if rng.random() < 0.5 else None
        company.providers.append(Provider(company.new_domain(), v4, v6))
    company.domains = [company.new_domain() for _ in range(rng.randint(1, 4))]
    company.host = rng.choice(["mx1", "mail", "hub", "relay", "mta"]) + "." + company.domains[0]
    company.networks = ["127.0.0.0/8", "::1/128", lan, f"{ip}/32"]
    company.big = [company.exchanger(style, "plain") for style in BIG]
    habits = [None] * 20 + list(LAST_RESORT)
    company.others = [
        company.exchanger(habit=rng.choice(habits)) for _ in range(rng.randint(60, 300))
    ]
    for _ in range(partners):
        exchanger = company.exchanger()
        people = [company.person() for _ in range(rng.randint(1, 8))]
        out = f"{rng.choice(['out', 'smtp', 'mail'])}{rng.randint(1, 9)}.{exchanger.domain}"
        company.partners.append((exchanger, people, Client(company.address(), out, out)))
    with_realm = rng.random() < 0.5
    for number in range(users):
        company.users.append(_user(company, number, with_realm))
    if rng.random() < 0.6:
        company.relay = (company.exchanger(habit="plain"), [company.person() for _ in range(6)])
    _aliases(company)
    return company


def _user(company: Company, number: int, with_realm: bool) -> User:
    rng = company.rng
    name = f"{rng.choice(FIRST)}.{rng.choice(LAST)}"
    while company.user_of(f"{name}@{company.domains[0]}"):
        name = f"{rng.choice(FIRST)}.{rng.choice(LAST)}{rng.randint(2, 99)}"
    domain = company.domains[0]
    tail = f"{rng.randint(1, 3)}.{10 + number}" if company.lan.count(".") == 2 else f"{10 + number}"
    ip = company.lan + tail
    machine = f"{rng.choice(MACHINES)}{number:03}"
    desk = Client(ip, f"{machine}.lan.{domain}" if rng.random() < 0.7 else "unknown", machine)
    contacts = [company.correspondent() for _ in range(rng.randint(8, 60))]
    return User(
        name,
        domain,
        f"{name}@{domain}" if with_realm else name,
        1000 + number,
        desk,
        company.stranger(),
        contacts,
        min(40.0, rng.lognormvariate(1.5, 0.8)),
        rng.choice(["PLAIN", "LOGIN"]),
        rng.uniform(6.5, 10.5),
    )


def _aliases(company: Company) -> None:
    """Aliases inside and outside, a .forward, a list."""
    rng, domain = company.rng, company.domains[0]
    names = "sales info press jobs board office support billing service events".split()
    rng.shuffle(names)
    for name in names[: rng.randint(3, 6)]:
        if rng.random() < 0.5:
            company.aliases[f"{name}@{domain}"] = (rng.choice(company.users).address, "alias", None)
        else:
            address, exchanger = company.correspondent()
            via = rng.choice(["alias", "dotforward"])
            if exchanger.habit in ("plain", "greylist", "busy"):
                company.aliases[f"{name}@{domain}"] = (address, via, exchanger)
    if len(company.domains) > 1:
        address, exchanger = company.correspondent()
        company.aliases[f"contact@{company.domains[1]}"] = (address, "virtual", exchanger)
    if rng.random() < 0.7:
        members: list[tuple[str, Exchanger | None]] = [
            company.correspondent() for _ in range(rng.randint(10, 80))
        ]
        members += [
            (user.address, None) for user in rng.sample(company.users, min(5, len(company.users)))
        ]
        company.lists[f"{rng.choice(THING)}-l@{domain}"] = list(dict(members).items())
