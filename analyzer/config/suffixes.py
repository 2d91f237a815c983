"""Who owns a domain: one owner alone, or nobody, as com or co.uk?"""

from __future__ import annotations

from functools import cache
from typing import Any

# RFC 6761, 6762, and what ICANN and vendors set apart: nobody on the internet has such a name.
LOCAL_ALONE = {"localhost", "localdomain", "local", "lan", "internal"}


def owned_by_nobody(domain: str) -> bool:
    """A public suffix, or everything. A single label that is no public suffix is a local name."""
    name = domain.strip().strip(".").lower()
    if name in ("", "*"):
        return True
    return bool(_list().is_public(name))


def may_be_top(name: str) -> bool:
    """As above, or one label that could be a top-level domain: the list of them grows."""
    bare = name.strip().strip(".").lower()
    return owned_by_nobody(bare) or ("." not in bare and bare not in LOCAL_ALONE)


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
