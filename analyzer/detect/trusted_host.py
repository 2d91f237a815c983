"""Trusted host: which clients in our own networks were made to send?

An infected machine, an abused application, or a gateway behind which strangers hide: whoever is in
`networks` may relay without a login, so nothing but what it sends tells.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from analyzer.detect import from_where, to_whom, under_whom
from analyzer.detect.detector import Detector
from analyzer.detect.misused import VERDICTS, judge
from analyzer.detect.of_machines import TO_WHOM
from analyzer.detect.weighing import Clue, Misuse

PEOPLE = 5  # who send by a host on several days: it is a mail server or a webmail
# What one mailbox shows, whose sender is always its own.
OF_A_MAILBOX = (
    to_whom.new_people,
    to_whom.known_people,
    to_whom.failed,
    to_whom.failed_of_a_list,
    to_whom.called_spam,
    to_whom.breadth,
    from_where.round_the_clock,
    from_where.odd_hours,
)
MISUSE = Misuse(
    mechanism="trusted_host",
    by="client_ip",
    subject_kind="ip",
    words="a host of our own networks was made to send",
    base=-0.25,
    clues=(
        Clue(
            2.5,
            "under several outside senders it does not use otherwise",
            under_whom.foreign_sender,
        ),
        Clue(2.0, "through a gateway that brings strangers' mail", under_whom.masked_stranger),
        Clue(-0.2, "under senders it always uses", under_whom.usual_sender),
        Clue(0.5, "under many outside senders in a day", under_whom.many_strangers),
        Clue(
            0.5,
            "under outside senders in a day, usual or not",
            under_whom.many_outside,
            telling=False,
        ),
        Clue(
            0.5, "under many of our senders, unlike before", under_whom.names_of_ours, telling=False
        ),
        Clue(
            0.5, "under senders of ours who send otherwise", under_whom.others_names, telling=False
        ),
        Clue(0.5, "under many names of ours that nobody else knows", under_whom.invented_names),
        *TO_WHOM,
        Clue(0.2, "round the clock", from_where.round_the_clock, telling=False),
        Clue(0.5, "at hours in which it never sends", from_where.odd_hours, telling=False),
    ),
)

# Of a mail server or a webmail of ours behind this one, each mailbox is judged by itself, too: what
# one thief sends by day is little beside the mail of all the others.
MAILBOX = replace(
    MISUSE,
    by="mailbox",
    clues=tuple(clue for clue in MISUSE.clues if clue.measure in OF_A_MAILBOX),
)

TRUSTED_HOST = Detector(
    name="trusted_host",
    question="Which clients in our own networks were made to send?",
    verdicts=VERDICTS,
    forgeable="senders and recipients; not the address",
    judge=functools.partial(judge, misuse=MISUSE),
)
