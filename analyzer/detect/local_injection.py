"""Local injection: which users of the server itself, or scripts run as them, sent abuse?"""

from __future__ import annotations

import functools

from analyzer.detect import clues
from analyzer.detect.detector import Detector
from analyzer.detect.misused import VERDICTS, judge
from analyzer.detect.weighing import Clue, Misuse

MISUSE = Misuse(
    mechanism="local_injection",
    by="user",
    subject_kind="uid",
    words=(
        "messages were handed in on the server itself; the log cannot name the script: look for "
        "X-PHP-Originating-Script in queued mail, and in the web server's own log"
    ),
    base=-0.25,
    clues=(
        Clue(2.5, "under several outside senders it does not use otherwise", clues.foreign_sender),
        Clue(0.5, "under many outside senders in a day", clues.many_strangers),
        Clue(0.5, "under many names of ours that nobody else knows", clues.invented_names),
        Clue(0.25, "to people nobody here ever wrote to", clues.new_people, telling=False),
        Clue(-2.5, "to people it knows", clues.known_people),
        Clue(-3.0, "automatic answers", clues.null_sender),
        Clue(-3.0, "passed on by a list to which somebody wrote", clues.passed_on),
        Clue(2.5, "to people who do not exist, beyond what honest mail has", clues.failed),
        Clue(
            2.5,
            "to people who do not exist, as on an old list",
            clues.failed_of_a_list,
            telling=False,
        ),
        Clue(2.0, "refused as spam, beyond a fifth of them", clues.called_spam),
        Clue(0.4, "to many new people at once", clues.breadth, telling=False),
        Clue(
            0.4,
            "to many more new people than on its other days, of whom many do not exist, or under "
            "the name of this server",
            clues.unlike_other_days,
            telling=False,
        ),
        Clue(0.5, "at hours in which it never sends", clues.odd_hours, telling=False),
        Clue(0.5, "round the clock, unlike before", clues.clock_unlike_before, telling=False),
    ),
)

LOCAL_INJECTION = Detector(
    name="local_injection",
    question="Which users of the server, or scripts run as them, sent abuse?",
    verdicts=VERDICTS,
    forgeable="senders and recipients; not the user id",
    judge=functools.partial(judge, misuse=MISUSE),
)
