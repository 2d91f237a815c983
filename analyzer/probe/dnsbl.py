"""Are our addresses on public blocklists now? What an answer means, and which lists answer at all.

RFC 5782: an address stands reversed before the zone; an A record in 127.0.0.0/8 is a listing,
NXDOMAIN is none. Every zone is tried first by 127.0.0.2, which it must list, and by 127.0.0.1,
which it must not: a dead list says nothing or lists the world. An answer that never came is
unknown, and not clean.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.errors import SettingsError

# What a look-up brought.
FOUND, NONE, TIMEOUT, REFUSED, FAILED = "found", "none", "timeout", "refused", "failed"
# What it means for an address.
LISTED, POLICY, NOT_LISTED, UNKNOWN = "listed", "policy", "not_listed", "unknown"

PACE = 1.0  # seconds between two questions to one zone
MOST_ADDRESSES, MOST_ZONES = 10, 25
ANSWERS = ipaddress.ip_network("127.0.0.0/8")
ERRORS = ipaddress.ip_network("127.255.255.0/24")
ERROR_WORDS = {
    "127.255.255.252": "the zone's name is written wrongly",
    "127.255.255.254": "the list does not answer public resolvers: use one of your own "
    "(--resolver), or the list's own key",
    "127.255.255.255": "the list says that this resolver asks too much",
}
TROUBLE = {
    TIMEOUT: "no answer in time",
    REFUSED: "the resolver or the list refused to answer",
    FAILED: "the name server failed (SERVFAIL)",
}


@dataclass(frozen=True)
class Answer:
    """`state` as above; `values`: A records or texts."""

    state: str
    values: tuple[str, ...] = ()


Look = Callable[[str, str], Answer]  # name, type of record


def address(text: str) -> str:
    """An address that a list can know, in RFC 5952 form.

    Raises:
        SettingsError: no address, or one that no list knows.
    """
    try:
        ip = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        remedy = "Give the addresses from which your server sends, such as 192.0.2.25."
        raise SettingsError("this is no IP address", text, remedy) from None
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_private and not ip.is_global and not _for_documents(ip):
        remedy = "Give the address that others see; a private one stands on no list."
        raise SettingsError("this address is private", text, remedy)
    return str(ip)


def _for_documents(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """RFC 5737, 3849: for examples, and asked in tests of one's own lists."""
    nets = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    return any(ip in n for n in map(ipaddress.ip_network, nets) if n.version == ip.version)


def name_of(ip: str, zone: str) -> str:
    """42.113.0.203.zen.spamhaus.org; 32 nibbles for IPv6."""
    pointer = ipaddress.ip_address(ip).reverse_pointer
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa") + f".{zone}"


def check(
    addresses: Sequence[str],
    zones: Sequence[dict[str, Any]],
    look: Look,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """What each zone says of each address.

    Args:
        zones: `zone, provider, ipv6, page, policy, codes`.
        look: Asks for one name.

    Returns:
        `zones`: `zone, provider, healthy, why`; `addresses`: one entry an address and zone, `ip,
        zone, provider, state, answers, meaning, text, page`.
    """
    sick = _health(zones, look, sleep)
    rows = []
    for ip in addresses:
        found = [_of(ip, zone, sick[zone["zone"]], look) for zone in zones]
        sleep(PACE)
        rows += [_with_its_words(row, look) for row in found]
        sleep(PACE)
    told = [
        {
            "zone": zone["zone"],
            "provider": zone["provider"],
            "healthy": not sick[zone["zone"]],
            "why": sick[zone["zone"]],
        }
        for zone in zones
    ]
    return {"zones": told, "addresses": rows}


def _health(
    zones: Sequence[dict[str, Any]], look: Look, sleep: Callable[[float], None]
) -> dict[str, str]:
    """Why a zone is not to be believed, empty where it is."""
    sick = {}
    for zone in zones:
        sick[zone["zone"]] = _must_list(look(name_of("127.0.0.2", zone["zone"]), "A"))
    sleep(PACE)
    for zone in zones:
        if not sick[zone["zone"]]:
            sick[zone["zone"]] = _must_not_list(look(name_of("127.0.0.1", zone["zone"]), "A"))
    sleep(PACE)
    return sick


def _must_list(answer: Answer) -> str:
    if answer.state == NONE:
        return "it does not list 127.0.0.2: dead, or closed to this resolver"
    if answer.state != FOUND:
        return TROUBLE[answer.state]
    return _error(answer.values)


def _must_not_list(answer: Answer) -> str:
    if answer.state == NONE:
        return ""
    if answer.state != FOUND:
        return TROUBLE[answer.state]
    return _error(answer.values) or "it lists 127.0.0.1, so it lists the world"


def _error(values: Sequence[str]) -> str:
    """Why an answer is none; empty for a listing."""
    for value in values:
        ip = ipaddress.ip_address(value)
        if ip in ERRORS:
            return ERROR_WORDS.get(value, f"the list answers with an error, {value}")
        if ip not in ANSWERS:
            return f"the resolver answers {value}, which no list does"
    return ""


def _of(ip: str, zone: dict[str, Any], sick: str, look: Look) -> dict[str, Any]:
    row = {
        "ip": ip,
        "zone": zone["zone"],
        "provider": zone["provider"],
        "state": UNKNOWN,
        "answers": [],
        "meaning": sick,
        "text": "",
        "page": zone["page"],
    }
    if ipaddress.ip_address(ip).version == 6 and not zone["ipv6"]:
        return row | {"meaning": "the list has no IPv6 addresses"}
    if sick:
        return row
    answer = look(name_of(ip, zone["zone"]), "A")
    if answer.state == NONE:
        return row | {"state": NOT_LISTED}
    if answer.state != FOUND:
        return row | {"meaning": TROUBLE[answer.state]}
    if error := _error(answer.values):
        return row | {"meaning": error}
    return row | _listing(zone, sorted(answer.values))


def _with_its_words(row: dict[str, Any], look: Look) -> dict[str, Any]:
    """A listing with the list's own words on it."""
    if row["state"] not in (LISTED, POLICY):
        return row
    return row | {"text": " ".join(look(name_of(row["ip"], row["zone"]), "TXT").values)}


def _listing(zone: dict[str, Any], values: list[str]) -> dict[str, Any]:
    meanings = dict.fromkeys(zone["codes"].get(value, f"code {value}") for value in values)
    return {
        "state": POLICY if set(values) <= set(zone["policy"]) else LISTED,
        "answers": values,
        "meaning": "; ".join(meanings),
    }


def named(zone: str) -> dict[str, Any]:
    """A zone that the user names: its answers have no known meaning.

    Raises:
        SettingsError: no name of a zone.
    """
    labels = zone.rstrip(".").split(".")
    fits = len(zone) < 200 and all(
        label.isascii()
        and 0 < len(label) < 64
        and label.replace("-", "").replace("_", "").isalnum()
        for label in labels
    )
    if len(labels) < 2 or not fits:
        remedy = "Give --zone a name such as KEY.zen.dq.spamhaus.net."
        raise SettingsError("this is no zone", zone, remedy)
    name = ".".join(labels)
    return {"zone": name, "provider": name, "ipv6": True, "page": "", "policy": [], "codes": {}}
