"""Where does the clock of a file jump back, and so was ahead before or is late after?

Lines come a little late as a matter of course. A jump is a stretch of lines that all lie well
behind one before them; it ends when the time has caught up.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

BACK = 300.0  # seconds; syslog's own queues are seldom so late
LINES = 5  # fewer are late lines, and no clock
COLUMNS = ["source", "server", "line", "offset", "time", "seconds", "lines"]


def jumps(logs: dict[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """One row a jump: the first line after it, `seconds` it went back, `lines` that lie behind."""
    files = [_of_file(name, tables) for name, tables in sorted(logs.items())]
    rows = [part for part in files if len(part)]
    found = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)
    return found.assign(what="back")


def _of_file(name: str, tables: dict[str, pa.Table]) -> pd.DataFrame:
    columns = ["server", "line", "offset", "time"]
    parts = [
        pa.table({c: t[c].cast(pa.string()) if c == "server" else t[c] for c in columns})
        for t in tables.values()
        if len(t)
    ]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    lines: pd.DataFrame = pa.concat_tables(parts).drop_null().sort_by("line").to_pandas()
    if lines.empty:
        return pd.DataFrame(columns=COLUMNS)
    found = [_of_server(rows) for _, rows in lines.groupby("server", sort=True)]
    return pd.concat(found, ignore_index=True).assign(source=name)


def _of_server(rows: pd.DataFrame) -> pd.DataFrame:
    """A file may hold several servers' lines, each with a clock of its own."""
    seconds = rows["time"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    ahead = np.maximum.accumulate(seconds) - seconds
    behind = ahead > BACK
    begins = behind & ~np.concatenate([[False], behind[:-1]])
    stretch = np.cumsum(begins)[behind]
    number, size = np.unique(stretch, return_counts=True)
    first = np.flatnonzero(begins)[number - 1]
    kept = size >= LINES
    told: pd.DataFrame = rows.iloc[first[kept]]
    return told.assign(seconds=ahead[first[kept]], lines=size[kept])
