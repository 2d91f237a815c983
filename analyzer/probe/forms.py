"""Which ways are there to name a recipient elsewhere, that a server may fail to see through?

The numbers 1 to 16 are those that relay testers have shared for twenty years; from 17 on they are
about domains that the server serves, its trust in names, and recipients in company. Nothing else is
tried: no login is guessed, no address harvested, no forged name but the target's own.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST = 40  # recipients named to one server in one run


@dataclass(frozen=True)
class Names:
    """What the forms are made of.

    Args:
        sender: An address outside the server; its local part holds the token.
        recipient: An address outside the server, of a domain of ours or a reserved one.
        host: How the server names itself.
        address: Its IP address.
        domain: A domain that it serves; None where the user named none.
        token: What makes this run's addresses unlike all others.
    """

    sender: str
    recipient: str
    host: str
    address: str
    domain: str | None
    token: str

    @property
    def literal(self) -> str:
        return literal(self.address)


def literal(address: str) -> str:
    """An address as a domain, RFC 5321 4.1.3; what is no address (in a dry run) goes as IPv4."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@dataclass(frozen=True)
class Form:
    """One question: an envelope, and what it tries.

    `plain`: the recipient is elsewhere by any reading; otherwise a server may take it for a name of
    its own. `forged`: it is the sender that tries; where it is refused, so is the form. `ehlo`:
    what the client calls itself, None for its own name. `first`: a recipient of the server's, named
    before in the same transaction. `login`: after one login that fails.
    """

    name: str
    sender: str
    recipient: str
    idea: str
    plain: bool = False
    forged: bool = False
    ehlo: str | None = None
    first: str | None = None
    login: bool = False

    @property
    def recipients(self) -> int:
        """How many it names."""
        return 1 if self.first is None else 2


PLAIN = "2"  # the form that is asked at every door


def forms(names: Names) -> list[Form]:
    """All forms, the classic ones first; those with a served domain only where one is named."""
    served = _served(names, names.domain) if names.domain else []
    return [*_classic(names), *served, *_more(names)]


def all_but_plain(names: Names) -> list[Form]:
    """What is asked at one door alone: the controls, then every other form."""
    return [*controls(names), *(form for form in forms(names) if form.name != PLAIN)]


def plain(names: Names) -> Form:
    return Form(PLAIN, names.sender, names.recipient, "sender and recipient elsewhere", plain=True)


def _classic(names: Names) -> list[Form]:
    user, _, third = names.recipient.rpartition("@")
    local = names.sender.rpartition("@")[0]
    host, literal = names.host, names.literal
    here = f"{local}@{literal}"
    return [
        Form("1", "", names.recipient, "null sender, as of a bounce", plain=True),
        plain(names),
        Form(
            "3",
            f"{local}@{host}",
            names.recipient,
            "sender of the server's name",
            plain=True,
            forged=True,
        ),
        Form("4", here, names.recipient, "sender of the server's address", plain=True, forged=True),
        Form("5", here, f"{user}%{third}@{literal}", "percent, by address"),
        Form("6", here, f"{user}%{third}@{host}", "percent, by name"),
        Form("7", here, f'"{names.recipient}"', "quoted, without domain"),
        Form("8", here, f'"{user}%{third}"', "quoted percent"),
        Form("9", here, f"{names.recipient}@{literal}", "two @, by address"),
        Form("10", here, f'"{names.recipient}"@{literal}', "quoted, by address"),
        Form("11", here, f"{names.recipient}@{host}", "two @, by name"),
        Form("12", here, f"@{literal}:{names.recipient}", "source route, by address"),
        Form("13", here, f"@{host}:{names.recipient}", "source route, by name"),
        Form("14", here, f"{third}!{user}", "bang path"),
        Form("15", here, f"{third}!{user}@{literal}", "bang path, by address"),
        Form("16", here, f"{third}!{user}@{host}", "bang path, by name"),
    ]


def _served(names: Names, domain: str) -> list[Form]:
    user, _, third = names.recipient.rpartition("@")
    local = names.sender.rpartition("@")[0]
    sender, foreign = names.sender, names.recipient
    return [
        Form(
            "18", f"postmaster@{domain}", foreign, "sender postmaster here", plain=True, forged=True
        ),
        Form("22b", sender, f'"{foreign}"@{domain}', "quoted, in a served domain"),
        Form("23", sender, f"{third}!{user}@{domain}", "bang path, in a served domain"),
        Form("24a", sender, f"{user}%{third}%{domain}", "two percent"),
        Form("27b", sender, foreign, "EHLO of a served domain", plain=True, ehlo=domain),
        Form(
            "28",
            sender,
            foreign,
            "after a recipient here",
            plain=True,
            first=f"postmaster@{domain}",
        ),
        Form(
            "17", f"{local}@{domain}", foreign, "sender of a served domain", plain=True, forged=True
        ),
        Form("21", sender, f"{user}%{third}@{domain}", "percent, in a served domain"),
        Form("22a", sender, f"{foreign}@{domain}", "two @, in a served domain"),
    ]


def _more(names: Names) -> list[Form]:
    user, _, third = names.recipient.rpartition("@")
    local = names.sender.rpartition("@")[0]
    sender, foreign = names.sender, names.recipient
    return [
        Form("20", f"{local}@localhost", foreign, "sender of localhost", plain=True, forged=True),
        Form("27a", sender, foreign, "EHLO of the server's name", plain=True, ehlo=names.host),
        Form("24b", sender, f"{user}%{third}@localhost", "percent, at localhost"),
        Form("19", local, foreign, "sender without a domain", plain=True, forged=True),
        Form("27c", sender, foreign, "EHLO of localhost", plain=True, ehlo="localhost.localdomain"),
        Form("27d", sender, foreign, "EHLO of 127.0.0.1", plain=True, ehlo="[127.0.0.1]"),
        Form("27e", sender, foreign, "EHLO of its address", plain=True, ehlo=names.literal),
        Form("26", sender, f"{user}@{third.upper()}", "capital letters", plain=True),
        Form("25", sender, f"{foreign}.", "dot at the end"),
        Form("29", sender, foreign, "after a login that fails", plain=True, login=True),
    ]


OWN_NAME, NO_DOMAIN = "control: unknown user here", "control: no such domain"


def controls(names: Names) -> list[Form]:
    """Does the server look at recipients at all? Both should be refused."""
    here = f"{names.token}-nobody@{names.domain or names.host}"
    nowhere = f"{names.token}@{names.token}.invalid"  # RFC 2606: never a domain
    return [
        Form(OWN_NAME, names.sender, here, "a name of its own that nobody has"),
        Form(NO_DOMAIN, names.sender, nowhere, "a domain that cannot exist"),
    ]
