"""When does a server that never rests log nothing at all?

A silence proves nothing by itself: servers are quiet at night, offices on Sundays. It is told where
it is far longer than any other, as when a day's file was left out, or the server was off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats.in_turn import servers

COLUMNS = ["server", "since", "until", "source", "line", "offset"]
MINUTE = 60_000_000  # microseconds
LEAST = 3 * 60  # minutes
TIMES = 4  # as long as the longest of the others
DAYS = 24 * 60  # minutes
COVERED = 3 * DAYS  # besides, at least: it has nights, too
SELDOM = 10 * DAYS  # for each silence after the first: weekends come more often

Minutes = npt.NDArray[np.int64]
Logs = Mapping[str, Mapping[str, pa.Table]]


def silences(logs: Logs) -> pd.DataFrame:
    """One row a silence of a server: from its last minute with a line `since` to its first one
    `until`, and the place of that line.
    """
    found = [
        {"server": server, "since": since, "until": until, **_first(logs, server, until)}
        for server, minutes in sorted(_minutes(logs).items())
        for since, until in _long(minutes)
    ]
    table = pd.DataFrame(found, columns=COLUMNS)
    for name in ("since", "until"):
        table[name] = pd.to_datetime(table[name].astype("int64") * MINUTE, unit="us", utc=True)
    return table


def _minutes(logs: Logs) -> dict[str, Minutes]:
    """The minutes since 1970 in which each server logs something, in order."""
    names: dict[str, int] = {}
    seen: dict[int, list[Minutes]] = {}
    for chunk in _chunks(logs.values()):
        minute, server = _minute(chunk), servers(chunk, names)
        for code in np.unique(server[minute >= 0]):
            seen.setdefault(int(code), []).append(np.unique(minute[server == code]))
    return {
        name: np.setdiff1d(np.concatenate(seen[code]), [-1])
        for name, code in names.items()
        if code in seen
    }


def _chunks(logs: Iterable[Mapping[str, pa.Table]]) -> Iterable[pa.RecordBatch]:
    for tables in logs:
        for table in tables.values():
            yield from table.select(["server", "time", "line", "offset"]).to_batches()


def _minute(chunk: pa.RecordBatch) -> Minutes:
    """The minute of each line; -1: it tells none."""
    micros: Minutes = chunk["time"].cast(pa.int64()).fill_null(-1).to_numpy()
    return micros // MINUTE


def _long(minutes: Minutes) -> list[tuple[int, int]]:
    """The ends of the silences, in order of time."""
    length = np.diff(minutes)
    order = np.argsort(-length, kind="stable")
    longest = np.append(length[order], 0)
    rest = length.sum() - longest.cumsum()
    for number in range(min(len(length), max(1, int(rest[0]) // SELDOM)), 0, -1):
        least = max(LEAST, TIMES * longest[number])
        if longest[number - 1] >= least and rest[number - 1] >= COVERED:
            at = np.sort(order[:number])
            return [(int(minutes[n]), int(minutes[n + 1])) for n in at]
    return []


def _first(logs: Logs, server: str, minute: int) -> dict[str, object]:
    """The place of a server's first line of a minute."""
    places = []
    for name, tables in logs.items():
        for chunk in _chunks([tables]):
            rows = np.flatnonzero(_minute(chunk) == minute)
            places += [
                (row["time"], name, row["line"], row["offset"])
                for row in chunk.take(pa.array(rows)).to_pylist()
                if row["server"] == server
            ]
    _, source, line, offset = min(places)
    return {"source": source, "line": line, "offset": offset}
