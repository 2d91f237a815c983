"""Backscatter: which notices did we send to strangers, about abuse or about mail we should have refused?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places, totals

# RFC 3463: bad destination mailbox address, moved, destination address ambiguous; 5.1.10: recipient null MX
NO_SUCH_USER = ["5.1.0", "5.1.1", "5.1.3", "5.1.6", "5.1.10"]


def unknown_user(rows: pd.DataFrame) -> pd.Series:
    """Mail of a stranger that we accepted for an address of ours that does not exist."""
    from_stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    ours = rows["original_side"].eq("inside") & rows["recipient_side"].eq("inside")
    return from_stranger & ours & rows["status"].eq("bounced") & rows["dsn"].isin(NO_SUCH_USER)


def notices(rows: pd.DataFrame, abusive: pd.Series) -> pd.Series:
    """Notices to strangers about abusive messages, or about mail for unknown users."""
    to_stranger = (
        rows["cause_life"].ge(0)
        & rows["recipient_side"].eq("outside")
        & rows["original_side"].eq("outside")
    )
    about_abuse = rows["cause_life"].isin(rows.loc[abusive, "origin_life"])
    about_unknown = rows["cause_leg"].isin(rows.loc[unknown_user(rows), "life"])
    return to_stranger & (about_abuse | about_unknown)


def refused_too_late(rows: pd.DataFrame, notice: pd.Series) -> pd.Series:
    """The accepted mail for unknown users that caused notices to strangers."""
    return unknown_user(rows) & rows["life"].isin(rows.loc[notice, "cause_leg"])


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each server and cause."""
    rows = evidence.deliveries
    rows = rows[rows["mechanism"].eq("backscatter") & rows["cause_life"].ge(0)]
    if rows.empty:
        return pd.DataFrame()
    everything = evidence.deliveries
    relayed = everything.loc[everything["mechanism"].eq("open_relay"), "origin_life"]
    cause = (
        rows["cause_life"]
        .isin(relayed)
        .map({True: "relayed mail", False: "mail for unknown users, accepted"})
    )
    rows = rows.assign(group=rows["server"] + " notices about " + cause, cause=cause)
    found = totals(rows, "group")
    groups = rows.groupby("group")
    cause_of = groups["cause"].first()
    return found.assign(
        kind="abuse",
        mechanism="backscatter",
        verdict="confirmed" if evidence.site_known else "possible",
        subject=groups["server"].first(),
        subject_kind="server",
        reason=[
            f"this server sent {row.messages:,} notices to strangers about {cause_of[group]}: the envelope sender of "
            "such mail is usually forged, so they reach people who wrote nothing"
            for group, row in found.iterrows()
        ],
        evidence=[places(group) for _, group in groups],
    ).reset_index(drop=True)


BACKSCATTER = Detector(
    name="backscatter",
    question="Which notices did this server send to strangers, about abuse or mail it should have refused?",
    verdicts={
        "confirmed": "the site is known",
        "possible": "who is local was inferred from the log",
    },
    forgeable="the recipients: they are the senders that the abusive mail claimed",
    judge=judge,
)
