"""Site: who is local (domains, networks, relay domains), stated in a TOML file."""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analyzer.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Networks that no stranger can have: however wide, they are no hole.
# RFC 1918, 6598 (carrier NAT), 1122 (loopback), 3927 and 4291 (link-local), 4193 (unique local).
OURS_ALONE = [
    *map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    *map(ipaddress.ip_network, ("127.0.0.0/8", "169.254.0.0/16")),
    *map(ipaddress.ip_network, ("::1/128", "fe80::/10", "fc00::/7")),
]
# The server itself, whatever is stated; what a site says of this machine may be more.
LOOPBACK = ("127.0.0.1", "::1")
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
WIDEST = {4: 16, 6: 32}  # prefix bits; a wider network of public addresses is a probable hole


def ours_alone(address: str) -> bool | None:
    """Whether no stranger can have the address, wherever it is; None if it is none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return any(ip in network for network in OURS_ALONE)


def domain_key(domain: str) -> str:
    """A domain as it is compared: lower case, A-labels, no trailing dot."""
    lowered = domain.strip().rstrip(".").lower()
    if lowered.isascii():
        return lowered
    try:
        return lowered.encode("idna").decode("ascii")
    except UnicodeError:
        return lowered


def _domain(value: str) -> str:
    if not value or "@" in value or any(c.isspace() for c in value):
        raise ValueError(f"{value!r} is not a domain")
    return value


def _network(value: Any) -> Network:
    if not isinstance(value, str):
        raise ValueError("a network is text such as 192.0.2.0/24")
    try:
        return ipaddress.ip_network(value.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        raise ValueError(
            f"{value!r} is not a network such as 192.0.2.0/24 or 2001:db8::/32"
        ) from None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone such as Europe/Berlin") from None
    return value


def _server(value: str) -> str:
    if not value.strip("[] "):
        raise ValueError(f"{value!r} is no name or address")
    return value


Domain = Annotated[str, AfterValidator(_domain)]
Server = Annotated[str, AfterValidator(_server)]


class Site(BaseModel):
    """Who is local. What is missing (None) is unknown, not empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    timezone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="zone of stamps that carry none, summer time included"
    )
    domains: list[Domain] | None = Field(
        default=None, description="mail for these ends here, or is rewritten here"
    )
    relay_domains: list[Domain] | None = Field(
        default=None, description="we are their backup or gateway"
    )
    networks: list[Annotated[Network, BeforeValidator(_network)]] | None = Field(
        default=None, description="may relay through us without login"
    )
    servers: list[Server] | None = Field(default=None, description="ourselves: names and addresses")
    lists: list[str] | None = Field(default=None, description="mailing lists we run")
    forwards: dict[str, list[str]] | None = Field(
        default=None, description="addresses of ours that go outside"
    )

    @property
    def known(self) -> bool:
        """Can an outside sender and an outside recipient be told at all?"""
        return self.domains is not None and self.networks is not None

    @property
    def believed_networks(self) -> list[Network]:
        return [network for network in self.networks or [] if not too_wide(network)]

    @property
    def doubted_networks(self) -> list[Network]:
        return [network for network in self.networks or [] if too_wide(network)]

    def with_more(self, domains: Iterable[str], networks: Iterable[str]) -> Site:
        """The site with what the command line adds."""
        changed = self.model_dump(mode="json", exclude_none=True)
        if domains := list(domains):
            changed["domains"] = [*changed.get("domains", []), *domains]
        if networks := list(networks):
            changed["networks"] = [*changed.get("networks", []), *networks]
        return _checked(changed, "command line", "")


def too_wide(network: Network) -> bool:
    """Wider than any one owner's: a copied mynetworks may be the very hole."""
    return network.prefixlen < WIDEST[network.version] and not any(
        network.version == own.version and network.subnet_of(own)  # type: ignore[arg-type]
        for own in OURS_ALONE
    )


def load(path: Path) -> Site:
    """Read site.toml.

    Raises:
        SettingsError: no TOML, an unknown key (the nearest known one is named), a bad value.
    """
    try:
        text = path.read_text("utf-8")
        return _checked(tomllib.loads(text), str(path), text)
    except UnicodeDecodeError:
        raise SettingsError(
            "this is not a text file", path, "Give a site.toml; docs/site.md has an example."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(
            f"not valid TOML: {error}", path, "Mend that line; docs/site.md has an example."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}", path, "Check the path and its permissions."
        ) from None


def _checked(data: dict[str, Any], where: str, text: str) -> Site:
    try:
        return Site.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        place = f"{where}:{line_of(key, text)}" if text else where
        known = ", ".join(Site.model_fields)
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, Site.model_fields, 1, 0.5)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            raise SettingsError(
                f'unknown key "{key}"', place, f"{hint}Known keys: {known}."
            ) from None
        what = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f'bad value of "{key}": {what}', place, "docs/site.md says what each key takes."
        ) from None


def quoted(text: str) -> str:
    """A text as TOML writes it: a JSON string, but for one control that TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def line_of(key: str, text: str) -> int:
    """The number of the line in which TOML gives a key."""
    pattern = re.compile(rf'^\s*(\[\s*)?"?{re.escape(key)}"?\s*[\]=]')
    return next((n for n, line in enumerate(text.split("\n"), 1) if pattern.match(line)), 1)
