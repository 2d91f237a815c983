"""What does Sendmail write? Lines of Sendmail 8, of the daemon and of the submission programs."""

from __future__ import annotations

import re

from analyzer.formats.repeats import suppressed
from analyzer.formats.sendmail_columns import complete
from analyzer.formats.sendmail_dialogue import DIALOGUE_LINES, KNOWN_LINES, QUOTING
from analyzer.formats.sendmail_mail import DECISION_LINES, MESSAGE_LINES
from analyzer.formats.sendmail_words import HEAD, ID
from analyzer.formats.shapes import Dialect, Program

# A shape without a prefix is asked about every line that is left: last.
SHAPES = tuple(
    sorted(
        (
            *MESSAGE_LINES,
            *QUOTING,
            *DECISION_LINES,
            *DIALOGUE_LINES,
            suppressed(HEAD),
            *KNOWN_LINES,
        ),
        key=lambda shape: not shape.prefix,
    )
)

_TAG = re.compile(r"^(?:sendmail(?:[._-][\w-]{1,30})?|sm-[\w-]{1,30}(?:\.service)?)$")


def recognise(tag: str) -> Program | None:
    """Sendmail under its own name, one that -L gave it (`sm-mta`, `sendmail-in`), or its unit's."""
    return Program(None, None, tag) if _TAG.match(tag) else None


SENDMAIL = Dialect(
    mta="sendmail", shapes=SHAPES, recognise=recognise, queue_id=f"^{ID}$", complete=complete
)
