"""Can Postfix read a word of a list of networks, and how is it written so that it can?

Source: match_ops.c, cidr_match.c, dict_open.c.
"""

from __future__ import annotations

import ipaddress
import re

from analyzer.config.postfix_tables import TYPES, network_of
from analyzer.site import too_wide


def is_fatal(word: str) -> bool:
    """Taken for a table that lacks its type or its name, as ::1 without brackets is: smtpd ends."""
    kind, colon, name = word.lstrip("!").partition(":")
    return bool(colon) and kind[:1] not in ("[", "/") and not (kind and name)


def is_no_table(word: str) -> bool:
    """Taken for a table of a type that does not exist, as is IPv6 without brackets: an error."""
    kind, colon, name = word.lstrip("!").partition(":")
    return bool(colon and kind and name) and kind[:1] not in ("[", "/") and kind not in TYPES


def is_broken(word: str, *, version: int = 0) -> bool:
    """An entry that Postfix stumbles over when it looks for a client of that version of IP."""
    bare = word.lstrip("!")
    if is_no_table(bare):
        return True
    # Anything else with a slash in it is compared with names, and fits none.
    if "/" not in bare or bare[0] == "/" or not re.fullmatch(r"[0-9a-fA-F:./\[\]]+", bare):
        return False
    if version and (":" in bare) != (version == 6):
        return False
    written = re.fullmatch(r"\[?([0-9a-fA-F:.]+)\]?/(\d+)", bare)
    if not written:
        return True
    try:
        ipaddress.ip_network(f"{written[1]}/{written[2]}")
    except ValueError:  # bits beyond the mask, too
        return True
    return False


def mended(word: str) -> str:
    """As it was meant, but never a network of strangers; empty where that cannot be told."""
    mark, bare = word[: len(word) - len(word.lstrip("!"))], word.lstrip("!")
    if not (is_fatal(word) or is_broken(word)):
        return word
    network = network_of(bare)
    if network is None:
        return ""
    address = ipaddress.ip_address(bare.strip("[").partition("/")[0].strip("]"))
    if address != network.network_address:  # bits beyond the mask: one host was named
        return f"{mark}{_bracketed(str(address))}"
    return "" if too_wide(network) else mark + _bracketed(*str(network).split("/"))


def _bracketed(address: str, bits: str = "") -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{host}/{bits}" if bits else host
