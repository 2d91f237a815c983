"""Which lines of Postfix name only the daemon?

The system log of macOS (`log show --style syslog`), and a journal of which the commands were kept
and not the identifiers, say `smtpd` for `postfix/smtpd`. As other servers have daemons of such
names, a line that is none of Postfix's is without bearing.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.formats import postfix_readings
from analyzer.formats.postfix import POSTFIX
from analyzer.formats.postfix_dialogue import CERTIFICATE
from analyzer.formats.postfix_unnamed import TAG
from analyzer.formats.postfix_words import AGENTS, GATES, HEAD, QMGR
from analyzer.formats.shapes import Dialect, Program, known, programs

# Who tell of messages, but for names that are as well programs of their own.
DAEMONS = (GATES | QMGR | AGENTS | programs("bounce pickup postsuper")) - programs("maildrop spawn")


def recognise(tag: str) -> Program | None:
    """The daemon's own name."""
    return Program(TAG, None, tag) if tag in DAEMONS else None


BARE = Dialect(
    mta="postfix",
    shapes=(
        *(
            replace(shape, sample=shape.sample.replace(HEAD, HEAD.removesuffix("postfix/"), 1))
            for shape in POSTFIX.shapes
            if shape.bearing and shape is not CERTIFICATE and shape.kind != "server"
        ),
        # What Postfix says of a message has `=` in it. So has each line of OpenSMTPD, which begins
        # with a session, or with the part of it that speaks.
        known(
            DAEMONS,
            "",
            "Dec  7 05:00:00 mx1 smtpd[11]: c0ffee0123456789 smtp connected address=192.0.2.7",
            r"^(?:[^=]*|[0-9a-f]{16} .*|(?:smtp-in|smtp-out|mda|mta|delivery|relay|warning"
            r"|statistics|auditlog): .*)$",
        ),
    ),
    recognise=recognise,
    queue_id=POSTFIX.queue_id,
    complete=postfix_readings.complete,
)
