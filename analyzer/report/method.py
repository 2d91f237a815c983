"""How does the analysis come to its verdicts? The same in every report."""

from __future__ import annotations

_LINES = "Every line of every file is counted: parsed, ignored, blank or unread. None vanishes."
_JOINED = (
    "The lines of one message are joined by server and queue id, over filters, aliases and our own "
    "servers, back to whoever handed it in."
)
_WHO = (
    "Who handed it in decides, not what the envelope claims: a login, an address of our own "
    "networks, the server itself, or a stranger."
)
_RELAYED = (
    "Mail from a stranger to a stranger is relayed, unless it came in for one of our addresses and "
    "was forwarded, or we are backup for its domain."
)
_PLACES = "Each finding names its lines by file, line and byte: look them up in the original logs."
_SAME = (
    "The same evidence gives the same report, byte for byte; the SHA-256 of all files are in the "
    "annex and in manifest.json."
)
STEPS = [_LINES, _JOINED, _WHO, _RELAYED, _PLACES, _SAME]
