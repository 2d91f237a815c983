"""Is this domain one that nobody owns alone, such as com or co.uk?"""

from __future__ import annotations

from functools import cache
from typing import Any


def owned_by_nobody(domain: str) -> bool:
    """A public suffix, or everything. A single label that is no public suffix is a local name."""
    name = domain.strip().strip(".").lower()
    if name in ("", "*"):
        return True
    return bool(_list().is_public(name))


@cache
def _list() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)
