"""In whose words is advice written? In those of the mail server, and of its age where that decides.

Exchange 2000 and 2003 have no shell and no receive connectors. Their tracking logs alone number
events, so lines that tell nothing are counted by such numbers.
"""

from __future__ import annotations

import re

from analyzer.case import Case

OLD = "exchange_2003"
HEADING = "heading"  # of every such log
NUMBERED = re.compile(r"event [0-9]{1,5}")


def without_shell(case: Case) -> bool:
    """Are the tracking logs of Exchange 2000 or 2003, and of no later one?"""
    mine = [i for i in case.manifest.get("inputs", []) if i.get("format") == "exchange"]
    told = {name for i in mine for name in i.get("ignored_by_program") or ()} - {HEADING}
    return bool(told) and all(map(NUMBERED.fullmatch, told))


def dialect(mta: str, *, without_shell: bool) -> str:
    """The name under which `repairs` has its words."""
    return OLD if mta == "exchange" and without_shell else mta
