"""Which zone is the clock of, that stamps without a zone show?

The log's own queue ids tell, if they hold the second of UTC at which they were given; then another
log of the same messages. Of two such logs that both name no zone, the first has the zone that is
assumed, and tells that of the other: else each message would count twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.formats import told_times, zone
from analyzer.formats.logs import Log
from analyzer.formats.pieces import plain
from analyzer.formats.stamps import SECOND
from analyzer.formats.told_times import WITH_NEW_ID, Told
from analyzer.formats.two_names import PLENTY, SHARE, SOME
from analyzer.rows import Int64

HALF = 0.5  # of the lines that tell: of servers in several zones, none is that of all
NEARLY_ALL = 0.9  # of the lines that tell, where they tell what nobody would expect
STAMP = ["micros", "with_year", "zoned", "line"]


class Zone(NamedTuple):
    """`name`: of the zone database, or fixed offsets as `zone.written` writes them. `ground`: what
    tells it, if the user does not. `against`: what the user states, if the log tells otherwise.
    """

    name: str
    ground: str = ""
    against: str | None = None


def zones(logs: Sequence[Log], assumed: str, stated: str | None = None) -> dict[str, Zone]:
    """The zone that stamps without one show, by log.

    Args:
        assumed: Where nothing tells it.
        stated: What the user says; it holds unless nearly all lines that tell say otherwise.
    """
    base = Zone(stated or assumed)
    found = {log.name: _told(_by_ids(log), "queue ids", stated, stated) for log in logs}
    if len(logs) > 1 and not all(found.values()):
        _beside(_beginnings(logs), found, base, stated)
    return {name: told or base for name, told in found.items()}


def _by_ids(log: Log) -> Told:
    return told_times.by_ids(log.tables[kind] for kind in WITH_NEW_ID if kind in log.tables)


def _told(
    told: Told, what: str, holds: str | None, stated: str | None, share: float = 0
) -> Zone | None:
    """The zone by lines that tell it; none where too small a *share* of them agrees, or where the
    one that *holds* else fits.
    """
    offset = told_times.offset(told)
    if offset is None or offset[1] < max(share, HALF) * len(told):
        return None
    offsets, agree = offset
    if holds is not None:
        shown = (told.at + told.ahead) * SECOND
        ahead = zone.offsets(shown, told.line, holds)[0] // SECOND
        right = np.abs(ahead - told.ahead) < told_times.QUARTER
        if right.sum() * 2 > len(told) or agree < NEARLY_ALL * len(told):
            return None
    return Zone(zone.written(offsets), f"{agree} of {len(told)} {what}", stated)


def _beside(
    begun: Mapping[str, pd.DataFrame],
    found: dict[str, Zone | None],
    base: Zone,
    stated: str | None,
) -> None:
    """Add the zones of logs that another log of the same messages tells."""
    # Who names the zone, and then who names the year, tells the others.
    asked = sorted(begun, key=lambda name: tuple(~begun[name][["zoned", "with_year"]].any()))
    for number, name in enumerate(asked):
        if found[name] or begun[name]["zoned"].all():
            continue
        for other in asked[:number]:
            known = found[other] or base
            told = _of_both(begun[name], begun[other], known.name)
            sure = found[other] or begun[other]["zoned"].all()
            holds = stated if sure else base.name
            found[name] = _told(told, f"messages of {other}", holds, stated, NEARLY_ALL)
            if found[name]:
                break


def _beginnings(logs: Sequence[Log]) -> dict[str, pd.DataFrame]:
    """By log, lines that name an id for the first time, of some ids: `queue_id` and the STAMP.

    No others: a message that waits is named again in the next part of a rotated log. The same ids
    of all logs: else two have few in common.
    """
    columns = ["queue_id", *STAMP]
    kept = {
        log.name: [log.tables[kind].select(columns) for kind in WITH_NEW_ID if kind in log.tables]
        for log in logs
    }
    one_in = sum(len(table) for tables in kept.values() for table in tables) // PLENTY + 1
    return {name: _begun(tables, columns, one_in) for name, tables in kept.items()}


def _begun(tables: Sequence[pa.Table], columns: list[str], one_in: int) -> pd.DataFrame:
    parts = [pd.DataFrame(columns=columns)]
    for chunk in (chunk for table in tables for chunk in table.to_batches()):
        ids = plain(chunk["queue_id"])
        hashed = pd.util.hash_array(ids.to_numpy(zero_copy_only=False))
        table = pa.table({**{name: chunk[name] for name in STAMP}, "queue_id": ids})
        parts.append(table.filter(pa.array(hashed % one_in == 0)).to_pandas())
    lines = pd.concat([part for part in parts if len(part)] or parts)
    return lines.sort_values("line", kind="stable").drop_duplicates("queue_id", ignore_index=True)


def _of_both(mine: pd.DataFrame, theirs: pd.DataFrame, name: str) -> Told:
    """Lines of mine about messages that another log, of the zone *name*, has too; none where they
    are few of those of either.
    """
    both = mine.merge(theirs, on="queue_id", suffixes=("", "_there"))
    if len(both) < SOME:
        return told_times.in_order([])
    shown, line = both["micros_there"].to_numpy(np.int64), both["line_there"].to_numpy(np.int64)
    ahead = np.where(both["zoned_there"].astype(bool), 0, zone.offsets(shown, line, name)[0])
    stamps = pa.RecordBatch.from_pandas(both[STAMP], preserve_index=False)
    told = told_times.near(stamps, (shown - ahead) // SECOND, np.ones(len(both), np.bool_))
    few = len(told) < SOME
    if few or len(told) < SHARE * min(_within(told.line, mine), _within(line, theirs)):
        return told_times.in_order([])
    return told


def _within(line: Int64, begun: pd.DataFrame) -> int:
    """How many messages begin between the first and the last of some lines."""
    return int(begun["line"].between(line.min(), line.max()).sum())
