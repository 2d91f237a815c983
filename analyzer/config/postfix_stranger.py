"""What does this Postfix answer when a stranger names a sender and a recipient?

The lists are walked in the order in which smtpd walks them. Tests that need the network (DNS and
its blocklists) are taken to find nothing against the stranger: the question is what he can get, not
what stops most of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.config.given import Said
from analyzer.config.postfix_places import Places
from analyzer.config.postfix_walk import (
    DEEPEST,
    DEFER,
    DISCARD,
    DUNNO,
    REJECT,
    Decision,
    Stranger,
    Walk,
    classes,
)
from analyzer.config.postfix_words import LISTS, RECIPIENT, RELAY, SUFFICES

ACCEPTED, REFUSED, DEFERRED, DISCARDED, BROKEN = (
    "accepted", "refused", "deferred", "discarded", "broken",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """To RCPT TO. `permits` are the decisions that let the stranger through, one a list.

    `authorised` is the word that makes the recipient ours (`final`), or one that we relay for.
    """

    verdict: str
    decision: Decision
    permits: tuple[Decision, ...] = ()
    unknown: tuple[Said, ...] = ()
    authorised: Said | None = None
    final: bool = False


def answer(
    places: Places, stranger: Stranger, *, trusting: bool = False, only: Said | None = None
) -> Answer:
    """The server's answer to RCPT TO; *trusting*: if every unknown table permitted, or that one."""
    if (fatal := places.fatal) is not None:
        return Answer(BROKEN, Decision(DUNNO, fatal, fatal))
    if not works(places, RELAY) and not works(places, RECIPIENT):
        said = places.postfix.setting(RELAY if places.postfix.stated(RELAY) else RECIPIENT)
        place = Said(said.text, said.place) if said else None
        return Answer(BROKEN, Decision(DUNNO, place, place))
    dialogue = Walk(places, stranger, trusting, only)
    relay_first = places.postfix.text("smtpd_relay_before_recipient_restrictions") == "yes"
    order = (RELAY, RECIPIENT) if relay_first else (RECIPIENT, RELAY)
    permits: list[Decision] = []
    for name in (*LISTS, *order):
        decision = dialogue.decide(name)
        if decision.kind in (REJECT, DEFER):
            verdict = REFUSED if decision.kind == REJECT else DEFERRED
            return Answer(verdict, decision, tuple(permits), tuple(dialogue.unknown))
        if name in order and decision.kind != DUNNO:
            permits.append(decision)
    last = permits[-1] if permits else Decision(DUNNO)
    verdict = ACCEPTED
    if any(decision.kind == DISCARD for decision in permits):
        verdict = DISCARDED
    elif dialogue.defer_if_permit:
        verdict, last = (
            DEFERRED,
            Decision(DEFER, dialogue.defer_if_permit, dialogue.defer_if_permit),
        )
    unknown = tuple(dialogue.unknown)
    return Answer(verdict, last, tuple(permits), unknown, dialogue.authorised, dialogue.final)


def openers(places: Places, stranger: Stranger) -> tuple[Said, ...]:
    """What of the unknown opens the door if it permits: each by itself, or else all together."""
    hoped = answer(places, stranger, trusting=True)
    if hoped.verdict != ACCEPTED or hoped.final:
        return ()
    unknown = dict.fromkeys([*answer(places, stranger).unknown, *hoped.unknown])
    alone = (said for said in unknown if _opens(places, stranger, said))
    return tuple(alone) or hoped.unknown


def _opens(places: Places, stranger: Stranger, said: Said) -> bool:
    given = answer(places, stranger, trusting=True, only=said)
    return given.verdict == ACCEPTED and not given.final


def works(places: Places, name: str) -> bool:
    """Has the list a word that smtpd insists on? It does not look behind `permit`."""
    return _suffices(places, places.postfix.words(name), 0)


def _suffices(places: Places, words: Sequence[Said], depth: int) -> bool:
    names = classes(places)
    skip = False
    for said in words:
        if skip:
            skip = False
        elif said.value == "warn_if_reject":
            skip = True
        elif said.value == "permit":
            return False
        elif said.value in SUFFICES or (
            said.value in names
            and depth < DEEPEST
            and _suffices(places, places.postfix.words(said.value), depth + 1)
        ):
            return True
    return False
