"""Where is the clock of a server changed, by what a file shows or says?

Lines come a little late as a matter of course. A jump back is a stretch of lines that all lie well
behind one before them; it ends when the time has caught up. What leaps ahead is told by `leaps`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats.leaps import leaps

BACK = 300.0  # seconds; syslog's own queues are seldom so late, and clocks drift by less
LINES = 5  # fewer are late lines, and no clock
MOST_OF_IT = 0.75  # of what the clock goes back by lies in the leap that it takes back
PLACE = ["source", "server", "line", "offset", "time"]
COLUMNS = [*PLACE, "seconds", "lines"]
TOLD = [*COLUMNS, "what", "ahead_line"]


def jumps(logs: dict[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """One row a change, with `what` it is.

    `back`: the first line after it, `seconds` it went back, `lines` that lie behind; `ahead_line`
    is where it had leapt ahead before, if the file shows it. `set`: a program says so. `shifted`
    and `ahead`: see `leaps`.
    """
    found = [part for name, tables in sorted(logs.items()) for part in _of_file(name, tables)]
    there = [part for part in found if len(part)]
    rows = pd.concat(there, ignore_index=True) if there else pd.DataFrame()
    return rows.reindex(columns=TOLD)


def _of_file(name: str, tables: dict[str, pa.Table]) -> list[pd.DataFrame]:
    """A file may hold several servers' lines, each with a clock of its own."""
    parts = [
        pa.table({c: t[c].cast(pa.string()) if c == "server" else t[c] for c in PLACE[1:]})
        for t in tables.values()
        if len(t)
    ]
    if not parts:
        return []
    lines: pd.DataFrame = pa.concat_tables(parts).drop_null().sort_by("line").to_pandas()
    seconds = lines["time"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    lines = lines.assign(source=name, seconds=seconds)
    servers = [rows for _, rows in lines.groupby("server", sort=True)]
    found = [_back(rows) for rows in servers] + [leaps(rows, tables) for rows in servers]
    return [*found, _set(name, tables["clock_set"])] if "clock_set" in tables else found


def _back(rows: pd.DataFrame) -> pd.DataFrame:
    seconds = rows["seconds"].to_numpy()
    ahead = np.maximum.accumulate(seconds) - seconds
    behind = ahead > BACK
    begins = behind & ~np.concatenate([[False], behind[:-1]])
    stretch = np.cumsum(begins)[behind]
    number, size = np.unique(stretch, return_counts=True)
    first = np.flatnonzero(begins)[number - 1]
    kept = size >= LINES
    told: pd.DataFrame = rows.iloc[first[kept]]
    leapt = [_leapt(seconds[: at + 1], ahead[at]) for at in first[kept]]  # they are few
    return told.assign(
        what="back",
        seconds=ahead[first[kept]],
        lines=size[kept],
        ahead_line=[rows["line"].iloc[at] if at else np.nan for at in leapt],
    )


def _leapt(seconds: npt.NDArray[np.float64], back: float) -> int:
    """The row at which a clock went ahead by about what the last row goes back; 0 for none."""
    before = np.flatnonzero(seconds[:-1] <= seconds[-1])
    at = int(before[-1]) + 1 if before.size else 0
    return at if at and seconds[at] - seconds[at - 1] >= MOST_OF_IT * back else 0


def _set(name: str, table: pa.Table) -> pd.DataFrame:
    """What programs say, but for the little by which clocks are set every day."""
    rows = pd.DataFrame({c: table[c].to_pandas() for c in PLACE[1:]})
    seconds = pd.to_numeric(table["reply"].to_pandas())
    told = rows.assign(source=name, what="set", seconds=seconds, lines=1).dropna()
    return told.loc[told["seconds"].abs().gt(BACK)]
