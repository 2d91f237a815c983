"""On what does a chart rest: how much was read, which time, which zone, and what is missing?"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analyzer import words
from analyzer.case import Case

COMPLETE = "no missing lines are known"
LOWER = "log lines are missing: counts are lower bounds"
# A loss that syslog reports at one moment is drawn this wide at least.
GAP_LEAST = pd.Timedelta(hours=1)
ASKED = ["detector", "kind", "mechanism", "incident", "first_seen", "last_seen"]
Gap = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True)
class Ground:
    """`gaps`: stretches in which lines are known to be missing; `spikes`: alarms, UTC; `apart`:
    some notices to strangers are about mail that is no abuse, and follow from no other door.
    """

    lines: int = 0
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    gaps: list[Gap] = field(default_factory=list)
    spikes: list[pd.Timestamp] = field(default_factory=list)
    apart: bool = False

    @classmethod
    def of(cls, case: Case) -> Ground:
        """What the manifest and the findings say."""
        inputs = case.inputs
        times = [pd.Timestamp(e[key]) for e in inputs for key in ("first", "last") if e.get(key)]
        findings = case.findings.select(ASKED).to_pandas()
        apart = _apart(findings[findings["kind"] == "abuse"])
        findings = findings.dropna(subset=["first_seen", "last_seen"])
        lost = findings[findings["detector"] == "log_gap"]
        alarms = findings[findings["detector"] == "spikes"]
        return cls(
            lines=sum(int(e.get("lines") or 0) for e in inputs),
            first=min(times, default=None),
            last=max(times, default=None),
            gaps=list(zip(lost["first_seen"], lost["last_seen"], strict=True)),
            spikes=alarms["first_seen"].tolist(),
            apart=apart,
        )

    def words(self, table: str) -> str:
        """One line for the foot of a chart."""
        when = ""
        if self.first is not None and self.last is not None:
            when = f", {words.moment(self.first)} to {words.moment(self.last)}"
        complete = LOWER if self.gaps else COMPLETE
        return f"{words.count(self.lines, 'line')} read{when}; {complete}. Drawn from {table}."

    def wide_gaps(self) -> list[Gap]:
        """The gaps, each wide enough to be seen."""
        return [(start, max(end, start + GAP_LEAST)) for start, end in self.gaps]


def _apart(abuse: pd.DataFrame) -> bool:
    """Notices in an incident that no other door has a part in."""
    notices = abuse["mechanism"].eq("backscatter")
    return bool((notices & ~abuse["incident"].isin(abuse["incident"][~notices])).any())


def frame(case: Case, table: str, columns: list[str]) -> pd.DataFrame:
    """Some columns of one table."""
    found: pd.DataFrame = getattr(case, table).select(columns).to_pandas()
    return found
