"""How is one name looked up, and what became of the question? With dnspython, extra [live]."""

from __future__ import annotations

import ipaddress
from typing import Any

from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.probe.dnsbl import FAILED, FOUND, NONE, REFUSED, TIMEOUT, Answer, Look

PATIENCE, TRIES = 5.0, 2  # seconds, questions


def resolver(server: str | None = None, patience: float = PATIENCE) -> Look:
    """What looks names up: the system's resolver, or that at `ADDRESS[:PORT]`.

    Raises:
        EnvironmentTrouble: dnspython is missing, or the system names no resolver.
        SettingsError: no address.
    """
    try:
        import dns.resolver
    except ImportError:
        remedy = "pip install 'relaytrail[live]'"
        what = "asking blocklists needs dnspython, which is not installed"
        raise EnvironmentTrouble(what, "relaytrail dnsbl", remedy) from None
    try:
        asked = dns.resolver.Resolver(configure=server is None)
    except dns.resolver.NoResolverConfiguration:
        remedy = "Give --resolver the address of one."
        raise EnvironmentTrouble("names no resolver", "this system", remedy) from None
    if server is not None:
        address, port = _place(server)
        asked.nameservers, asked.port = [address], port
    asked.cache = None
    asked.timeout, asked.lifetime = patience, patience * TRIES

    def look(name: str, kind: str) -> Answer:
        try:
            found = asked.resolve(name, kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return Answer(NONE)
        except dns.resolver.LifetimeTimeout:
            return Answer(TIMEOUT)
        except dns.resolver.NoNameservers as error:
            return Answer(_why(error))
        except (dns.exception.DNSException, OSError):
            return Answer(FAILED)
        values = tuple(_text(record) for record in found.rrset or ())
        return Answer(FOUND, values) if values else Answer(NONE)

    return look


def _why(error: Any) -> str:
    """All servers failed: what was the last one's word?"""
    said = str(error)
    if "REFUSED" in said:
        return REFUSED
    return TIMEOUT if "timed out" in said else FAILED


def _text(record: Any) -> str:
    """An address, or the strings of a TXT record as one."""
    if hasattr(record, "strings"):
        return b"".join(record.strings).decode("latin-1")
    return str(record.address)


def _place(server: str) -> tuple[str, int]:
    host, port = server, "53"
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif server.count(":") == 1:
        host, _, port = server.partition(":")
    try:
        if not 0 < int(port) < 65_536:
            raise ValueError(port)
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        remedy = "Give --resolver an address, such as 127.0.0.1 or [::1]:5353."
        raise SettingsError("this is no address of a resolver", server, remedy) from None
