"""How far is the clock that a log shows ahead of UTC, by lines whose second of UTC is known?

Of a line that was written when its queue id was given, the id may hold that second; of a line that
another log has too, the other may name its zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import queue_ids
from analyzer.formats.stamps import DAY, LEAP_YEAR, MISSING, SECOND
from analyzer.rows import Flags, Int64

WITH_NEW_ID = ("client", "pickup", "received")  # lines written when their queue id was just given
SECONDS_OF = {"postfix": queue_ids.postfix, "sendmail": queue_ids.sendmail}
READ = ["mta", "queue_id", "micros", "with_year", "zoned", "line"]
A_DAY, QUARTER = DAY // SECOND, 900  # seconds
# By how many quarters of an hour zones differ from UTC: whole hours, and the few others there are.
OTHERS = [-38, -14, -10, 14, 18, 22, 23, 26, 35, 38, 42, 51, 55]
ZONES = np.array(sorted([*range(-48, 57, 4), *OTHERS]), np.int64)
SLOW = 30  # seconds by which a clock may be slow
SUMMER = (4, -4, 2, -2)  # quarters of an hour by which clocks are changed
FARTHEST = 15 * 3600  # seconds: no zone lies farther from UTC, and a message is soon collected
SOME = 1 << 10  # ids of a block; if none of them holds its second, the others are of that form too
ENOUGH = 5  # lines; fewer may all have been written slowly


@dataclass(frozen=True)
class Told:
    """Lines whose stamp names no zone, in order of `line`: the second of UTC `at` which each was
    written, and by how many seconds its stamp is `ahead` of that, in the year that is nearest.
    """

    line: Int64
    at: Int64
    ahead: Int64

    @property
    def year(self) -> Int64:
        """Of the stamps."""
        return (self.at + self.ahead).astype("datetime64[s]").astype("datetime64[Y]").astype(
            np.int64
        ) + 1970

    def __len__(self) -> int:
        return len(self.line)


def by_ids(tables: Iterable[pa.Table]) -> Told:
    """What queue ids that hold their second tell of the lines that first name them.

    Args:
        tables: As in `Reading`, each of a kind in WITH_NEW_ID.
    """
    chunks = [chunk for table in tables for chunk in table.select(READ).to_batches()]
    return in_order([_by_ids(chunk, mta) for chunk in chunks for mta in SECONDS_OF])


def _by_ids(lines: pa.RecordBatch, mta: str) -> Told:
    mine = lines.filter(pc.equal(lines["mta"], mta))
    _, some_hold = SECONDS_OF[mta](mine["queue_id"].slice(0, SOME))
    if not some_hold.any():
        mine = mine.slice(0, 0)
    return near(mine, *SECONDS_OF[mta](mine["queue_id"]))


def in_order(parts: list[Told]) -> Told:
    """All of them, by line."""
    columns = [
        np.concatenate([np.empty(0, np.int64), *[getattr(part, name) for part in parts]])
        for name in ("line", "at", "ahead")
    ]
    by_line = np.argsort(columns[0], kind="stable")
    return Told(*(column[by_line] for column in columns))


def near(lines: pa.RecordBatch, at: Int64, known: Flags) -> Told:
    """Of lines whose second of UTC is *known* to be *at* those without a zone that a zone may put
    there: `micros, with_year, zoned, line`.
    """
    micros = lines["micros"].to_numpy()
    with_year, zoned = (lines[name].to_numpy(zero_copy_only=False) for name in READ[3:5])
    asked = np.flatnonzero(known & (micros != MISSING) & ~zoned)
    at, stamp, with_year = at[asked], micros[asked].astype("datetime64[us]"), with_year[asked]
    month = stamp.astype("datetime64[M]")
    year = at.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    best = np.full(len(asked), np.iinfo(np.int64).max)
    for later in (0, -1, 1):
        moved = month.astype(np.int64) + np.where(with_year, 0, (year + later - LEAP_YEAR) * 12)
        first = moved.astype("datetime64[M]").astype("datetime64[us]")
        shown = first + (stamp - month.astype("datetime64[us]"))
        ahead = shown.astype(np.int64) // SECOND - at
        best = np.where(np.abs(ahead) < np.abs(best), ahead, best)
    there = np.abs(best) <= FARTHEST
    return Told(lines["line"].to_numpy()[asked][there], at[there], best[there])


def offset(told: Told) -> tuple[list[tuple[int, int]], int] | None:
    """From which line on the stamps are how many minutes ahead of UTC, and how many lines say so.

    A line is written after its id was given, so the smallest differences are the truest: of each
    day the smallest counts, and the median of these in whole quarters of an hour. Where summer
    time begins or ends in the file, it is told for the lines before and after.
    """
    if len(told) < ENOUGH:
        return None
    day, ahead = (told.at + told.ahead) // A_DAY, told.ahead
    whole = _quarters(day, ahead)
    quarter = _nearest((ahead + SLOW) // QUARTER)
    begins = _change(quarter, whole)
    if begins is None:
        return [(0, whole * QUARTER // 60)], int((quarter == whole).sum())
    before, after = _quarters(day[:begins], ahead[:begins]), _quarters(day[begins:], ahead[begins:])
    agree = (quarter[:begins] == before).sum() + (quarter[begins:] == after).sum()
    offsets = [(0, before * QUARTER // 60), (int(told.line[begins]), after * QUARTER // 60)]
    return offsets, int(agree)


def _quarters(day: Int64, ahead: Int64) -> int:
    least = np.full(int(day.max() - day.min()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, day - day.min(), ahead)
    by_day = least[least < np.iinfo(np.int64).max]
    return int(_nearest(np.floor((np.median(by_day[:, None], axis=0) + SLOW) / QUARTER))[0])


def _nearest(quarters: npt.NDArray[Any]) -> Int64:
    """Of each number of quarters of an hour the nearest by which a zone differs from UTC."""
    after = np.searchsorted(ZONES, quarters).clip(1, len(ZONES) - 1)
    lower, upper = ZONES[after - 1], ZONES[after]
    nearest: Int64 = np.where(quarters - lower < upper - quarters, lower, upper)
    return nearest


def _change(quarter: Int64, whole: int) -> int | None:
    """The first line after a change by half an hour or an hour, if nearly all before it agree with
    one side and nearly all after it with the other.
    """
    for by in SUMMER:
        for first, then in ((whole, whole + by), (whole + by, whole)):
            before, after = np.zeros((2, len(quarter) + 1), np.int64)
            np.cumsum(quarter == first, out=before[1:])
            np.cumsum(quarter == then, out=after[1:])
            right = before + after[-1] - after
            begins = int(right.argmax())
            sides = (before[begins], after[-1] - after[begins])
            wrong = int(before[-1]) + int(after[-1]) - int(right[begins])
            if min(sides) >= ENOUGH and wrong * 20 <= right[begins]:
                return begins
    return None
