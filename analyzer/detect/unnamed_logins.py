"""Which mail without a login may be of one of us, whose login the log does not name?

Exchange 2003 names none, nor does Sendmail below LogLevel 9; of some its line was lost, or their
session began before the log. Postfix names each in the line that names the client.
"""

from __future__ import annotations

import pandas as pd

from analyzer.detect import refusals
from analyzer.rows import those

A_DAY = 50  # recipients to whom a person writes at most
DEAD = 0.1  # of them that do not exist, at most, and one more
MOST = 0.5  # of the mail of an office, at least, is of people who come back
PLACES = 3  # from which a person writes in a day, at most
RARE = 0.05  # of what a client sends, at most: the login of so much may be lost
ASKED = ["client_ip", "origin_sender", "sender_side", "received", "status", "dsn", "reply"]


def may_be_ours(rows: pd.DataFrame, relayed: pd.Series[bool]) -> pd.Series[bool]:
    """Rows of relayed messages whose client may be one of us: at other times it logged in, nearly
    always or under the same sender of ours; or no login is named at all, and it wrote as a person
    does.
    """
    if not relayed.any():
        return relayed
    ours = relayed & rows["sender_side"].eq("inside")
    logged_in = rows["auth_user"].notna() & rows["submission"].eq("smtp")
    if not logged_in.any():
        unnamed = relayed & rows["mta"].ne("postfix") & _same_client(rows, ours)
        return unnamed & rows["client_ip"].isin(_persons(rows, unnamed))
    # Of a flood few clients logged in as well: only their rows are copied.
    asked = relayed & _same_client(rows, logged_in)
    logged_in &= _same_client(rows, asked)
    ours &= asked
    ours &= _pair(rows, ours).isin(_pair(rows, logged_in).dropna().unique())
    return ours | (asked & rows["client_ip"].isin(_nearly_always(rows, logged_in, asked)))


def _same_client(rows: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[bool]:
    """All rows of the clients of some."""
    return rows["client_ip"].isin(rows["client_ip"][which].dropna().unique())


def _nearly_always(
    rows: pd.DataFrame, logged_in: pd.Series[bool], asked: pd.Series[bool]
) -> pd.Index[str]:
    """The clients that logged in for nearly all that they sent."""
    often, seldom = (rows["client_ip"][of].value_counts() for of in (logged_in, asked))
    return seldom.index[seldom.le(RARE * often.reindex(seldom.index))]


def _pair(rows: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[str]:
    """Client and sender of some rows."""
    asked = those(rows[["client_ip", "origin_sender"]], which)
    pair = asked["client_ip"] + " " + asked["origin_sender"].str.lower()
    return pair.reindex(rows.index)


def _persons(rows: pd.DataFrame, which: pd.Series[bool]) -> list[str]:
    """The clients of some rows that wrote under senders who get mail here, to few people a day,
    nearly all of whom exist: one person, or an office whose people come back.
    """
    here = rows["recipient_side"].eq("inside") & rows["status"].eq("delivered")
    asked = those(rows[ASKED], which)
    asked = asked.assign(
        sender=asked["origin_sender"].str.lower(),
        day=asked["received"].dt.floor("D"),
        dead=refusals.nobody(asked),
    )
    known = asked["sender"].isin(rows["recipient"][here].str.lower())
    asked["known"] = known & asked["sender_side"].eq("inside")
    asked["comes_back"] = _comes_back(asked)
    of = asked.groupby("client_ip")
    one = of["sender"].nunique(dropna=False).eq(1)
    office = of["comes_back"].mean().ge(MOST)
    few = asked.groupby(["client_ip", "day"]).size().groupby(level=0).max().le(A_DAY)
    alive = of["dead"].sum().le(1 + DEAD * of.size())
    persons: list[str] = one.index[(one | office) & of["known"].all() & few & alive].tolist()
    return persons


def _comes_back(asked: pd.DataFrame) -> pd.Series[bool]:
    """Was each sent under a sender whom its client has on several days, and few other clients on
    any? A forger takes any name, and his bots the same ones.
    """
    days = asked.groupby(["client_ip", "sender"])["day"].transform("nunique")
    clients = asked.groupby(["sender", "day"])["client_ip"].transform("nunique")
    most = clients.groupby(asked["sender"]).transform("max")
    back: pd.Series[bool] = days.gt(1) & most.le(PLACES)
    return back
