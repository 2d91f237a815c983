"""Stolen account: which logins were used by somebody else?

Volume alone is neither needed nor enough. What speaks: networks that are not the account's own,
many of them in a day, people nobody here ever wrote to, senders that are not its own, refusals,
guessing before. What acquits: its own networks and senders, mail among ourselves, people it knows.
"""

from __future__ import annotations

import functools

from analyzer.detect import clues
from analyzer.detect.detector import Detector
from analyzer.detect.misuse import VERDICTS, Clue, Misuse, judge

MISUSE = Misuse(
    mechanism="stolen_account",
    by="auth_user",
    subject_kind="account",
    words="this login was used by somebody else",
    base=-0.3,
    clues=(
        Clue(1.5, "from networks that are not its own", clues.strange_network),
        Clue(-2.5, "from its own networks", clues.own_network),
        Clue(0.5, "from many networks in a day", clues.many_networks),
        Clue(0.5, "to people nobody here ever wrote to", clues.new_people),
        Clue(-3.0, "to people it knows", clues.known_people),
        Clue(-2.5, "to ourselves", clues.among_us),
        Clue(0.4, "to many new people at once", clues.breadth),
        Clue(2.0, "to people who do not exist", clues.failed),
        Clue(2.5, "under senders that are not its own", clues.not_the_login),
        Clue(0.5, "under many senders in a day", clues.many_senders),
        Clue(0.15, "to many people in an hour", clues.burst),
        Clue(2.0, "from an address that guessed passwords before", clues.guessed),
        Clue(2.0, "from an address that misused another login", clues.companions),
    ),
)

STOLEN_ACCOUNT = Detector(
    name="stolen_account",
    question="Which logins were used by somebody else?",
    verdicts=VERDICTS,
    forgeable="senders and recipients; not the login, nor the address it came from",
    judge=functools.partial(judge, misuse=MISUSE),
)
