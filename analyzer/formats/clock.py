"""Which year is it in a log whose stamps name none?

Within a file, a jump from December back to January is New Year. The year itself comes, in this
order, from the person who asks, from what the server wrote itself (Postfix's long queue ids and
Sendmail's hold the time; a Message-ID that Postfix made holds date and queue id, so it cannot be
foreseen by a sender), from files of the same run that know theirs, and only then from the file's
own modification time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import queue_ids
from analyzer.formats.stamps import DAY, LEAP_YEAR, MISSING
from analyzer.formats.zone import distinct
from analyzer.rows import Int64
from analyzer.window import YEARS
from analyzer.words import form

Clues = Counter[tuple[int, tuple[str, str]]]  # a year and what tells it, of one and of several

MADE = ("Message-ID that Postfix made", "Message-IDs that Postfix made")
GIVEN = ("long queue id", "long queue ids")
NEW_YEAR = 300 * DAY  # a jump back by less is disorder, or a clock set back
# The days of LEAP_YEAR since 1970, and the one after, for a leap second at its end.
_DAYS = np.arange(367) + np.datetime64(f"{LEAP_YEAR}-01-01").astype(np.int64)


@dataclass(frozen=True)
class Turns:
    """Where a file goes from one year to the next, and what joins it to the lines before and after.

    `at`: line numbers from which the year changes by `by`. `first`, `last`: yearless stamps in
    microseconds, MISSING without one. `least`, `most`: stamps with a year, in microseconds of UTC.
    """

    at: tuple[int, ...]
    by: tuple[int, ...]
    first: int
    last: int
    least: int
    most: int


@dataclass(frozen=True)
class Year:
    """The year of a file's first line, and why."""

    year: int
    ground: str
    guessed: bool = False  # nothing in the log tells it


def turns(micros: Int64, with_year: npt.NDArray[np.bool_], first_line: int) -> Turns:
    """The changes of year within one block of lines."""
    rows = np.flatnonzero(~with_year & (micros != MISSING))
    stamps = micros[rows]
    dated = micros[with_year & (micros != MISSING)]
    step = np.diff(stamps)
    change = np.flatnonzero(np.abs(step) > NEW_YEAR)
    return Turns(
        tuple(int(n) for n in rows[change + 1] + first_line),
        tuple(1 if jump < 0 else -1 for jump in step[change]),
        int(stamps[0]) if len(stamps) else int(MISSING),
        int(stamps[-1]) if len(stamps) else int(MISSING),
        int(dated.min()) if len(dated) else int(MISSING),
        int(dated.max()) if len(dated) else int(MISSING),
    )


def join(blocks: Sequence[tuple[int, Turns]]) -> Turns:
    """The changes of year of a whole file; each of its blocks with the number of its first line."""
    at: list[int] = []
    by: list[int] = []
    last = int(MISSING)
    for first_line, block in blocks:
        if block.first == MISSING:
            continue
        if last != MISSING and abs(block.first - last) > NEW_YEAR:
            at.append(first_line)
            by.append(1 if block.first < last else -1)
        at += block.at
        by += block.by
        last = block.last
    known = [block for _, block in blocks if block.first != MISSING]
    least = [block.least for _, block in blocks if block.least != MISSING]
    most = [block.most for _, block in blocks if block.most != MISSING]
    return Turns(
        tuple(at),
        tuple(by),
        known[0].first if known else int(MISSING),
        last,
        min(least, default=int(MISSING)),
        max(most, default=int(MISSING)),
    )


def years_after(turned: Turns, line: Int64) -> Int64:
    """How many New Years lie between the first line of the file and each line."""
    total = np.concatenate([[0], np.cumsum(np.array(turned.by, np.int64))])
    return total[np.searchsorted(np.array(turned.at, np.int64), line, "right")]


def clues(messages: pa.Table | None, ids: pa.Table | None, turned: Turns) -> Clues:
    """Years of the first line that the log itself tells, each with its ground and how often.

    Args:
        messages: Events with `message_id`, `queue_id`, `line`.
        ids: Events that begin a message: `queue_id`, `line`.
    """
    found: Clues = Counter()
    told = (
        (messages, ["line", "queue_id", "message_id"], _made, MADE),
        (ids, ["line", "queue_id"], _given, GIVEN),
    )
    for table, columns, of, ground in told:
        for chunk in table.select(columns).to_batches() if table is not None else ():
            year, rows = of(chunk)
            passed = years_after(turned, chunk["line"].to_numpy()[rows])
            for first, times in zip(*np.unique(year - passed, return_counts=True), strict=True):
                found[int(first), ground] += int(times)
    return found


def _made(messages: pa.RecordBatch) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """The years of Message-IDs that Postfix made, and which are such."""
    ids = pc.fill_null(messages["queue_id"].cast(pa.string()), "")
    made = pc.extract_regex(
        messages["message_id"].cast(pa.string()), r"^(?P<date>[0-9]{14})\.(?P<id>[0-9A-F]{6,20})@"
    )
    own = pc.fill_null(pc.equal(pc.struct_field(made, "id"), ids), False)
    dates = pc.struct_field(made, "date").filter(own)
    year = pc.utf8_slice_codeunits(dates, 0, 4).cast(pa.int64()).to_numpy()
    return year, own.to_numpy(zero_copy_only=False)


def _given(begins: pa.RecordBatch) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """The years of long queue ids, and which ids are long."""
    at, holds = queue_ids.postfix(begins["queue_id"])
    return at[holds].astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970, holds


def choose(found: Clues) -> Year | None:
    """The year that most clues agree on."""
    if not found:
        return None
    by_year: Counter[int] = Counter()
    for (year, _), times in found.items():
        by_year[year] += times
    year = min(by_year, key=lambda y: (-by_year[y], y))
    grounds = ", ".join(
        f"{times} {form(times, *ground)}"
        for (y, ground), times in sorted(found.items())
        if y == year
    )
    against = sum(by_year.values()) - by_year[year]
    disagree = f"; {against} {form(against, 'disagrees', 'disagree')}" if against else ""
    return Year(year, grounds + disagree)


def shown(micros: Int64, with_year: npt.NDArray[np.bool_], years: Int64) -> Int64:
    """Microseconds since 1970 of stamps as read, given the year of each; MISSING where there is no
    such day. Of the server's clock still, unless the stamp names its zone.
    """
    yearless = ~with_year & (micros != MISSING)
    if not yearless.any():
        return micros
    local, year = micros[yearless], years[yearless]
    met, row = distinct(np.clip(year, YEARS.start - 1, YEARS.stop))
    told = _later(met)[row, local // DAY - _DAYS[0]]
    whole = micros.copy()
    whole[yearless] = np.where(told == MISSING, MISSING, local + told)
    return whole


def _later(years: Int64) -> Int64:
    """By how much the days of each year, a row, are later than those of LEAP_YEAR, in microseconds;
    MISSING for 29 February of a common year, and for years that no time holds.
    """
    local = _DAYS.astype("datetime64[D]")
    month = local.astype("datetime64[M]")
    moved = (month.astype(np.int64) + (years[:, None] - LEAP_YEAR) * 12).astype("datetime64[M]")
    shifted = moved.astype("datetime64[D]") + (local - month.astype("datetime64[D]"))
    held = (years >= YEARS.start) & (years < YEARS.stop)
    there = (shifted.astype("datetime64[M]") == moved) & held[:, None]
    return np.where(there, (shifted - local).astype(np.int64) * DAY, MISSING)
