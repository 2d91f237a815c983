"""Where is the clock of a server changed, by what a file shows or says?

Lines come a little late as a matter of course. A jump back is a stretch of lines that all lie well
behind one before them; it ends when the time has caught up. What leaps ahead is told by `leaps`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats.in_order import newest_first
from analyzer.formats.in_turn import in_turn
from analyzer.formats.leaps import SILENCE, leaps

BACK = 300.0  # seconds; syslog's own queues are seldom so late, and clocks drift by less
LINES = 5  # fewer are late lines, and no clock
MOST_OF_IT = 0.75  # of what the clock goes back by lies in the leap that it takes back
PLACE = ["source", "server", "line", "offset", "time"]
COLUMNS = [*PLACE, "seconds", "lines"]
TOLD = [*COLUMNS, "what", "ahead_line"]

Seconds = npt.NDArray[np.float64]


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
    """A file may hold several servers' lines, each with a clock of its own. One that begins with
    its newest line is not looked at.
    """
    if newest_first(tables):
        return []
    clocks: dict[str, _Clock] = {}
    for server, rows in in_turn(tables):
        clocks.setdefault(server, _Clock()).shows(rows)
    servers = sorted(clocks)
    back = [
        {**row, "server": server, "what": "back"}
        for server in servers
        for row in clocks[server].back
        if row["lines"] >= LINES
    ]
    silences = [pd.DataFrame(clocks[server].silences).assign(server=server) for server in servers]
    ahead = leaps(pd.concat(silences, ignore_index=True), tables) if silences else pd.DataFrame()
    found = [_placed(part, name) for part in (pd.DataFrame(back), ahead) if len(part)]
    return [*found, _set(name, tables["clock_set"])] if "clock_set" in tables else found


def _placed(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    time = pd.to_datetime(rows["time"], unit="us", utc=True).dt.as_unit("us")
    return rows.assign(source=source, time=time)


@dataclass
class _Clock:
    """What the lines of one server showed so far.

    `most`: the latest time. `last`: the time of the last line. `behind`: that lies behind. `back`:
    the first line of each stretch behind that is long enough, or may become so. `silences`: where
    one line is later than the line before by so much that a leap back may take it back, and all
    lines from there on are later than that line.
    """

    most: float = -np.inf
    last: float = np.inf
    behind: bool = False
    back: list[dict[str, Any]] = field(default_factory=list)
    silences: npt.NDArray[np.void] = field(default_factory=lambda: np.empty(0, SILENCE))

    def shows(self, rows: pd.DataFrame) -> None:
        """The next lines, in order: `line`, `offset`, `time` in microseconds."""
        seconds = rows["time"].to_numpy() / 1e6
        before = np.concatenate([[self.last], seconds])
        most = np.maximum.accumulate(np.concatenate([[self.most], seconds]))
        self._fall_behind(rows, before, most)
        self._leap(rows, before, most)
        self.most, self.last = float(most[-1]), float(seconds[-1])

    def _fall_behind(self, rows: pd.DataFrame, before: Seconds, most: Seconds) -> None:
        ahead = most[1:] - before[1:]
        behind = ahead > BACK
        begins = behind & ~np.concatenate([[self.behind], behind[:-1]])
        first = np.flatnonzero(begins)
        size = np.bincount(np.cumsum(begins)[behind], minlength=len(first) + 1)
        if self.behind:
            self.back[-1]["lines"] += int(size[0])
        self.behind = bool(behind[-1])
        kept = size[1:] >= LINES
        kept[-1:] |= self.behind
        for at, lines in zip(first[kept], size[1:][kept], strict=True):  # they are few
            told: dict[str, Any] = {
                name: int(rows[name].iloc[at]) for name in ("line", "offset", "time")
            }
            told |= {"seconds": float(ahead[at]), "lines": int(lines)}
            self.back.append(told | {"ahead_line": self._leapt(rows, before[: at + 2], ahead[at])})

    def _leapt(self, rows: pd.DataFrame, before: Seconds, back: float) -> float:
        """The line at which the clock went ahead by about what the last of *before* goes back."""
        now = before[-1]
        there = np.flatnonzero(before[:-1] <= now)
        if there.size:
            at = int(there[-1])
            return (
                rows["line"].iloc[at]
                if before[at + 1] - before[at] >= MOST_OF_IT * back
                else np.nan
            )
        known = self.silences
        known = known[(known["before"] <= now) & (now < known["since"])]
        leapt = known["line"][known["seconds"] - known["before"] >= MOST_OF_IT * back]
        return int(leapt[-1]) if leapt.size else np.nan

    def _leap(self, rows: pd.DataFrame, before: Seconds, most: Seconds) -> None:
        seconds = before[1:]
        at = np.flatnonzero(np.diff(before) >= MOST_OF_IT * BACK)
        more = np.empty(len(at), SILENCE)
        for name in ("line", "offset", "time"):
            more[name] = rows[name].to_numpy()[at]
        more["before"], more["until"], more["seconds"] = before[at], most[at], seconds[at]
        more["since"] = np.minimum.accumulate(seconds[::-1])[::-1][at]
        np.minimum(self.silences["since"], seconds.min(), out=self.silences["since"])
        both = np.concatenate([self.silences, more])
        self.silences = both[both["since"] > both["before"]]


def _set(name: str, table: pa.Table) -> pd.DataFrame:
    """What programs say, but for the little by which clocks are set every day."""
    rows = pd.DataFrame({c: table[c].to_pandas() for c in PLACE[1:]})
    seconds = pd.to_numeric(table["reply"].to_pandas())
    told = rows.assign(source=name, what="set", seconds=seconds, lines=1).dropna()
    return told.loc[told["seconds"].abs().gt(BACK)]
