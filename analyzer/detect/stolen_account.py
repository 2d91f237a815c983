"""Stolen account: which logins were used by somebody else?

Volume alone is neither needed nor enough, and a strange network with new people is how a person
starts in a new office, too. What speaks: many such networks in a day, floods from them, senders
that are not its own, people who do not exist, guessing before. What acquits: its own networks and
senders, mail among ourselves, people it knows.
"""

from __future__ import annotations

import functools

from analyzer.detect import from_where, to_whom, under_whom
from analyzer.detect.detector import Detector
from analyzer.detect.misused import VERDICTS, judge
from analyzer.detect.weighing import Clue, Misuse

MISUSE = Misuse(
    mechanism="stolen_account",
    by="auth_user",
    subject_kind="account",
    words="this login was misused",
    base=-0.3,
    clues=(
        Clue(1.5, "from networks that are not its own", from_where.strange_network, telling=False),
        Clue(-2.5, "from its own networks", from_where.own_network),
        Clue(
            0.2, "from two places in an hour, or at odd hours of such a day", from_where.two_places
        ),
        Clue(0.5, "from many strange networks in a day", from_where.many_networks),
        Clue(
            0.3,
            "to people nobody here ever wrote to",
            to_whom.new_people_unlike_before,
            telling=False,
        ),
        Clue(-3.0, "to people it knows", to_whom.known_people),
        Clue(-2.5, "to ourselves", to_whom.among_us),
        Clue(0.4, "from there to many new people at once", to_whom.strange_breadth, telling=False),
        Clue(2.0, "to people who do not exist, beyond what honest mail has", to_whom.failed),
        Clue(
            2.0,
            "to people who do not exist, as on an old list",
            to_whom.failed_of_a_list,
            telling=False,
        ),
        Clue(
            0.4,
            "not from its desk, to many more new people than on its other days, of whom many do "
            "not exist, or under the name of this server",
            to_whom.unlike_other_days_elsewhere,
            telling=False,
        ),
        Clue(2.0, "refused as spam, beyond a fifth of them", to_whom.called_spam),
        Clue(2.5, "under senders that are not its own", under_whom.not_the_login),
        Clue(0.5, "under many senders in a day", under_whom.many_senders),
        Clue(0.15, "from there to many people in an hour", to_whom.strange_burst, telling=False),
        Clue(0.5, "at hours in which it never sends", from_where.odd_hours, telling=False),
        Clue(2.0, "from an address that guessed passwords before", from_where.guessed),
        Clue(2.0, "from an address that misused another login", from_where.companions),
    ),
)

STOLEN_ACCOUNT = Detector(
    name="stolen_account",
    question="Which logins were used by somebody else?",
    verdicts=VERDICTS,
    forgeable="senders and recipients; not the login, nor the address it came from",
    judge=functools.partial(judge, misuse=MISUSE),
)
