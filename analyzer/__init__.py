"""Relaytrail, a forensic analyser of mail logs: the few names that a notebook needs.

from analyzer import Case, Site, analyze

case = analyze(["mail.log"], site=Site(domains=["corp.example"])).case
case.findings.to_pandas()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.case import Case
    from analyzer.pipeline import analyze
    from analyzer.site import Site

__all__ = ["Case", "Site", "analyze"]

_HOMES = {"Case": "case", "Site": "site", "analyze": "pipeline"}


def __getattr__(name: str) -> Any:
    """Loaded when asked for: `relaytrail --help` must not wait for pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"analyzer.{_HOMES[name]}"), name)
