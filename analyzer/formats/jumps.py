"""Where is the clock of a server changed, by what the log shows or says?

Lines come a little late as a matter of course. A jump back is a stretch of lines that all lie well
behind one before them; it ends when the time has caught up. What leaps ahead is told by `gaps`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.formats.gaps import gaps

BACK = 300.0  # seconds; syslog's own queues are seldom so late
LINES = 5  # fewer are late lines, and no clock
PLACE = ["source", "server", "line", "offset", "time"]
COLUMNS = [*PLACE, "seconds", "lines"]
SET_BY = r"(?P<by>[+-]?[0-9]+(?:\.[0-9]+)?) s(?:ec|econds)?$"
SMALL = 5.0  # seconds by which clocks are set every day


def jumps(logs: dict[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """One row a change, with `what` it is.

    `back`: the first line after it, `seconds` it went back, `lines` that lie behind; where the log
    shows when the clock had gone ahead, `ahead_line`. `set`: a program says so. Others: see `gaps`.
    """
    files = [_of_file(name, tables) for name, tables in sorted(logs.items())]
    there = [rows for rows in files if len(rows)]
    if not there:
        return pd.DataFrame(columns=[*COLUMNS, "what", "ahead_line"])
    found = [
        _set(name, tables["clock_set"]) for name, tables in logs.items() if "clock_set" in tables
    ]
    for rows in there:
        found += [_of_server(of_one) for _, of_one in rows.groupby("server", sort=True)]
    begun = sorted(there, key=lambda rows: (rows["time"].min(), rows["source"].iloc[0]))
    for _, rows in pd.concat(begun, ignore_index=True).groupby("server", sort=True):
        found.append(gaps(rows, logs))
    told = [rows for rows in found if len(rows)]
    if not told:
        return pd.DataFrame(columns=[*COLUMNS, "what", "ahead_line"])
    return pd.concat(told, ignore_index=True).reindex(columns=[*COLUMNS, "what", "ahead_line"])


def _of_file(name: str, tables: dict[str, pa.Table]) -> pd.DataFrame:
    parts = [
        pa.table({c: t[c].cast(pa.string()) if c == "server" else t[c] for c in PLACE[1:]})
        for t in tables.values()
        if len(t)
    ]
    if not parts:
        return pd.DataFrame(columns=[*PLACE, "seconds"])
    rows: pd.DataFrame = pa.concat_tables(parts).drop_null().sort_by("line").to_pandas()
    seconds = rows["time"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    return rows.assign(source=name, seconds=seconds)


def _of_server(rows: pd.DataFrame) -> pd.DataFrame:
    """A file may hold several servers' lines, each with a clock of its own."""
    seconds = rows["seconds"].to_numpy()
    ahead = np.maximum.accumulate(seconds) - seconds
    behind = ahead > BACK
    begins = behind & ~np.concatenate([[False], behind[:-1]])
    stretch = np.cumsum(begins)[behind]
    number, size = np.unique(stretch, return_counts=True)
    first = np.flatnonzero(begins)[number - 1]
    kept = size >= LINES
    told: pd.DataFrame = rows.iloc[first[kept]]
    since = [_went_ahead(seconds, int(at)) for at in first[kept]]  # jumps are few
    return told.assign(
        what="back",
        seconds=ahead[first[kept]],
        lines=size[kept],
        ahead_line=rows["line"].iloc[since].where(np.array(since) > 0).to_numpy(),
    )


def _went_ahead(seconds: np.ndarray, back: int) -> int:
    """The row at which a clock had gone ahead by about what it went back by; 0 for none."""
    before = np.flatnonzero(seconds[:back] <= seconds[back])
    at = int(before[-1]) + 1 if len(before) else 0
    by = seconds[:back].max() - seconds[back]
    return at if 0 < at < back and seconds[at] - seconds[at - 1] >= 0.75 * by else 0


def _set(name: str, table: pa.Table) -> pd.DataFrame:
    """Where programs say that the clock was set: by more than a little, or not by how much."""
    rows = pd.DataFrame({c: table[c].to_pandas() for c in [*PLACE[1:], "reply"]})
    by = pd.to_numeric(rows["reply"].astype("str").str.extract(SET_BY)["by"])
    told = by.isna() | by.abs().gt(SMALL)
    return rows.assign(source=name, what="set", seconds=by, lines=1)[told].dropna(subset="server")
