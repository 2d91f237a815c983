"""Who owns a domain: one owner alone, or nobody, as com or co.uk?"""

from __future__ import annotations

from functools import cache
from typing import Any


def owned_by_nobody(domain: str) -> bool:
    """A public suffix, or everything. A single label that is no public suffix is a local name."""
    name = domain.strip().strip(".").lower()
    if name in ("", "*"):
        return True
    return bool(_list().is_public(name))


def suffix_of(domain: str) -> str:
    """The public suffix; empty where none is known."""
    return str(_list().publicsuffix(domain.strip(".").lower()) or "")


def owner_of(domain: str) -> str:
    """The part that one owner registers: the public suffix and one label more."""
    labels = domain.strip(".").lower().split(".")
    known = suffix_of(domain)
    return ".".join(labels[-(known.count(".") + 2 if known else 2) :])


@cache
def _list() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)
