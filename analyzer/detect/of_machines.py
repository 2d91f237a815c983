"""What does mail of a machine of ours show alike, be it a host or a program on the server?"""

from __future__ import annotations

from analyzer.detect import to_whom
from analyzer.detect.weighing import Clue

TO_WHOM = (
    Clue(0.25, "to people nobody here ever wrote to", to_whom.new_people, telling=False),
    Clue(-2.5, "to people it knows", to_whom.known_people),
    Clue(2.5, "to people who do not exist, beyond what honest mail has", to_whom.failed),
    Clue(
        2.5,
        "to people who do not exist, as on an old list",
        to_whom.failed_of_a_list,
        telling=False,
    ),
    Clue(2.0, "refused as spam, beyond a fifth of them", to_whom.called_spam),
    Clue(0.4, "to many new people at once", to_whom.breadth, telling=False),
    Clue(
        0.4,
        "to many more new people than on its other days, of whom many do not exist, or under "
        "the name of this server",
        to_whom.unlike_other_days,
        telling=False,
    ),
)
