"""Which texts does a case give, for whom?"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.case import Case
from analyzer.report import delisting, management, technical

AUDIENCES: dict[str, Callable[[Case], dict[str, str]]] = {
    "management": management.texts,
    "technical": technical.texts,
    "delisting": delisting.requests,
}
