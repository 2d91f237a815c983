"""How sure is the report, and which way may its numbers be wrong? In words."""

from __future__ import annotations

from analyzer import words
from analyzer.display import display
from analyzer.report import sentences
from analyzer.report.facts import Facts
from analyzer.site import ours_alone

GRADES = {
    "confirmed": "Confirmed: this server accepted the abuse, and who is local was stated.",
    "probable": "Probable: the pattern fits abuse, but one link of the proof is missing.",
    "possible": "Possible: the pattern fits abuse, but innocent reasons are not ruled out.",
}
# What is confirmed is so by what was stated, which may be wrong itself.
AS_STATED = (
    "Confirmed: this server accepted the abuse, by who is local as stated; part of that looks "
    "wrong, as is said above."
)
GUESSED = (
    "The year is a guess: no line names it, only the file's own time does. If it is another, "
    "analyse again with --year."
)


def certainty(facts: Facts) -> list[str]:
    """How sure the report is, and which way its numbers may be wrong."""
    lines = [" ".join([_grade(facts), *_shares(facts)])] if facts.found else []
    lines += [GUESSED] if facts.year_guessed else []
    lines += [*_private(facts), *_clocks(facts)]
    if facts.unclear and facts.found:
        further = words.count(facts.unclear, "further message")
        lines.append(f"{further} could not be judged: an upper bound adds them.")
    if facts.lower_bound:
        lines.append("Lines are missing from the log, so counts are lower bounds.")
    missing = [*sentences.unread(facts), *sentences.untracked(facts), *sentences.closed(facts)]
    return [*lines, *(missing if facts.found else [])]


def _grade(facts: Facts) -> str:
    grade = sentences.grade(facts)
    doubted = grade == "confirmed" and sentences.doubt(facts)
    return AS_STATED if doubted else GRADES[grade]


def shares(facts: Facts) -> str:
    """How much of the abuse is how sure; empty where all of it is equally so."""
    parts = [f"{words.thousands(number)} {name}" for name, number in facts.grades.items()]
    return words.listing(parts) if len(parts) > 1 else ""


def _shares(facts: Facts) -> list[str]:
    told = shares(facts)
    return [f"Of the {facts.total.messages:,} messages: {told}."] if told else []


def _private(facts: Facts) -> list[str]:
    """Who stands among strangers although nobody elsewhere has such an address."""
    relay = facts.doors.get("open_relay")
    found = [address for address in relay.addresses if ours_alone(address)] if relay else []
    if not found:
        return []
    one = len(found) == 1
    names = words.listing([display(address, 45) for address in found])
    who = "1 private address counts" if one else f"{len(found):,} private addresses count"
    why = f"no network of site.toml that is believed holds {'it' if one else 'them'}"
    return [f"{who} as outside ({names}), a host or gateway of your own: {why}."]


def _clocks(facts: Facts) -> list[str]:
    """Servers whose clocks disagree: what one logs may seem to come before its cause."""
    clocks = facts.findings[facts.findings["detector"].eq("clock")]
    apart = clocks.loc[clocks["messages"].notna(), "reason"]  # by hand-overs between two servers
    if apart.empty or not facts.found:
        return []
    reasons = [words.capital(display(str(reason), 240)) for reason in apart]
    more = len(reasons) - sentences.DOUBTS_SHOWN
    rest = [f"{words.count(more, 'more pair')} of servers disagree too."] if more > 0 else []
    order = "What two servers log may stand in the wrong order."
    return [" ".join([*reasons[: sentences.DOUBTS_SHOWN], *rest, order])]
