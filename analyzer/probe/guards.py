"""May this host be asked? Only its owner may have it asked, and he says so in writing."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from analyzer.errors import SettingsError
from analyzer.site import too_wide

REST = timedelta(minutes=10)  # between two runs against one host
PROVIDERS = tuple(
    "google.com gmail.com googlemail.com outlook.com hotmail.com office365.com microsoft.com"
    " yahoo.com yahoodns.net aol.com icloud.com apple.com me.com gmx.net gmx.com web.de"
    " t-online.de mail.ru yandex.ru yandex.net qq.com 163.com proofpoint.com pphosted.com"
    " mimecast.com".split()
)
ASKED_TO_STOP = "the server asks not to be tested"
_STOP = re.compile(
    r"\b(?:do not|don'?t|stop|no) (?:relay[ -])?(?:test|prob|scann?)(?:s|e|ing)?\b", re.IGNORECASE
)
# What may be asked: a name or an address, and no network.
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]+(?:%[\w.]+)?")
_NUMBER = re.compile(r"(?:^|\.)[0-9]+(?:-[0-9]+)?$")  # RFC 1123: no name ends so
RESERVED = re.compile(r"(?:^|[.@])(?:example(?:\.(?:com|net|org))?|invalid|localhost)$")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def one_host(host: str) -> str:
    """The host as given, without brackets.

    Raises:
        SettingsError: a range, a URL, a provider that is nobody's own.
    """
    bare = host.strip().removeprefix("[").removesuffix("]")
    if not _HOST.fullmatch(bare) or (_NUMBER.search(bare) and not _is_address(bare)):
        remedy = "Give one host name or address of a server of yours, such as mail.corp.example."
        raise SettingsError("this is no single host", host, remedy)
    if _of_a_provider(bare):
        what = "a large mailbox provider's server is not yours to test"
        raise SettingsError(what, host, "Give a server that you run.")
    return bare


def _of_a_provider(host: str) -> bool:
    name = host.lower().rstrip(".")
    return any(name == provider or name.endswith(f".{provider}") for provider in PROVIDERS)


def unwelcome(greeting: str) -> str:
    """Why a server that greets so is left alone; empty where it is not.

    An address, or a name of ours that leads there, does not tell whose server it is.
    """
    name = greeting.split(" ", maxsplit=1)[0]
    if _HOST.fullmatch(name) and _of_a_provider(name):
        return f"it calls itself {name}: a large mailbox provider's server is not yours to test"
    return ASKED_TO_STOP if asks_to_stop(greeting) else ""


def asks_to_stop(words: str) -> bool:
    return _STOP.search(words) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def authorised(text: str | None, host: str) -> str:
    """Who allows the test and why, in words that name the host.

    Raises:
        SettingsError: no such words.
    """
    remedy = f'Give --authorised "YOUR NAME, why you may test {host}".'
    if not text or not text.strip():
        raise SettingsError("nobody authorised this test", host, remedy)
    who, comma, why = text.partition(",")
    if not (comma and who.strip() and host.lower() in why.lower()):
        raise SettingsError("the authorisation names no person, reason and host", text, remedy)
    return text.strip()


def own_address(text: str, option: str) -> str:
    """An address that can stand in every form.

    Raises:
        SettingsError: no plain address.
    """
    if not _ADDRESS.fullmatch(text):
        remedy = f"Give {option} a plain address of yours, such as relaytest@elsewhere.example."
        raise SettingsError("this is no plain mail address", text, remedy)
    return text


def a_mailbox(address: str, served: str | None) -> None:
    """Where one message may go: a mailbox of the user's, elsewhere.

    Raises:
        SettingsError: a reserved domain, or one that the server serves itself.
    """
    own_address(address, "--deliver")
    domain = address.rpartition("@")[2].lower()
    remedy = "Give --deliver an address of yours at another provider."
    if RESERVED.search(domain):
        raise SettingsError("nobody reads this mailbox: its domain is reserved", address, remedy)
    if served is not None and domain == served.lower():
        raise SettingsError("the server serves this domain: it proves nothing", address, remedy)


def not_a_client(addresses: Iterable[str], clients: Collection[str], ours: Collection[str]) -> None:
    """Whoever attacked is not asked back.

    Args:
        clients: Addresses that the case shows as clients.
        ours: Addresses and networks of the site, as text; those too wide to be anybody's own are
            not believed.

    Raises:
        SettingsError: the host is a client of the log, and no server of ours.
    """
    networks = [n for n in map(_network, ours) if n is not None and not too_wide(n)]
    for address in addresses:
        ip = ipaddress.ip_address(address)
        mine = any(ip.version == n.version and ip in n for n in networks)
        if str(ip) in clients and not mine:
            remedy = "Test your own server only; if this is it, name its address in servers of"
            remedy += " site.toml."
            raise SettingsError("the log shows this address as a client", address, remedy)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None  # a name


def rested(host: str, addresses: Collection[str], folder: Path, now: datetime) -> None:
    """Not twice within ten minutes, by the transcripts that lie in the folder.

    Raises:
        SettingsError: too early, by this name of the host or by another.
    """
    for path in sorted(folder.glob("relay-test-*.txt")):
        try:
            stamp = path.stem.rpartition("-")[2]
            asked = datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z")
        except ValueError:
            continue
        if timedelta(0) <= now - asked < REST and _asked_in(path) & {host.lower(), *addresses}:
            again = asked + REST
            remedy = f"Ask again after {again:%H:%M:%S} UTC."
            raise SettingsError("this host was asked less than ten minutes ago", path, remedy)


def _asked_in(transcript: Path) -> set[str]:
    """Name and addresses of the host, as a transcript's head has them."""
    with transcript.open(encoding="ascii", errors="replace") as file:
        head = file.read(4096).split("\n")
    return {word for line in head if line.startswith("host: ") for word in line.lower().split()[1:]}


def from_here(source: str | None, addresses: Sequence[str]) -> list[str]:
    """Which of the addresses can be asked from that one of this machine; all where none is named.

    Raises:
        SettingsError: it is no address of this machine, or none of theirs is of its family.
    """
    if source is None:
        return list(addresses)
    try:
        six = ipaddress.ip_address(source.partition("%")[0]).version == 6
        with socket.socket(socket.AF_INET6 if six else socket.AF_INET) as bound:
            bound.bind((source, 0))
    except (ValueError, OSError):
        remedy = "Give --source an address that this machine has."
        raise SettingsError("cannot be asked from", source, remedy) from None
    fitting = [address for address in addresses if (":" in address) == six]
    if not fitting:
        remedy = f"Give --source an address of the same family as {', '.join(addresses)}."
        raise SettingsError("cannot be asked from", source, remedy)
    return fitting


def stem(host: str) -> str:
    """How the transcript's name begins."""
    return "relay-test-" + re.sub(r"[^A-Za-z0-9.-]", "_", host)


def on_this_machine(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
