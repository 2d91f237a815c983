"""What does honest mail look like? Every source that could be mistaken for abuse.

SOURCES says how often a source exists at a site.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.accuracy import machines, people, strangers
from benchmarks.accuracy.hours import HOUR
from benchmarks.accuracy.mail import Post
from benchmarks.accuracy.model import Attempt, History, Recipient
from benchmarks.accuracy.remotes import NO_NAME, fill


def outage_of_names(post: Post, history: History) -> None:
    """For an hour no name could be looked up: everything waits, and then goes at once."""
    rng = post.rng
    start = rng.uniform(history.start, history.end)
    for message, _ in history.messages():
        if not start <= message.time < start + HOUR:
            continue
        for recipient in message.recipients:
            first = recipient.attempts[0]
            if (
                first.exchanger is not None
                and len(recipient.attempts) == 1
                and first.outcome == "sent"
            ):
                recipient.attempts = _waited(recipient, start + HOUR - message.time, rng)


def _waited(recipient: Recipient, rest: float, rng: Random) -> list[Attempt]:
    first = recipient.attempts[0]
    assert first.exchanger is not None
    words = fill(NO_NAME[1], rng, domain=first.exchanger.domain)
    later = Attempt(
        rest + rng.uniform(5, 900), "sent", first.dsn, first.words, first.stage, first.exchanger
    )
    return [Attempt(first.after, "deferred", "4.4.3", words, "", first.exchanger), later]


Source = Callable[[Post, History], None]
# In this order: the last two change what the others did.
SOURCES: tuple[tuple[Source, float], ...] = (
    (people.users_write, 1.0),
    (people.mistypes, 1.0),
    (strangers.inbound, 1.0),
    (strangers.spam_comes_in, 1.0),
    (strangers.bounces_come_in, 1.0),
    (machines.cron, 0.9),
    (strangers.guessing, 0.9),
    (strangers.probes, 0.9),
    (machines.scanner, 0.5),
    (machines.monitoring, 0.4),
    (machines.bookkeeping, 0.5),
    (machines.newsletter, 0.4),
    (people.to_all_customers, 0.4),
    (people.invitations, 0.15),
    (machines.web_shop, 0.4),
    (machines.web_forms, 0.5),
    (people.on_the_move, 0.5),
    (people.traveller, 0.3),
    (people.branch_office, 0.4),
    (people.old_telephone, 0.3),
    (people.autoreplies, 0.6),
    (outage_of_names, 0.2),
)
