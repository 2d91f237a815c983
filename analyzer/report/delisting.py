"""What is written to a blocklist that refuses us: cause, end, fix, quiet since, and the proof?

Nothing is claimed that the case does not show. What only the administrator knows is a line to be
filled in, in square brackets.
"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report import ending, sentences
from analyzer.report.closed import Closing, closing
from analyzer.report.facts import Facts, gather
from analyzer.report.letter import file_name, paragraphs, places_of
from analyzer.report.refusals import SAID, provider
from analyzer.site import ours_alone

FIX = "[What was changed, and when: the log does not say it. One sentence.]"
SIGNED = "[Name, function, address at which you can be reached]"
LISTS = ("list", "domain")  # that others ask; the rest of those who refuse are receivers
YEAR = "[The year is a guess: see that it is right before you send this.]"
NOT_FOUND = (
    "Nobody refuses us in this log, or not in words that name a list: no request is written."
)


def requests(case: Case) -> dict[str, str]:
    """A text for each list or provider that refused us, by file name."""
    facts = gather(case)
    end, ours = closing(case, facts), _our_addresses(case)
    listed = case.impact.get("blocklists", [])
    found = {
        f"delisting-{file_name(entry['provider'])}.txt": _request(entry, facts, end, ours)
        for entry in listed
    }
    return found or {"delisting.txt": NOT_FOUND + "\n"}


def _our_addresses(case: Case) -> list[str]:
    """Those of the servers that the site states."""
    stated = case.site.get("servers") or []
    return [display(str(name), 45) for name in stated if ours_alone(str(name)) is False]


def _request(entry: dict[str, Any], facts: Facts, end: Closing, ours: list[str]) -> str:
    name = provider(entry)
    server = sentences.server(facts)
    addresses = [display(str(q["address"]), 45) for q in entry.get("quoted") or []] or ours
    named = words.listing(addresses) if addresses else "[our address]"
    page = display(str(entry.get("page") or ""), 160)
    head = [f"To: {name}" + (f" ({page})" if page else ""), f"About: {named}, {server}", ""]
    body = _innocent(facts) if not facts.found else [*_cause(facts), *_end(facts, end)]
    year = YEAR if facts.year_guessed else ""
    return "\n".join(head) + paragraphs(_taken(entry), year, *body, _refused(entry), SIGNED)


def _taken(entry: dict[str, Any]) -> str:
    if not entry.get("ended"):
        return ""
    mails = words.count(int(entry["taken_since"]), "mail")
    return (
        f"[The servers that refused took {mails} from us after their last refusal: ask only if a "
        "look at the list says that it still names us.]"
    )


def _cause(facts: Facts) -> list[str]:
    if facts.verdict == "possible":
        doubt = "The cause is not certain: who is local was not stated when the log was read."
    else:
        doubt = ""
    doors = facts.causes or {facts.main_door: facts.total}
    least = sentences.least(facts)
    told = [
        f"Cause: {facts.door(name).cause}: {least}{words.count(total.messages, 'message')} for "
        f"{words.count(total.recipients, 'recipient')}, {_when(total.first, total.last)}."
        for name, total in doors.items()
    ]
    return [doubt, *told] if doubt else told


def _when(first: Any, last: Any) -> str:
    if first is None or last is None:
        return "at times that the log does not show"
    return f"from {words.moment(first)} to {words.moment(last)}"


def _end(facts: Facts, end: Closing) -> list[str]:
    """The end and what proves it; without proof, what has to be done before this is sent."""
    told = []
    if end.open_again:
        return ["[Do not send this yet: a relay test found the door open.]"]
    if not end.ended or end.clean is None:
        return ["[Do not send this yet: the log ends while the abuse goes on.]"]
    clean = f"{words.span(end.clean)} to the end of the log"
    alive = ""
    if end.messages_since:
        alive = f", in which the server took {words.count(end.messages_since, 'other message')}"
    last = words.moment(end.end) if end.end is not None else words.NONE
    told.append(f"End: the last abusive message came on {last}; none in the {clean}{alive}.")
    told += [f"But {queue}."] if (queue := ending.what_was_queued(facts)) else []
    if end.draining or end.waiting:
        told.append("[Do not send this yet: the queue may send more of it. Empty it first.]")
    if end.closed:
        told.append("The door is closed. " + " ".join(end.proofs))
    else:
        told.append("[The log does not show that the door is closed. Test it first, and say how.]")
        told += end.proofs
    return [*told, f"Fix: {FIX}"]


def _refused(entry: dict[str, Any]) -> str:
    """Who refused, and in which words: a list refuses nobody itself, servers that ask it do."""
    reply = str(entry.get("words") or "")
    host = SAID.match(reply)
    said = display(SAID.sub("", reply), 300)
    by = display(host[1], 120) if host else ""
    first, last = (
        display(str(entry.get(name) or words.NONE), 30).replace("T", " ").replace("Z", " UTC")
        for name in ("first", "last")
    )
    when = f"from {first} to {last} ({words.count(int(entry.get('refusals') or 0), 'recipient')})"
    told = f"You refused mail of ours {when}{f', first at {by}' if by else ''}, in these words"
    if entry.get("kind") in LISTS:
        told = f"Servers of others refused mail of ours {when} and named you; the first"
        told += f", {by}, said" if by else " said"
    return f"{told}: “{said}”. Lines of our log: {places_of(entry.get('evidence'))}."


def _innocent(facts: Facts) -> list[str]:
    first, last = facts.log_first, facts.log_last
    read = words.count(facts.messages_read, "message")
    told = f"Our mail log {_when(first, last)} holds {read}, none of which was found to be abuse."
    if not sentences.judged(facts):
        told += " [Do not send this yet: too little could be judged; report.html says what helps.]"
    ask = "Please tell us the time (UTC) and a sample or the kind of what you saw."
    return [told, "It shows this server only, not other hosts behind the same address.", ask]
