"""Log gaps: when do the log itself, its numbered parts, another server or an unusual silence say
that lines are missing?

A burst of relayed mail is just when syslog's rate limit strikes, so every count there is a lower
bound.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.detect.detector import PLACE, Detector, Evidence, places
from analyzer.rows import those
from analyzer.words import count, form, listing, stamp

APART = pd.Timedelta(hours=1)  # losses nearer to each other are one gap
BEFORE = ["first_hop", "server", "received", "origin_life"]
MAIL = r"(?i)postfix|sendmail|sm-mta|mail|smtp|dovecot|amavis|rspamd|syslog"


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for each server and stretch of time in which lines were lost or that is silent, for
    each part of a rotated log that is not there, and for each server of ours that is not.
    """
    absent = [_absent(row) for _, row in evidence.absent.iterrows()]
    silent = [
        _silent(row)
        for _, row in evidence.silences.iterrows()
        if not _explained(row, evidence.absent)
    ]
    found = _dropped(evidence.lost_lines) + absent + silent + _before(evidence.deliveries)
    return pd.DataFrame(found).assign(kind="limit")


def _dropped(lost: pd.DataFrame) -> list[dict[str, object]]:
    """Losses of a program that is named and has nothing to do with mail are left out."""
    if lost.empty:
        return []
    whose = lost["relay"].astype("str")
    lost = lost[lost["relay"].isna() | whose.str.contains(MAIL, regex=True)]
    lost = lost.dropna(subset=["time"]).sort_values(["server", "time"], kind="stable")
    same = lost["server"].eq(lost["server"].shift()) & lost["time"].diff().le(APART)
    return [_gap(rows) for _, rows in lost.groupby((~same).cumsum(), sort=True)]


def _absent(row: pd.Series[Any]) -> dict[str, object]:
    since, until = (stamp(row[name]) for name in ("since", "until"))
    absent = row["absent"]
    part, is_not = (form(len(absent), *words) for words in (("part", "parts"), ("is", "are")))
    numbers = listing([str(number) for number in absent])
    return {
        "subject": row["server"],
        "subject_kind": "server",
        "verdict": "probable",
        "first_seen": row["since"],
        "last_seen": row["until"],
        "reason": f"{row['older']} and {row['newer']} are parts of one rotated log, and {part} "
        f"{numbers} between them {is_not} not among the evidence: nothing is known of the time "
        f"from {since} to {until} UTC, and counts that reach into it are lower bounds.",
        "evidence": places(row.to_frame().T),
    }


def _before(deliveries: pd.DataFrame) -> list[dict[str, object]]:
    """Mail that went on from outside to outside after a server of ours that the evidence lacks."""
    if "first_hop" not in deliveries:
        return []
    unseen = deliveries["first_hop"].notna() & deliveries["original_side"].eq("unknown")
    mail = those(deliveries[[*BEFORE, *PLACE]], unseen & deliveries["recipient_side"].eq("outside"))
    return [_unseen(str(name), rows) for name, rows in mail.groupby("first_hop")]


def _unseen(name: str, rows: pd.DataFrame) -> dict[str, object]:
    servers = listing(sorted(rows["server"].unique()))
    return {
        "subject": name,
        "subject_kind": "server",
        "verdict": "probable",
        "first_seen": rows["received"].min(),
        "last_seen": rows["received"].max(),
        "messages": rows["origin_life"].nunique(),
        "recipients": len(rows),
        "reason": f"{name} took this mail from outside and handed it to {servers}, and its own "
        "logs are not among the evidence: a group or a forward there may have put people outside "
        "in the place of one of yours, or it was relayed; nobody can tell. Add the logs of "
        f"{name}.",
        "evidence": places(rows),
    }


def _explained(silence: pd.Series[Any], absent: pd.DataFrame) -> bool:
    """Is a part of the log that is not there of that time?"""
    if absent.empty:
        return False
    mine = absent[absent["server"].eq(silence["server"])]
    return bool((mine["since"].lt(silence["until"]) & mine["until"].gt(silence["since"])).any())


def _silent(row: pd.Series[Any]) -> dict[str, object]:
    since, until = (f"{row[name]:%Y-%m-%d %H:%M}" for name in ("since", "until"))
    return {
        "subject": row["server"],
        "subject_kind": "server",
        "verdict": "possible",
        "first_seen": row["since"],
        "last_seen": row["until"],
        "reason": f"no mail of {row['server']} is logged between {since} and {until} UTC, far "
        "longer than at any other time: lines are missing, or the server did not work. Nothing is "
        "known of that time, and counts that reach into it may be lower bounds.",
        "evidence": places(row.to_frame().T),
    }


def _gap(rows: pd.DataFrame) -> dict[str, object]:
    server = rows["server"].iloc[0]
    number = int(rows["lost"].sum())
    first, last = rows["time"].min(), rows["time"].max()
    when = f"between {stamp(first)} and {stamp(last)}" if last > first else f"at {stamp(first)}"
    lines = count(number, "line") if number else "lines, it does not say how many,"
    return {
        "subject": server,
        "subject_kind": "server",
        "verdict": "confirmed",
        "first_seen": first,
        "last_seen": last,
        "reason": f"the log of {server} says {when} UTC that {lines} {form(number, 'was', 'were')} "
        "dropped, because more came than its rate limit lets through. All counts of that time are "
        "lower bounds.",
        "evidence": places(rows),
    }


LOG_GAP = Detector(
    name="log_gap",
    question="When do the log itself, its numbered parts, another server or an unusual silence say "
    "that lines are missing?",
    verdicts={
        "confirmed": "syslog or the journal counted what it dropped",
        "probable": "the number of a part of a rotated log is left out, or a server says that "
        "another one of ours took mail before",
        "possible": "a server logs nothing for far longer than at any other time",
    },
    forgeable="by programs on the server itself, which may write to its log",
    judge=judge,
)
