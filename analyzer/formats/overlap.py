"""Which lines of one log stand in another log too, and must not count twice?

A copy of yesterday and today's longer file, a file that begins in the middle of another, the same
lines from the journal and from a file: two rows are the same line if they say the same in every
column, in the same second or, where nothing fits better, in the next. Within one log nothing is the
same here (`received_twice` asks that): two connects in one second are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.alike import NONE, InChunks, Part, Span, Tables, codes, short, stretches
from analyzer.formats.pieces import plain
from analyzer.formats.stamps import SECOND
from analyzer.rows import Int64

ENDS = ["server", "time_min", "time_max"]
EXACT = 1  # second: the journal takes its own time


def once(
    logs: dict[str, Tables], names: Sequence[str], slack: Mapping[str, int]
) -> tuple[dict[str, Tables], dict[str, Counter[str]]]:
    """The logs without rows that a log before them has; and for each log how many, by that log.

    Args:
        logs: Each with `time` instead of the stamps as read.
        names: Of the logs; the first that has a line keeps it.
        slack: By server, seconds by which the same line may differ, if not one.
    """
    shared = _shared_spans(logs, names, _most(slack)) if len(names) > 1 else {}
    kept = {name: dict(tables) for name, tables in logs.items()}
    told: dict[str, Counter[str]] = {name: Counter() for name in names}
    contested = [name for name in names if name in shared]
    for kind in sorted({kind for name in contested for kind in logs[name]}):
        parts = [
            Part(name, logs[name][kind], shared[name]) for name in contested if kind in logs[name]
        ]
        for stretch in stretches(parts) if len(parts) > 1 else ():
            _compare(parts, stretch, slack, told)
        for part in parts:
            if not part.keep.any():
                del kept[part.name][kind]
            elif not part.keep.all():
                kept[part.name][kind] = part.kept()
    return kept, {name: counts for name, counts in told.items() if counts}


def _most(slack: Mapping[str, int]) -> int:
    return max(slack.values(), default=EXACT)


def _shared_spans(logs: dict[str, Tables], names: Sequence[str], slack: int) -> dict[str, Span]:
    """Of each log that another of the same server and time may repeat, the time in which it may."""
    spans = {name: _spans(logs[name]) for name in names}
    shared: dict[str, Span] = {}
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            for server in spans[one].keys() & spans[other].keys():
                mine, theirs = spans[one][server], spans[other][server]
                first, last = max(mine[0], theirs[0]) - slack, min(mine[1], theirs[1]) + slack
                if first > last:
                    continue
                for name in (one, other):
                    known = shared.get(name, (first, last))
                    shared[name] = (min(known[0], first), max(known[1], last))
    return shared


def _spans(tables: Tables) -> dict[str | None, Span]:
    """First and last second of each server in a log."""
    spans: dict[str | None, Span] = {}
    for table in tables.values():
        for chunk in table.select(["server", "time"]).to_batches():
            for server, first, last in _spans_of(chunk):
                least, most = spans.get(server, (first, last))
                spans[server] = (min(least, first), max(most, last))
    return spans


def _spans_of(chunk: pa.RecordBatch) -> Iterator[tuple[str | None, int, int]]:
    coded = chunk["server"]
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    names = short(coded.dictionary).to_pylist()
    grouped = pa.table({"server": coded.indices, "time": chunk["time"].cast(pa.int64())})
    ends = grouped.group_by("server").aggregate([("time", "min"), ("time", "max")])
    for code, first, last in zip(*(ends[name].to_pylist() for name in ENDS), strict=True):
        if first is not None:
            yield (names[code] if code is not None else None), first // SECOND, last // SECOND


def _near(found: Sequence[InChunks], slack: int) -> list[InChunks]:
    """Of the rows of each log those that were written near one of another log."""
    seconds = [np.unique(np.concatenate([NONE, *[at for *_, at in rows]])) for rows in found]
    near = []
    for number, rows in enumerate(found):
        others = np.concatenate([NONE, *seconds[:number], *seconds[number + 1 :]])
        asked = np.unique(np.add.outer(others, np.arange(-slack, slack + 1)))
        kept = [(chunk, row, at, np.isin(at, asked)) for chunk, row, at in rows]
        near.append([(chunk, row[mine], at[mine]) for chunk, row, at, mine in kept if mine.any()])
    return near


def _compare(
    parts: Sequence[Part], stretch: Span, slack: Mapping[str, int], told: dict[str, Counter[str]]
) -> None:
    """Mark the rows in a stretch of time that a log before has, and count them by that log.

    What is near may decide, so the rows around the stretch are looked at too.
    """
    most = _most(slack)
    found = _near([part.within(stretch[0] - most, stretch[1] + most) for part in parts], most)
    there = [(part, rows) for part, rows in zip(parts, found, strict=True) if rows]
    if not there:
        return
    tables = [part.said(rows) for part, rows in there]
    some = pa.concat_tables(tables, promote_options="default")
    said = pd.DataFrame(
        {
            "log": np.repeat(np.arange(len(tables)), [len(table) for table in tables]),
            "said": codes(some),
            "slack": _slacks(plain(some["server"]), slack),
            **{name: some[name].to_numpy() for name in ("second", "row", "line")},
        }
    ).sort_values(["log", "line"], kind="stable", ignore_index=True)
    before = _log_before(said)
    repeated = (before >= 0) & said["second"].between(*stretch, inclusive="left").to_numpy()
    for number, (part, _) in enumerate(there):
        mine = said["log"].eq(number).to_numpy() & repeated
        part.keep[said["row"].to_numpy()[mine]] = False
        times = np.bincount(before[mine], minlength=len(there))
        told[part.name].update(
            {other.name: int(n) for (other, _), n in zip(there, times, strict=True) if n}
        )


def _slacks(server: pa.ChunkedArray, slack: Mapping[str, int]) -> Int64:
    if not slack:
        return np.full(len(server), EXACT, np.int64)
    place = pc.index_in(server, pa.array([*slack]))
    seconds = pa.array([*slack.values()], pa.int64()).take(place.combine_chunks())
    known: Int64 = pc.fill_null(seconds, EXACT).to_numpy()
    return known


def _log_before(said: pd.DataFrame) -> Int64:
    """Of each row, the log before its own that has the line too; -1 for none.

    The second such line of one log is another line. What is left may be the same line some
    seconds apart: the journal takes its own time, and a central log that of the relay.
    """
    same = ["said", "second"]
    turn = said.groupby(["log", *same]).cumcount()
    each = said.assign(turn=turn).groupby([*same, "turn"])["log"]
    first, alone = each.transform("first"), each.transform("size").eq(1)
    before = np.where(first < said["log"], first, -1).astype(np.int64)
    left = said[alone].sort_values(["said", "second", "log"], kind="stable")
    near = (
        left["said"].eq(left["said"].shift()) & left["second"].diff().le(left["slack"])
    ).to_numpy()[1:]
    number, log = left.index.to_numpy(np.int64), left["log"].to_numpy(np.int64)
    for mine, theirs in ((slice(1, None), slice(-1)), (slice(-1), slice(1, None))):
        later = near & (log[mine] > log[theirs])
        before[number[mine][later]] = log[theirs][later]
    return before
