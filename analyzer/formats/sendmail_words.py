"""What do the parts of a Sendmail line look like, and how is a shape of them declared?"""

from __future__ import annotations

from typing import Any

from analyzer.formats import shapes
from analyzer.formats.shapes import Shape

# Up to 8.9 three letters and five digits; then the UTC second in base 60 and the process (queue.c).
ID = (
    r"(?:[A-X][A-Z]{2}[0-9]{5}"
    r"|[0-9A-Za-x][0-9AB][1-9A-V][0-9A-N][0-9A-Za-x]{2}[0-9A-Za-z]{1,2}[0-9]{5,8})"
)
QUOTED = r'"(?:[^"\\]|\\.)*"'
# A quoted local part may hold what looks like fields. The second form is for an address cut short.
ADDRESS = rf'(?:(?:{QUOTED}|[^"])*?|.*?)'
_FORGED = r"(?: \(may be forged\))?"
# host [ip], [ip], user@host [ip] (the user is the client's word), user@localhost, [RESPONSE].
CLIENT = (
    r"(?:(?P<ident>.*)@)?(?P<client_name>[^\[\]@, ]*) ?(?:\[(?P<client_ip>[^\], ]*)\])?" + _FORGED
)
NO_IDENT = r"(?P<client_name>[^\[\]@, ]*) ?\[(?P<client_ip>[^\], ]*)\]" + _FORGED
PEER = r"(?P<client_name>[^\[\], ]*) ?\[(?P<client_ip>[^\], ]*)\]" + _FORGED
VERDICT = r"(?:(?P<action>reject|tempfail|quarantine)=(?P<reply>.*)|(?P<discard>discard))"

# Parts of samples.
HEAD = "Dec  7 05:00:00 mx1 sm-mta[11]: "
A, B = "7B7500Aj000011: ", "7B7500Aj000012: "
HOST = "a.example [192.0.2.7]"


def shape(kind: str, meaning: str, prefix: str, pattern: str, sample: str, **more: Any) -> Shape:
    """A shape of any of Sendmail's programs."""
    return Shape(kind, meaning, frozenset(), prefix.encode(), HEAD + sample, pattern, **more)


def known(prefix: str, sample: str, pattern: str = "") -> Shape:
    """A line without bearing on any message."""
    return shapes.known(frozenset(), prefix, HEAD + sample, pattern)
