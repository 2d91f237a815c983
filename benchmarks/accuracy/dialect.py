"""What do all dialects share? Lines in order of time, process numbers, the ids each message got."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from benchmarks.accuracy.model import History


@dataclass(slots=True)
class Written:
    """Files by name; for every message and place of a recipient its queue ids, first one first."""

    files: dict[str, str]
    ids: dict[tuple[int, int], list[str]]
    fractions: bool  # the stamps have fractions of a second


class Processes:
    """Processes of one service: a free one is used again, a new one gets the next number."""

    def __init__(self, rng: Random, counter: list[int], idle: float = 100.0) -> None:
        self.rng, self.counter, self.idle = rng, counter, idle
        self.free: list[tuple[float, int]] = []  # when it became free

    def take(self, at: float, until: float) -> int:
        """A process that is busy from *at* to *until*; callers ask in order of time."""
        while self.free and self.free[0][0] < at - self.idle:
            heapq.heappop(self.free)
        if self.free and self.free[0][0] <= at:
            _, pid = heapq.heappop(self.free)
        else:
            self.counter[0] += self.rng.randint(1, 4)
            pid = self.counter[0]
        heapq.heappush(self.free, (until, pid))
        return pid


@dataclass(slots=True)
class Lines:
    """Lines as they are found, to be put in order of time; `rfc3339` or the traditional head."""

    host: str
    zone: str
    rfc3339: bool
    found: list[tuple[float, int, str, str]] = field(default_factory=list)

    def add(self, at: float, tag: str, text: str) -> None:
        self.found.append((at, len(self.found), tag, text))

    def text(self, history: History) -> str:
        zone = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        out = []
        for at, _, tag, text in sorted(self.found):
            if not history.start <= at < history.end:
                continue
            if self.rfc3339:
                head = datetime.fromtimestamp(at, zone).isoformat(timespec="microseconds")
            else:
                head = traditional(at, self.zone)
            out.append(f"{head} {self.host} {tag}: {text}\n")
        return "".join(out)


def traditional(at: float, zone: str) -> str:
    moment = datetime.fromtimestamp(at, UTC if zone == "UTC" else ZoneInfo(zone))
    return f"{MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S}"


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
