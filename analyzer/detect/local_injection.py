"""Local injection: which users of the server itself, or scripts run as them, sent abuse?"""

from __future__ import annotations

import functools

from analyzer.detect import from_where, under_whom
from analyzer.detect.detector import Detector
from analyzer.detect.misused import VERDICTS, judge
from analyzer.detect.of_machines import TO_WHOM
from analyzer.detect.weighing import Clue, Misuse

MISUSE = Misuse(
    mechanism="local_injection",
    by="user",
    subject_kind="uid",
    words=(
        "a user of the server, or a script run as one, was made to send; the log cannot name "
        "the script: look at the headers of queued mail, and in the web server's own log"
    ),
    base=-0.25,
    clues=(
        Clue(
            2.5,
            "under several outside senders it does not use otherwise",
            under_whom.foreign_sender,
        ),
        Clue(0.5, "under many outside senders in a day", under_whom.many_strangers),
        Clue(0.5, "under many names of ours that nobody else knows", under_whom.invented_names),
        Clue(-3.0, "automatic answers", under_whom.null_sender),
        Clue(-3.0, "passed on by a list to which somebody wrote", under_whom.passed_on),
        *TO_WHOM,
        Clue(0.5, "at hours in which it never sends", from_where.odd_hours, telling=False),
        Clue(0.5, "round the clock, unlike before", from_where.clock_unlike_before, telling=False),
    ),
)

LOCAL_INJECTION = Detector(
    name="local_injection",
    question="Which users of the server, or scripts run as them, sent abuse?",
    verdicts=VERDICTS,
    forgeable="senders and recipients; not the user id",
    judge=functools.partial(judge, misuse=MISUSE),
)
