"""What does Postfix write? Lines of Postfix 2.x to 3.11, of all its daemons.

Source: Postfix src/ and postconf(5), as collected in the project's notes on formats.
"""

from __future__ import annotations

import re

from analyzer.formats.postfix_dialogue import CERTIFICATE, DECISION_LINES, DIALOGUE_LINES
from analyzer.formats.postfix_known import CERTIFICATE_LINES, KNOWN_LINES
from analyzer.formats.postfix_mail import MESSAGE_LINES
from analyzer.formats.postfix_readings import complete
from analyzer.formats.postfix_words import DAEMONS, HEAD
from analyzer.formats.repeats import suppressed
from analyzer.formats.shapes import Dialect, Program

_TAG = re.compile(
    r"^(?P<instance>[^/\[\]: ]{1,64})/(?:(?P<service>[^\[\] ]{1,128})/)?"
    r"(?P<daemon>[a-z][a-z-]{1,30})$"
)


def recognise(tag: str) -> Program | None:
    """Instance, service and daemon of a tag (`postfix/submission/smtpd`); None for no Postfix.

    A site may choose any syslog_name, so it is the daemon's own name that tells.
    """
    found = _TAG.match(tag)
    if found and found["daemon"] in DAEMONS:
        return Program(found["instance"], found["service"], found["daemon"])
    return None


POSTFIX = Dialect(
    mta="postfix",
    shapes=(
        *MESSAGE_LINES,
        *DIALOGUE_LINES,
        *DECISION_LINES,
        suppressed(f"{HEAD}smtpd[11]: "),
        *KNOWN_LINES,
        CERTIFICATE,
        *CERTIFICATE_LINES,
    ),
    recognise=recognise,
    # Short ids are upper-case hex, long ones base 52 without vowels (mail_queue.h).
    queue_id=r"^(?:[0-9A-F]{6,40}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,40})$",
    complete=complete,
)
