"""Log gaps: when does the log itself say that lines are missing?

A burst of relayed mail is just when syslog's rate limit strikes, so every count there is a lower
bound.
"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places

APART = pd.Timedelta(hours=1)  # losses nearer to each other are one gap
MAIL = r"(?i)postfix|sendmail|sm-mta|mail|smtp|dovecot|amavis|rspamd|syslog"


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for each server and stretch of time in which lines were lost.

    Losses of a program that is named and has nothing to do with mail are left out.
    """
    lost = evidence.lost_lines
    if lost.empty:
        return pd.DataFrame()
    whose = lost["relay"].astype("str")
    lost = lost[lost["relay"].isna() | whose.str.contains(MAIL, regex=True)]
    lost = lost.dropna(subset=["time"]).sort_values(["server", "time"], kind="stable")
    same = lost["server"].eq(lost["server"].shift()) & lost["time"].diff().le(APART)
    found = [_gap(rows) for _, rows in lost.groupby((~same).cumsum(), sort=True)]
    return (
        pd.DataFrame(found).assign(kind="limit", verdict="confirmed") if found else pd.DataFrame()
    )


def _gap(rows: pd.DataFrame) -> dict[str, object]:
    server = rows["server"].iloc[0]
    number = int(rows["lost"].sum())
    first, last = rows["time"].min(), rows["time"].max()
    when = f"at {first:%Y-%m-%d %H:%M:%S} UTC"
    if last > first:
        when = f"between {first:%Y-%m-%d %H:%M:%S} and {last:%Y-%m-%d %H:%M:%S} UTC"
    lines = f"{number:,} lines" if number else "lines, it does not say how many,"
    return {
        "subject": server,
        "subject_kind": "server",
        "first_seen": first,
        "last_seen": last,
        "reason": f"the log of {server} says {when} that {lines} were "
        "dropped, because more came than "
        "its rate limit lets through. All counts of that time are lower bounds.",
        "evidence": places(rows),
    }


LOG_GAP = Detector(
    name="log_gap",
    question="When does the log itself say that lines are missing?",
    verdicts={"confirmed": "syslog or the journal counted what it dropped"},
    forgeable="by programs on the server itself, which may write to its log",
    judge=judge,
)
