"""Which sentences follow from the numbers: title, lead, doubt?

Strangers' words in them have gone through `display`.
"""

from __future__ import annotations

import pandas as pd

from analyzer import words
from analyzer.display import display
from analyzer.report import ending, tried
from analyzer.report.facts import Facts
from analyzer.report.totals import Total

MOST = 0.1  # of the lines of mail programs unread: then a log without abuse acquits nobody
HALF = 0.5  # of the messages not judged: then nothing is said of all of them
WRONG_SITE = "Who is local looks wrong as stated, and every verdict depends on it."
DOUBTS_SHOWN = 2
DOUBT = (
    "Verdicts stay at possible: who is local was not stated (site.toml) but inferred from the log."
)
SURENESS = {"probable": "probably", "possible": "possibly"}
NAME = "name your domains and networks in a site.toml (`relaytrail site infer`), analyse again"
OLDER = "give the older logs too: most of these messages came before the first line of this one"
SEE_SITE = "see that site.toml names all your domains and networks"
RECEIPT = "give the older logs, or of an export of Exchange the rows of all events (RECEIVE)"
TRACKING = "give the files of the folder MessageTracking too"
ELSEWHERE = (
    "The log shows only what this server did between its first and last line: mail that went "
    "past it, or before or after, cannot be seen here."
)


def server(facts: Facts) -> str:
    """The server's name, as logged; of several, that of the one that was abused."""
    names = [display(name, 60) for name in facts.took_in or facts.servers if name]
    return words.listing(names, 1) if names else "this server"


def grade(facts: Facts) -> str:
    """The verdict that the headline names: of the door that is told of first."""
    return next(iter(facts.graded.get(facts.main_door, {})), facts.verdict)


def title(facts: Facts) -> str:
    if not facts.found:
        what = "No relay abuse found on" if judged(facts) else "Not judged: the mail of"
        part = ", in what was read" if facts.closed and judged(facts) else ""
        return f"{what} {server(facts)}{part}"
    subject = facts.door(facts.main_door).title
    if facts.verdict == "possible":
        subject = f"Possible {subject[0].lower()}{subject[1:]}"
    return f"{subject} {server(facts)}"


def subtitle(facts: Facts) -> str:
    read = words.count(facts.lines["lines"], "line")
    if facts.log_first is None or facts.log_last is None:
        return f"{read} of logs, none with a time"
    guess = "; the year is a guess" if facts.year_guessed else ""
    first, last = words.moment(facts.log_first), words.moment(facts.log_last)
    return f"Mail log from {first} to {last}, {read}{guess}"


def lead(facts: Facts) -> list[str]:
    """The two sentences a manager reads."""
    return [what(facts), _outcome(facts)] if facts.found else _innocent(facts)


def what(facts: Facts) -> str:
    """When, who, what, how many: what is as sure as the headline says, of the main door.

    What is less sure, and the other doors, are named.
    """
    mechanism = facts.main_door
    total = facts.graded.get(mechanism, {}).get(grade(facts), facts.total)
    possible = "Possibly, " if facts.verdict == "possible" else ""
    when = words.capital(possible + _between(total))
    deed = f"{_deed(facts, mechanism, total)}{_besides(facts)}"
    return f"{when}, {server(facts)} {deed}{ending.pause(facts)}."


def _besides(facts: Facts) -> str:
    """What is less sure, and other doors than the main one; notices about it are told elsewhere."""
    named, main = grade(facts), facts.main_door
    others = [
        f"{SURENESS[less]} {words.count(total.messages, 'message')} more of that kind"
        f"{_sources(total)}"
        for less, total in list(facts.graded.get(main, {}).items())[1:]
    ]
    others += [
        f"{doubt}{told.format(messages=words.count(total.messages, 'message'), logins=logins)}"
        for mechanism, total in list(facts.causes.items())[1:]
        if (told := facts.door(mechanism).besides)
        for doubt in [_doubtful(facts, mechanism, named)]
        for logins in [words.form(len(total.accounts), "a stolen login", "stolen logins")]
    ]
    return f"; besides, {' and '.join(others)}" if others else ""


def _sources(total: Total) -> str:
    return f" from {words.count(len(total.addresses), 'address')}" if total.addresses else ""


def _doubtful(facts: Facts, mechanism: str, named: str) -> str:
    """A word before a door of which something is less sure than the headline says."""
    weakest = list(facts.graded.get(mechanism, {named: None}))[-1]
    return f"{SURENESS[weakest]} " if weakest in SURENESS and weakest != named else ""


def least(facts: Facts) -> str:
    """What stands before a count when lines are missing."""
    return "at least " if facts.lower_bound else ""


def _deed(facts: Facts, mechanism: str, total: Total) -> str:
    accounts = [display(account, 60) for account in total.accounts]
    login = "the login" if len(accounts) == 1 else f"{len(accounts):,} logins,"
    return facts.door(mechanism).deed.format(
        messages=least(facts) + words.count(total.messages, "message"),
        recipients=words.count(total.recipients, "recipient"),
        elsewhere=words.count(total.elsewhere, "recipient"),
        addresses=words.count(len(total.addresses), "address")
        if total.addresses
        else "an address that the log does not show",
        accounts=f"{login} {words.listing(accounts)}" if accounts else "logins",
    )


def _between(total: Total) -> str:
    first, last = total.first, total.last
    if first is None or last is None:
        return "at a time the log does not show"
    if last - first < pd.Timedelta(minutes=1):
        return f"on {words.day(first)} at {first:%H:%M} UTC"
    if first.date() == last.date():
        return f"on {words.day(first)} between {first:%H:%M} and {last:%H:%M} UTC"
    return f"between {words.moment(first)} and {words.moment(last)}"


def _outcome(facts: Facts) -> str:
    total = facts.total
    accepted = words.thousands(total.delivered) if total.delivered else "none"
    fate = f"The next servers accepted {accepted} of all {total.recipients:,} deliveries"
    if total.recipients == 1:
        fate = f"The next server {'accepted' if total.delivered else 'has not accepted'} it"
    return f"{fate}; {ending.over(facts)}"


def _innocent(facts: Facts) -> list[str]:
    lines = words.count(facts.lines["lines"], "line")
    if no_mail(facts):
        return _no_mail(facts, lines)
    deliveries = words.count(facts.deliveries_read, "delivery")
    read = f"{words.count(facts.messages_read, 'message')} and {deliveries}"
    unclear = f"; {words.count(facts.unclear, 'message')} could not be judged"
    doubt = unclear if facts.unclear else ""
    found = f"Among {read} in {lines}, none was found to be relayed for strangers{doubt}."
    if mostly_unread(facts):
        number = words.thousands(facts.lines["unread"])
        return [
            f"Nothing can be said: {number} of {lines} could not be read. {found}",
            "This is no sign of innocence; unread.parquet holds these lines.",
        ]
    if mostly_untracked(facts):
        came = f"{words.count(facts.untracked, 'message')} came by SMTP of which no row of message"
        return [
            f"Nothing can be said: {came} tracking tells. {found}",
            f"This is no sign of innocence; {TRACKING}.",
        ]
    told = [*tried.misused(facts.findings), *unread(facts), *untracked(facts)]
    if mostly_unclear(facts):
        of = f"{words.thousands(facts.unjudged)} of {words.count(facts.messages_read, 'message')}"
        nothing = f"Nothing can be said: {of} could not be judged."
        remedy = SEE_SITE if facts.site_known else NAME
        if facts.came_before > HALF * facts.unjudged:
            remedy = OLDER
        said = " ".join([nothing, found, *closed(facts)])
        return [said, f"This is no sign of innocence; {remedy}.", *told]
    return [" ".join([found, *closed(facts)]), *told, ELSEWHERE]


def _no_mail(facts: Facts, lines: str) -> list[str]:
    if facts.lines["outside_window"]:
        why = "no mail came in the time asked about"
        remedy = "ask about a longer time"
    elif facts.deliveries_read:
        told = words.count(facts.deliveries_read, "delivery")
        why = f"{lines} tell of {told}, and none of how that mail came in"
        remedy = f"{RECEIPT} too"
    else:
        why, remedy = f"none of {lines} tells of mail", "check that these are the mail logs"
    return [f"Nothing could be judged: {why}.", f"This is no sign of innocence; {remedy}."]


def closed(facts: Facts) -> list[str]:
    """Part of the evidence may hold what the rest does not."""
    if not facts.closed:
        return []
    names = words.listing([display(name, 60) for name in facts.closed], 3)
    number = len(facts.closed)
    what = f"{words.count(number, 'file')} {words.form(number, 'was', 'were')}"
    return [f"But {what} not read, or not to the end, and may tell more: {names}."]


def unread(facts: Facts) -> list[str]:
    """Lines that were not understood may hold more."""
    lines = facts.lines["unread"]
    if not lines:
        return []
    return [f"{words.count(lines, 'line')} could not be read, and may tell more."]


def untracked(facts: Facts) -> list[str]:
    """So may messages that only the receive protocol tells of."""
    if not facts.untracked:
        return []
    came = words.count(facts.untracked, "message")
    return [f"{came} came by SMTP of which no row of message tracking tells: {TRACKING}."]


def judged(facts: Facts) -> bool:
    """Whether enough was read, and of that enough judged, to say that nothing was found."""
    doubts = (no_mail, mostly_unread, mostly_untracked, mostly_unclear)
    return not any(doubt(facts) for doubt in doubts)


def no_mail(facts: Facts) -> bool:
    """No line tells of mail that came in, or was kept out."""
    return not facts.lines["parsed"] or not (facts.messages_read or facts.denied)


def mostly_untracked(facts: Facts) -> bool:
    """The same of messages, of which the receive protocol of Exchange alone tells."""
    return facts.untracked > MOST * (facts.untracked + facts.messages_read)


def mostly_unclear(facts: Facts) -> bool:
    """Most of the messages that were taken could not be judged."""
    return facts.unjudged > HALF * facts.messages_read


def mostly_unread(facts: Facts) -> bool:
    """More than MOST of the lines that speak of mail could not be read."""
    return mostly(facts.lines)


def mostly(lines: dict[str, int]) -> bool:
    """The same of counts of lines."""
    return lines["unread"] > MOST * (lines["parsed"] + lines["unread"])


def doubt(facts: Facts) -> str:
    """What stands above everything else: who is local was not stated, or looks wrong as stated."""
    if not facts.site_known:
        return DOUBT
    found = facts.findings[facts.findings["detector"].eq("site_doubt")]
    reasons = [display(str(reason), 400) for reason in found["reason"]]
    if not reasons:
        return ""
    more = len(reasons) - DOUBTS_SHOWN
    rest = (
        [f"{words.count(more, 'more doubt')} under the limits of this report."] if more > 0 else []
    )
    return " ".join([WRONG_SITE, *reasons[:DOUBTS_SHOWN], *rest])


def two_lines(time: pd.Timestamp | None) -> tuple[str, str]:
    """A time as a large and a small line."""
    if time is None:
        return words.NONE, "not in the log"
    return words.day(time), f"{time:%H:%M} UTC"


def years(facts: Facts) -> str:
    """The year or years of the abuse, for tables that leave it out."""
    times = [time for time in (facts.total.first, facts.total.last) if time is not None]
    return " to ".join(sorted({str(time.year) for time in times})) or words.NONE
