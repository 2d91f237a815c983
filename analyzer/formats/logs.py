"""A file's readings as one log: its events with their times, in the order of its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import clock, told_times
from analyzer.formats.clock import Turns, Year
from analyzer.formats.reader import Reading
from analyzer.formats.rotation import rotated
from analyzer.formats.stamps import DAY, LEAP_YEAR, MISSING
from analyzer.formats.years import following, latest, span
from analyzer.schema import UNREAD

__all__ = ["Log", "Year", "joined", "order", "years"]

GIVEN = ("queue id of Sendmail", "queue ids of Sendmail")
_LEAP_DAY = np.datetime64(f"{LEAP_YEAR}-02-29").astype(np.int64)
LINES_A_FILE = 1 << 42  # more than any file holds: order = rank of the file, then line


@dataclass
class Log:
    """One evidence file, read. `tables` as in `Reading`, over all blocks."""

    name: str
    tables: dict[str, pa.Table]
    unread: pa.Table
    lines: int
    parsed: int
    ignored: int
    blank: int
    ignored_by_program: Counter[str]
    turned: Turns

    @property
    def yearless(self) -> bool:
        """Are there stamps that name no year?"""
        return self.turned.first != MISSING


def joined(name: str, readings: Sequence[Reading]) -> Log:
    """The readings of a file's blocks, in order, as one; nothing is copied.

    Columns of words have a dictionary of their own in each block.
    """
    kinds = sorted({kind for reading in readings for kind in reading.tables})
    tables = {
        kind: pa.concat_tables(
            [reading.tables[kind] for reading in readings if kind in reading.tables],
            promote_options="default",
        )
        for kind in kinds
    }
    by_program: Counter[str] = Counter()
    for reading in readings:
        by_program.update(reading.ignored_by_program)
    unread = [reading.unread.cast(UNREAD) for reading in readings]
    return Log(
        name,
        tables,
        pa.concat_tables(unread) if unread else UNREAD.empty_table(),
        sum(reading.lines for reading in readings),
        sum(reading.parsed for reading in readings),
        sum(reading.ignored for reading in readings),
        sum(reading.blank for reading in readings),
        by_program,
        clock.join([(reading.first_line, reading.turns) for reading in readings]),
    )


def years(logs: Sequence[Log], given: int | None, modified: dict[str, int]) -> dict[str, Year]:
    """The year of each log's first line, and its ground; none for a log whose stamps all carry one.

    Args:
        given: What the user says, of the oldest part of a rotated log.
        modified: For each log, when its file was last written, in microseconds since 1970: the last
            resort.
    """
    yearless = [log for log in logs if log.yearless]
    if given is not None:
        return _from_oldest({log.name: log.turned for log in yearless}, given)
    found: dict[str, Year] = {}
    for log in yearless:
        ids = next(
            (log.tables[kind] for kind in ("client", "pickup", "queued") if kind in log.tables),
            None,
        )
        clues = clock.clues(log.tables.get("message_id"), ids, log.turned) + _sendmail_years(log)
        told = clock.choose(clues)
        if told is not None:
            found[log.name] = told
    known = [(log, found[log.name]) for log in yearless if log.name in found]
    for log in yearless:
        if log.name in found:
            continue
        if dated_by := _beside(log, known):
            found[log.name] = dated_by
        elif log.name in modified:
            year = latest(log.turned, _leap_days(log), modified[log.name])
            found[log.name] = Year(year, "only the file's modification time tells", guessed=True)
    return found


def _from_oldest(turned: dict[str, Turns], given: int) -> dict[str, Year]:
    """The given year is that of the oldest part of a rotated log; the others follow it."""
    found = {}
    for oldest, *parts in rotated(turned):
        found[oldest] = Year(given, "given")
        older = oldest
        for part in parts:
            year = following(turned[part], turned[older], found[older].year)
            found[part] = Year(year, f"follows {older}")
            older = part
    return found


def _leap_days(log: Log) -> set[int]:
    """How many New Years lie between the first line of a log and each 29 February in it."""
    found: set[int] = set()
    for table in log.tables.values():
        for chunk in table.select(["line", "micros", "with_year"]).to_batches():
            with_year = chunk["with_year"].to_numpy(zero_copy_only=False)
            there = ~with_year & (chunk["micros"].to_numpy() // DAY == _LEAP_DAY)
            passed = clock.years_after(log.turned, chunk["line"].to_numpy()[there])
            found.update(np.unique(passed).tolist())
    return found


def _sendmail_years(log: Log) -> clock.Clues:
    if "received" not in log.tables:
        return Counter()
    columns = log.tables["received"].select(told_times.READ)
    told = told_times.by_ids([columns.filter(pc.invert(columns["with_year"]))])
    found = told.year - clock.years_after(log.turned, told.line)
    return Counter({(int(year), GIVEN): n for year, n in Counter(found).items()})


def _beside(log: Log, known: Sequence[tuple[Log, Year]]) -> Year | None:
    """The year that puts a log nearest to one whose year is known: parts of one rotated set follow
    each other.
    """
    best: tuple[int, int, str] | None = None
    for other, year in known:
        begins, ends = span(other.turned, year.year)
        for candidate in range(year.year - 1, year.year + sum(other.turned.by) + 2):
            first, last = span(log.turned, candidate)
            gap = max(first - ends, begins - last, 0)
            if best is None or (gap, candidate, other.name) < best:
                best = (gap, candidate, other.name)
    return Year(best[1], f"nearest to {best[2]}") if best else None


def order(logs: dict[str, dict[str, pa.Table]]) -> list[str]:
    """Names of the logs by the time of their first event, so that a rotated set is read as it was
    written.
    """

    def first(name: str) -> tuple[int, str]:
        least = [pc.min(table["time"]).cast(pa.int64()).as_py() for table in logs[name].values()]
        return (min((time for time in least if time is not None), default=0), name)

    return sorted(logs, key=first)
