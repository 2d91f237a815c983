"""Who of us got notices about abuse: whose address it forged, or in whose name it was sent?"""

from __future__ import annotations

import pandas as pd

from analyzer.impact.abuse import NOTICES, SUSPECT
from analyzer.rows import among, those

# Of what a host or local user sent, under one sender: then it is its own, as www-data@ of a script.
NEARLY_ALL = 0.9
BY_SENDER = ["local_injection", "trusted_host"]  # doors at which no login tells whose mail it is
CAUSE = ["origin_life", "mechanism", "auth_user", "local_user", "origin_sender"]


def notices(rows: pd.DataFrame, asked: list[str]) -> pd.DataFrame:
    """Bounces and warnings about abuse that our own users got, as rows of HARM.

    Args:
        rows: DELIVERIES rows with `origin_life`, `cause_life`, `recipient_side`.
        asked: Columns of them.
    """
    doors = [door for door in SUSPECT if door != NOTICES]
    of_a_door = rows["mechanism"].isin(doors)
    about = among(rows["cause_life"], rows["origin_life"][of_a_door])
    got = about & rows["recipient_side"].eq("inside") & rows["status"].eq("delivered")
    told = those(rows[[*asked, "cause_life"]], got)
    return told.assign(
        kind="notice",
        time=told["completed"],
        user=told["recipient"],
        partner=None,
        in_its_name=_in_its_name(told, those(rows[CAUSE], of_a_door), rows),
    ).drop(columns="reply")


def _in_its_name(told: pd.DataFrame, abuse: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether the mail that a notice is about was sent with the login, or as the local user or
    host, of whoever got the notice; else it had forged that address.
    """
    once = abuse.drop_duplicates("origin_life").set_index("origin_life")
    cause = once.reindex(told["cause_life"]).set_axis(told.index)
    user, login, local_user = (
        names.astype("str").str.lower()
        for names in (told["recipient"], cause["auth_user"], cause["local_user"])
    )
    local = user.str.replace("@.*$", "", regex=True)
    login = login.str.replace(r"^.*\\", "", regex=True)  # DOMAIN\user
    senders = {
        door: _usual(once["origin_sender"][once["mechanism"].eq(door)]) for door in BY_SENDER
    }
    if _is_read(senders["local_injection"], rows):
        senders["local_injection"] = None
    usual = cause["mechanism"].map(senders).astype("str").str.lower()
    return (user == login) | (local == login) | (local == local_user) | (user == usual)


def _usual(senders: pd.Series[str]) -> str | None:
    """The sender of nearly all; None where there is none."""
    shares = senders.str.lower().value_counts(normalize=True)
    return str(shares.index[0]) if len(shares) and shares.iloc[0] >= NEARLY_ALL else None


def _is_read(address: str | None, rows: pd.DataFrame) -> bool:
    """Whether people write to it: then it is a mailbox that a script forged, and not its user."""
    if address is None:
        return False
    asked = rows["submission"].eq("smtp") & rows["verdict"].eq("legitimate")
    return bool(
        those(rows[["recipient"]], asked)["recipient"].str.lower().eq(address.lower()).any()
    )
