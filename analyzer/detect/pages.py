"""What does docs/detectors.md say? Derived from the detectors as they are declared."""

from __future__ import annotations

from analyzer.detect import local_injection, stolen_account, trusted_host
from analyzer.detect.judge import DETECTORS
from analyzer.detect.measures import USUAL_DAYS
from analyzer.detect.misuse import ALL_AT_ONCE, MANY_SIGNS, OWNERS_TOO
from analyzer.detect.runs import IN_A_ROW, SILENCE
from analyzer.detect.to_whom import OLD_LIST, USUAL_DEAD
from analyzer.detect.weighing import CONFIRMED, POSSIBLE, PROBABLE

WEIGHED = (stolen_account.MISUSE, trusted_host.MISUSE, local_injection.MISUSE)
MISUSE = f"""## How misuse is weighed

A login, a host of our own networks and a user of the server may all send; only what they send
tells whether somebody else did. Every message gets points for and against, with the fixed weights
below. The unbroken stretch of messages of one source with the largest sum is its run:
{POSSIBLE:.0f} points make it possible, {PROBABLE:.0f} probable, {CONFIRMED:.0f} confirmed.

Some signs owners show as well: a new place, new people, odd hours. However much there is of them,
no more than {OWNERS_TOO:.0f} points of a run come from these, so by themselves they make nothing
more than possible ({ALL_AT_ONCE:.0f}, so probable, where nearly all messages show {MANY_SIGNS} of
them at once); nor do they say when a run began that other signs prove. New people and strange
networks count for less where most other sources have them too, as in the log of one day, or at a
provider whose customers all come from outside. New people do not count where a login never writes
to others, as an office does to applicants. Mail from another place after a day in the office is
proof where it comes from several, or by night on several days: an evening, the owner is at home. A
strange network next to one of the source's own counts half, for it may be of the same provider. One
from where much goes out under several outside senders is never its own, nor is one of so many in a
day that nobody can have been in all of them.

A web server, or a gateway, sends for customers, under senders of theirs. An outside domain is a
customer's if the source uses it now and then in most of the time of the log, under names that come
again (of a log of less than {USUAL_DAYS} days the hours tell), and few of them in any day, but, in
a longer log, for a company or two whose servers send through us; or if it sends little under it,
and either has not several of these, or many customers whose names come again, and on that day, but
by chance, not half as many more that do not as on its quiet days. To people to whom a program
writes often, it may write under any sender, as a form does to its owner in the name of visitors. Of
a login, one or two more names of an outside domain that nobody else uses, and it does on several
days, are its own. Who gets mail as abuse@ or postmaster@ counts as known: programs write there, and
no spammer does.

A run that is probable or better goes on, before and after, over messages of the same kind that add
nothing, up to {IN_A_ROW} of the owner in a row, or a silence {SILENCE} times as long as nearly ever
within it (a quarter of an hour at least, a day at most); lone messages from elsewhere at its ends
are not of it.
Of a login it takes in all that ever came from its strange addresses, but for those that send as
much at other times: the owner's telephone, or shop. Every message of the run is abuse, whatever
its sender and recipients; of a user of the server, only what nothing speaks for. What a host or a
script sends to ourselves counts neither for abuse nor against it, and what it sends as always is of
no run that is mostly otherwise, by number or by what proves it. What was refused after its DATA is
not: a run of which nothing was accepted is told as an attempt. Each finding lists the points of its
run.

Of honest mail, too, {USUAL_DEAD:.0%} goes to people who do not exist, and up to {OLD_LIST:.1%}
of a mailing to an old list: under one sender or two, from no strange place, in a part of the day.
What a mailing has between the two, owners show as well, and what only those prove of whom more do
not exist is no more than probable (of a script: if they are more by chance at most). Where a host
sends for many of us, as a mail server or a webmail behind this one does, each mailbox is judged by
itself, too.
"""


def as_markdown() -> str:
    """docs/detectors.md; a test fails while the committed page differs."""
    lines = [
        "# The detectors",
        "",
        "Derived from `analyzer/detect/` by `make docs`; do not edit.",
        "",
    ]
    for detector in DETECTORS:
        lines += [f"## {detector.name}", "", detector.question, ""]
        lines += [f"- {verdict}: {meaning}" for verdict, meaning in detector.verdicts.items()]
        lines += ["", f"What a stranger could have forged: {detector.forgeable}.", ""]
    lines += [MISUSE]
    for misuse in WEIGHED:
        lines += [f"### {misuse.mechanism}", "", "| points a message | sign |", "| --- | --- |"]
        lines += [f"| {misuse.base:+.2g} | every message, before any sign |"]
        for clue in misuse.clues:
            also = "" if clue.telling or clue.weight < 0 else "; owners too"
            lines += [f"| {clue.weight:+.2g} | {clue.meaning}{also} |"]
        lines += [""]
    return "\n".join(lines)
