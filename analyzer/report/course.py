"""How did the abuse go on: from when, with which pause, and what came after its last message?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analyzer.report.logins import of_accounts

PAUSE = pd.Timedelta(hours=24)  # without a message: more than a night, so two waves
SOON = pd.Timedelta(minutes=10)  # within which mail is gone that nothing holds up
AT_ONCE = pd.Timedelta(hours=1)  # after the log begins: what came so early may have come before


@dataclass(frozen=True)
class Course:
    """Of the abuse itself, without the notices that follow from it."""

    from_the_start: bool  # it is there when the log begins, and may have begun before
    pause: tuple[pd.Timestamp, pd.Timestamp] | None  # the longest, of PAUSE or more
    sent_later: int  # recipients that next hosts accepted after the last message had come in
    sent_until: pd.Timestamp | None  # the last of them; None where none was SOON or more later
    failed_logins: tuple[int, pd.Timestamp] | None  # of its logins or addresses after the last


def course(rows: pd.DataFrame, attempts: pd.DataFrame, log_first: pd.Timestamp | None) -> Course:
    """All of it.

    Args:
        rows: Abuse: `message, received, completed, status, client_ip, auth_user`.
        attempts: `time, client_ip, auth_user, kind, repeat`.
        log_first: The first line of the log.
    """
    times = rows["received"].dropna().sort_values()
    if times.empty:
        return Course(False, None, 0, None, None)
    later = rows["status"].eq("delivered") & rows["completed"].gt(times.iloc[-1])
    until = rows.loc[later, "completed"].max() if later.any() else None
    if until is not None and until - times.iloc[-1] < SOON:
        until = None
    return Course(
        from_the_start=log_first is not None and times.iloc[0] - log_first < AT_ONCE,
        pause=_pause(times),
        sent_later=int(later.sum()) if until is not None else 0,
        sent_until=until,
        failed_logins=_failed(attempts, rows[rows["auth_user"].notna()]),
    )


def _pause(times: pd.Series[pd.Timestamp]) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    silence = times.diff()
    if not silence.max() >= PAUSE:  # of one message there is none
        return None
    ends = int(silence.fillna(pd.Timedelta(0)).to_numpy().argmax())
    return times.iloc[ends - 1], times.iloc[ends]


def _failed(attempts: pd.DataFrame, rows: pd.DataFrame) -> tuple[int, pd.Timestamp] | None:
    """Logins refused after the last use, by the misused name or from the addresses that used it."""
    theirs = attempts["client_ip"].isin(rows["client_ip"].dropna())
    theirs |= of_accounts(attempts["auth_user"], rows["auth_user"])
    failed = attempts["kind"].eq("auth_failed") & attempts["time"].gt(rows["received"].max())
    found = attempts[failed & theirs]
    return None if found.empty else (int(found["repeat"].sum()), found["time"].min())
