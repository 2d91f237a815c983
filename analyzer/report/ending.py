"""Is it over, as far as the log reaches, and how did the abuse go on? In words.

Strangers' words in them have gone through `display`.
"""

from __future__ import annotations

import pandas as pd

from analyzer import words
from analyzer.report.facts import Facts

QUIET_ENOUGH = pd.Timedelta(hours=1)  # less silence than this at the end of a log says nothing


def over(facts: Facts) -> str:
    """Is it still going on? Only as far as the log reaches."""
    last, end = facts.total.last, facts.log_last
    if last is None or end is None:
        return "the log does not show when it ended."
    quiet = end - last
    if quiet < QUIET_ENOUGH:
        told = f"it was still going on when the log ends ({words.moment(end)})"
        return f"{told}{f'; {here}' if (here := _still_here(facts)) else ''}."
    told = f"no abusive message in the last {words.span(quiet)} of the log"
    if facts.denied_after is not None and facts.main_door == "open_relay":
        told += f", and {_refused(*facts.denied_after, last)}"
    if facts.course.failed_logins is not None:
        logins, _ = facts.course.failed_logins
        told += (
            f"; {words.count(logins, 'later login')} with its accounts or from its addresses failed"
        )
    if queue := what_was_queued(facts):
        told += f"; but {queue}"
    if facts.notices is not None and facts.notices.last is not None and facts.notices.last > last:
        told += f"; notices about it went out until {words.moment(facts.notices.last)}"
    return f"{told}."


def _refused(attempts: int, first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Relay attempts after the last relayed message, which need not be the last of all abuse."""
    were = words.form(attempts, "was", "were")
    if first > last:
        return f"{words.count(attempts, 'later relay attempt')} {were} refused"
    tried = words.count(attempts, "relay attempt")
    return f"from {words.moment(first)} on {tried} {were} refused"


def what_was_queued(facts: Facts) -> str:
    """What became of the queue after the last message came in; empty where nothing was left."""
    until = facts.course.sent_until
    sent = f"what was queued went out until {words.moment(until)}" if until else ""
    if sent:
        later = words.count(facts.course.sent_later, "delivery")
        sent += f" ({later} after the last message came in)"
    return ", and ".join(filter(None, [sent, _still_here(facts)]))


def _still_here(facts: Facts) -> str:
    """How many messages wait; empty where none does."""
    return facts.waiting.told


def early(facts: Facts) -> str:
    """After the first time; empty where the log begins well before it."""
    return ", where the log begins: it may have begun before" if facts.course.from_the_start else ""


def pause(facts: Facts) -> str:
    """Two waves are not told as one; empty where the abuse paused for no day."""
    if facts.course.pause is None:
        return ""
    begins, ends = facts.course.pause
    told = f"from {words.moment(begins)} to {words.moment(ends)}"
    return f"; its longest pause is {words.span(ends - begins)}, {told}"
