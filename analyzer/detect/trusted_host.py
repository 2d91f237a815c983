"""Trusted host: which clients in our own networks were made to send?

An infected machine, an abused application, or a gateway behind which strangers hide: whoever is in
`networks` may relay without a login, so nothing but what it sends tells.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from analyzer.detect import clues
from analyzer.detect.detector import Detector
from analyzer.detect.misused import VERDICTS, judge
from analyzer.detect.weighing import Clue, Misuse

PEOPLE = 5  # who send by a host on several days: it is a mail server or a webmail
# What one mailbox shows, whose sender is always its own.
OF_A_MAILBOX = (
    clues.new_people,
    clues.known_people,
    clues.failed,
    clues.failed_of_a_list,
    clues.called_spam,
    clues.breadth,
    clues.round_the_clock,
    clues.odd_hours,
)
MISUSE = Misuse(
    mechanism="trusted_host",
    by="client_ip",
    subject_kind="ip",
    words="a host of our own networks was made to send",
    base=-0.25,
    clues=(
        Clue(2.5, "under several outside senders it does not use otherwise", clues.foreign_sender),
        Clue(2.0, "through a gateway that brings strangers' mail", clues.masked_stranger),
        Clue(-0.2, "under senders it always uses", clues.usual_sender),
        Clue(0.5, "under many outside senders in a day", clues.many_strangers),
        Clue(
            0.5, "under outside senders in a day, usual or not", clues.many_outside, telling=False
        ),
        Clue(0.5, "under many of our senders, unlike before", clues.names_of_ours, telling=False),
        Clue(0.5, "under senders of ours who send otherwise", clues.others_names, telling=False),
        Clue(0.5, "under many names of ours that nobody else knows", clues.invented_names),
        Clue(0.25, "to people nobody here ever wrote to", clues.new_people, telling=False),
        Clue(-2.5, "to people it knows", clues.known_people),
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
        Clue(0.2, "round the clock", clues.round_the_clock, telling=False),
        Clue(0.5, "at hours in which it never sends", clues.odd_hours, telling=False),
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
