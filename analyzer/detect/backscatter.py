"""Backscatter: which notices went to strangers, about abuse or mail we should have refused?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analyzer.detect import refusals
from analyzer.detect.detector import PLACE, TOLD, Detector, Evidence, evidence_of, totals
from analyzer.detect.mail import user
from analyzer.rows import Flags, among, lower, slices, those
from analyzer.words import count

# Notices of one cause in a day, to people to whom none of us wrote: honest senders get a few, who
# mistype an address, do not know who left, or write to one of us whose new mailbox refuses them.
MANY = 20

OF_USER = ["server", "submission", "uid", "local_user", "origin_masked"]  # of `mail.user`, besides
HONEST = (
    "honest senders bring about so few in a day, and those to people to whom one of us wrote; who "
    "mistypes an address should be told while he hands the message in"
)
LATE = "mail that it had accepted, for unknown users or such as its own filter refuses"
BY_A_FILTER = r"5\.7\.[0-9]+$"  # RFC 3463: security or policy
ABOUT = {
    "open_relay": "relayed mail",
    "stolen_account": "mail of a misused login",
    "trusted_host": "mail of a host of ours that was made to send",
    "local_injection": "mail of a script or user of the server",
    "forwarding": "mail that it forwarded, and the next server refused",
}


def refused_late(rows: pd.DataFrame) -> pd.Series[bool]:
    """Mail of a stranger that we accepted for an address of ours that does not exist, or that a
    filter behind refused for what it is. (To a mailbox that is full honest people write.) Where
    the log gives no reason, as Exchange 2003, an address that never gets anything does not exist.
    """
    from_stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    ours = rows["original_side"].eq("inside") & rows["recipient_side"].eq("inside")
    why = rows["dsn"].isin(refusals.NO_SUCH_USER) | rows["dsn"].str.match(BY_A_FILTER).eq(True)
    refused = from_stranger & ours & rows["status"].eq("bounced")
    unsaid = refused & rows["dsn"].isna() & rows["reply"].isna()
    if not unsaid.any():
        return refused & why
    used = lower(rows["recipient"][rows["status"].eq("delivered")])
    exists = pc.is_in(lower(rows["recipient"]), used).to_numpy(zero_copy_only=False)
    told: pd.Series[bool] = refused & (why | (unsaid & ~exists))
    return told


def returned(rows: pd.DataFrame) -> pd.Series[bool]:
    """Mail of a stranger that we forwarded, and that was refused as spam, as its sender is not
    authentic (RFC 7372: 5.7.20 and on), or as there is nobody; not because a list names us.
    """
    from_stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    forwarded = rows["original_side"].eq("inside") & rows["recipient_side"].eq("outside")
    mine = from_stranger & forwarded & rows["status"].eq("bounced")
    if not mine.any():
        return mine
    forged = rows["dsn"].str.match(r"5\.7\.2[0-9]$").eq(True)
    return mine & (forged | refusals.nobody(rows) | refusals.spam(rows))


def notices(rows: pd.DataFrame, abusive: pd.Series[bool]) -> pd.Series[bool]:
    """Notices to strangers about abusive messages, about mail that was refused late, and, where
    they are many, about forwarded mail that was refused.
    """
    goes_out = rows["recipient_side"].eq("outside") & rows["original_side"].eq("outside")
    about_abuse = among(rows["cause_life"], rows["origin_life"][abusive])
    about_late = among(rows["cause_leg"], rows["life"][refused_late(rows)])
    notice = rows["cause_life"].ge(0) & goes_out
    about_forward = notice & among(rows["cause_leg"], rows["life"][returned(rows)])
    about = about_abuse | about_late
    many = _many_in_a_day(rows, about_forward & ~_written_to(rows, about_forward))
    return notice & (about | about_forward if many else about)


def ordinary(rows: pd.DataFrame, backscatter: pd.Series[bool]) -> pd.Series[bool]:
    """Which backscatter about mail refused late honest senders brought about, and their mail: all
    where there is little in any day, else what went to people to whom one of us wrote.
    """
    late = refused_late(rows)
    notice = backscatter & among(rows["cause_leg"], rows["life"][late])
    expected = notice & _written_to(rows, notice)
    honest = expected if _many_in_a_day(rows, notice & ~expected) else notice
    others = among(rows["life"], rows["cause_leg"][notice & ~honest])
    cause = backscatter & late & among(rows["life"], rows["cause_leg"][honest]) & ~others
    return honest | cause


def _many_in_a_day(rows: pd.DataFrame, notice: pd.Series[bool]) -> bool:
    return bool(rows["received"][notice].dt.floor("D").value_counts().max() >= MANY)


def _written_to(rows: pd.DataFrame, which: pd.Series[bool]) -> Flags:
    """To whose recipient one of us wrote: that is a correspondent's address, and hardly forged."""
    ours = rows["sender_side"].eq("inside") & rows["origin_sender"].ne("")
    ours &= rows["recipient_side"].eq("outside")
    asked, found = lower(rows["recipient"][which]), np.zeros(len(rows), np.bool_)
    for some in slices(len(rows) if len(asked) else 0):
        to = lower(rows["recipient"][some][ours[some]])
        found[which] |= pc.is_in(asked, to).to_numpy(zero_copy_only=False)
    return found


def refused_too_late(rows: pd.DataFrame, notice: pd.Series[bool]) -> pd.Series[bool]:
    """The accepted mail that was then refused here, and caused notices to strangers."""
    return refused_late(rows) & among(rows["life"], rows["cause_leg"][notice])


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each server and cause."""
    everything = evidence.deliveries
    mine = everything["mechanism"].eq("backscatter") & everything["cause_life"].ge(0)
    asked = [*TOLD, *PLACE, "server", "origin_queue_id", "cause_life", "verdict"]
    rows = those(everything[asked], mine)
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(server=_made_by(rows, everything))
    causes = _causes(rows, everything)
    about = rows["cause_life"].map(causes["mechanism"]).map(ABOUT).fillna(LATE)
    rows = rows.assign(cause=about, honest=rows["verdict"].eq("legitimate"))
    rows = rows.assign(group=rows["server"] + " " + rows["cause"] + rows["honest"].map(str))
    groups = rows.groupby("group")
    found = totals(rows, "group").assign(
        subject=groups["server"].first(),
        cause=groups["cause"].first(),
        honest=groups["honest"].first(),
        queue_id=groups["origin_queue_id"].first(),
        evidence=evidence_of(rows, "group"),
        keys=_keys(rows, causes),
    )
    return found.assign(
        kind=found["honest"].map({True: "context", False: "abuse"}),
        mechanism="backscatter",
        verdict=_verdict(found) if evidence.site_known else "possible",
        subject_kind="server",
        reason=found.apply(_reason, axis=1),
    ).reset_index(drop=True)


def _made_by(rows: pd.DataFrame, everything: pd.DataFrame) -> pd.Series[str]:
    """The server that made each notice, which others of ours may have carried."""
    first = everything[["life", "server"]][among(everything["life"], rows["origin_life"])]
    made: pd.Series[str] = first.drop_duplicates("life").set_index("life")["server"]
    return rows["origin_life"].map(made).fillna(rows["server"])


def _causes(rows: pd.DataFrame, everything: pd.DataFrame) -> pd.DataFrame:
    """The messages that caused the notices: `mechanism`, and whose they are, by their life."""
    asked = ["origin_life", "mechanism", "auth_user", "client_ip", *OF_USER]
    cause = among(everything["origin_life"], rows["cause_life"])
    causes = those(everything[asked], cause)
    # What was also delivered here has no mechanism in that row.
    causes = causes.sort_values("mechanism", key=pd.isna, kind="stable")
    once = causes.drop_duplicates("origin_life").set_index("origin_life")
    return once.astype({"mechanism": "str"})


def _keys(rows: pd.DataFrame, causes: pd.DataFrame) -> pd.Series[Any]:
    """What ties the notices to the abuse that caused them, as the detectors of abuse call it."""
    mechanism = causes["mechanism"].fillna("")
    who = causes["auth_user"].fillna(causes["client_ip"])
    who = who.mask(mechanism.eq("local_injection"), user(causes)).astype("str")
    key = (mechanism + " " + who.fillna("")).mask(mechanism.eq("open_relay"), "door")
    key = key.mask(mechanism.eq("backscatter"), "refused late")  # one door, at whichever server
    named = rows["cause_life"].map(key)
    return named.groupby(rows["group"]).agg(lambda keys: sorted(set(keys.dropna())))


def _verdict(found: pd.DataFrame) -> pd.Series[str]:
    """Who wrote to a forward may be honest."""
    doubt = found["cause"].eq(ABOUT["forwarding"]) | found["honest"]
    return doubt.map({True: "probable", False: "confirmed"})


def _reason(row: pd.Series[Any]) -> str:
    said = f"this server sent {count(row.messages, 'notice')} to strangers about {row.cause}"
    if row.honest:
        return f"{said}: {HONEST}"
    return (
        f"{said}: the envelope sender of such mail is usually forged, so they reach people who "
        "wrote nothing"
    )


BACKSCATTER = Detector(
    name="backscatter",
    question="Which notices went to strangers, about abuse or mail that should have been refused?",
    verdicts={
        "confirmed": "the site is known; about accepted mail for unknown users, or such as an own "
        f"filter refuses, {MANY} notices in a day, or more, to people to whom none of us wrote",
        "probable": "as many about mail that was forwarded and then refused; or, as context, "
        "notices about such mail that honest senders bring about",
        "possible": "who is local was inferred from the log",
    },
    forgeable="the recipients: they are the senders that the abusive mail claimed",
    judge=judge,
)
