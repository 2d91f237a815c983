"""What does the whole test say? How many forms were refused, and what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from analyzer import words
from analyzer.probe import judge
from analyzer.probe.forms import MOST, NO_DOMAIN, OWN_NAME, PLAIN

# Answers, the worst first.
OPEN = "open_confirmed"  # a message arrived, or the server's own log says that it went out
TAKES = "takes_strangers_mail"  # accepted at RCPT; not yet proof that it is carried
YES_TO_ALL = "accepts_everything"  # undecidable without a message
DOUBTFUL = "doubtful"  # only forms that may be names of its own
CLOSED = "closed"
UNDECIDED = "undecided"  # no plain form got an answer


def counts(records: list[dict[str, Any]]) -> dict[str, int]:
    """Forms, without controls and doors where nothing listens, by verdict."""
    asked = [r for r in _forms(records) if r["verdict"] != judge.NOT_LISTENING]
    number = Counter(r["verdict"] for r in asked)
    return {
        "asked": len(asked),
        "refused": sum(number[name] for name in judge.CLOSED),
        "accepted": sum(number[name] for name in judge.ACCEPTED),
        "inconclusive": number[judge.INCONCLUSIVE] + number[judge.DEFERRED],
    }


def answer(records: list[dict[str, Any]]) -> str:
    """The answer by the dialogue alone; never `open_confirmed`, which takes a message."""
    forms = _forms(records)
    verdicts = {r["verdict"] for r in forms}
    if judge.SUSPICIOUS_HIGH in verdicts:
        both = all(
            _control(records, name) == judge.SUSPICIOUS_LOW for name in (OWN_NAME, NO_DOMAIN)
        )
        return YES_TO_ALL if both else TAKES
    if judge.SUSPICIOUS_LOW in verdicts:
        return DOUBTFUL
    plain = any(r["verdict"] in judge.CLOSED for r in forms if r["plain"])
    return CLOSED if plain else UNDECIDED


def shown_closed(result: dict[str, Any]) -> bool:
    """Was a stranger refused at every door, by every plain form, and asked as a stranger at all?

    A test that stopped early did not come to every door.
    """
    plain = [r for r in _forms(result["records"]) if r["plain"]]
    listening = [r["verdict"] for r in plain if r["verdict"] != judge.NOT_LISTENING]
    refused = bool(listening) and all(verdict in judge.CLOSED for verdict in listening)
    whole = not result.get("stopped")
    return result["answer"] == CLOSED and refused and whole and not result["client_private"]


def sentence(result: dict[str, Any]) -> str:
    """The one sentence of a report."""
    n = result["counts"]
    if not n["asked"] and result.get("stopped"):
        return f"Not decided: no form was answered; stopped early: {result['stopped']}."
    if not n["asked"]:
        return "Not decided: nothing listens at the doors that were asked."
    told = {
        OPEN: "Open: confirmed. {ground}",
        TAKES: "It took recipients elsewhere from a stranger: {accepted} of {asked} forms accepted "
        "at RCPT. That is not yet proof that it carries the mail; --deliver or --join tells.",
        YES_TO_ALL: "It accepts every recipient, even at a domain that cannot exist: undecidable "
        "without a message. --deliver or --join tells.",
        DOUBTFUL: "Doubtful: {accepted} of {asked} forms accepted, all of them such as may be "
        "names of its own; {refused} refused, {inconclusive} inconclusive.",
        CLOSED: "Closed for {closed}, {inconclusive} inconclusive.",
        UNDECIDED: "Not decided: {inconclusive} of {asked} forms got no answer that counts.",
    }[result["answer"]]
    closed = words.count(n["refused"], "tested form")
    return told.format(ground=result.get("ground", ""), closed=closed, **n)


def remarks(result: dict[str, Any]) -> list[str]:
    """What a reader has to know beside the answer."""
    found = []
    records = result["records"]
    own, nowhere = (_control(records, name) for name in (OWN_NAME, NO_DOMAIN))
    if own == judge.SUSPICIOUS_LOW and nowhere != judge.SUSPICIOUS_LOW:
        found.append(
            "Control: it also accepts a user of its own that nobody has, so an accepted form that "
            "may be a name of its own says little."
        )
    if own in judge.CLOSED and result["answer"] == DOUBTFUL:
        found.append(
            "Control: it refuses unknown users of its own, so what it accepted it can deliver "
            "somewhere: look at these forms."
        )
    if any(r["verdict"] == judge.REFUSED_FOR_NOW for r in records):
        found.append(
            "Refused with a temporary code: closed, but clients come again. Use a 5xx code."
        )
    silent = sorted({r["door"] for r in records if r["verdict"] == judge.NOT_LISTENING})
    if silent:
        found.append(f"Nothing listens at {', '.join(silent)}.")
    if result["left"]:
        found += _left(result)
    elif result["stopped"]:
        found.append(f"Stopped early: {result['stopped']}.")
    if result["client_private"]:
        found.append(
            f"Asked from {result['client']}, which is no public address: what holds for strangers "
            "is not shown. Test from outside your networks."
        )
    return found


def _left(result: dict[str, Any]) -> list[str]:
    """Forms that were not asked, or not once more after the server had said later."""
    why = result["stopped"] or f"{MOST} recipients are the most that one run names"
    heard = {r["form"] for r in result["records"]} - {PLAIN}  # that one is of every door
    never = [name for name in dict.fromkeys(result["left"]) if name not in heard]
    again = [name for name in dict.fromkeys(result["left"]) if name in heard]
    told = (("Not asked", never), ("Not asked again", again))
    return [f"{what}: {forms_named(names)}; {why}." for what, names in told if names]


def forms_named(names: Sequence[str]) -> str:
    """form 5; forms 5, 6."""
    return f"{words.form(len(names), 'form', 'forms')} {', '.join(names)}"


def _forms(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in records if r["form"] not in (OWN_NAME, NO_DOMAIN)]


def _control(records: list[dict[str, Any]], name: str) -> str | None:
    return next((r["verdict"] for r in records if r["form"] == name), None)
