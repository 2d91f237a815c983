"""Is it a listing of a queue, and whose?"""

from __future__ import annotations

import re

LISTING = "queue_listing"  # name of the table in a reading; it is never among the events
JSON, POSTFIX, SENDMAIL = "postqueue -j", "mailq of Postfix", "mailq of Sendmail"

_IS_JSON = re.compile(rb'\s*\{"queue_name": ?"')
_IS_POSTFIX = re.compile(rb"-Queue ID-[ -]+Size-")
_IS_SENDMAIL = re.compile(rb"(?:\s*/[^\n]{1,400} \([0-9]+ requests?\)[^\n]*\n)?-+Q-ID-+ --Size--")


def listing(beginning: bytes) -> str | None:
    """What sort of listing begins so; None for anything else."""
    if _IS_JSON.match(beginning):
        return JSON
    if _IS_POSTFIX.match(beginning):
        return POSTFIX
    return SENDMAIL if _IS_SENDMAIL.match(beginning) else None
