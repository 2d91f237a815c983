"""Which names does Postfix take for host names, and which for full ones?

Source: valid_hostname.c; smtpd_check.c of reject_non_fqdn_* and reject_invalid_helo_hostname.
"""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)", re.ASCII)


def is_host(name: str) -> bool:
    """Labels of letters, digits, `-` and `_`; digits and dots alone are no name."""
    labels = name.removesuffix(".").split(".")
    named = all(_LABEL.fullmatch(label) for label in labels)
    return named and not re.fullmatch(r"[\d.]+", name)


def is_full(name: str) -> bool:
    return is_host(name) and "." in name.removesuffix(".")


def is_literal(text: str) -> bool:
    """`[192.0.2.1]`, `[IPv6:2001:db8::1]`."""
    bare = re.sub(r"^\[(ipv6:)?|\]$", "", text, flags=re.IGNORECASE)
    return text.startswith("[") and is_address(bare)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
