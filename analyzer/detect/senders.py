"""Whose are the senders of ours under which our sources send?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analyzer.rows import Flags, lower, slices

DAY = pd.Timedelta(days=1)
TAG = r"[+=]"  # of a list's or a mailing's returns, which name each recipient
REGULARS = 3  # senders of several days, at least; most get mail here, if people do


def source(rows: pd.DataFrame) -> pd.Series[str]:
    """Who handed it in: a login, else an address, else a user of this machine."""
    user = "uid " + rows["uid"].astype("Int64").astype("str")
    return rows["auth_user"].fillna(rows["client_ip"]).fillna(user)


def send_elsewhere(table: pd.DataFrame) -> pd.Series[bool]:
    """Messages under a sender of ours of whom other sources send more."""
    sender, _ = pd.factorize(table["origin_sender"].str.lower())
    by, _ = pd.factorize(source(table))
    pair = pd.Series(sender * np.int64(by.max(initial=0) + 2) + by, table.index)
    here = pair.groupby(pair).transform("size")
    whole = here.groupby(sender).transform("size")
    more: pd.Series[bool] = table["sender_side"].eq("inside") & (whole - here).gt(here)
    return more


def nobody_elses(table: pd.DataFrame) -> pd.Series[bool]:
    """Messages under a sender of ours under whom no other source ever sends."""
    of_each = source(table).groupby(table["origin_sender"].str.lower()).transform("nunique")
    alone: pd.Series[bool] = table["sender_side"].eq("inside") & of_each.eq(1)
    return alone


def unheard(table: pd.DataFrame, deliveries: pd.DataFrame) -> pd.Series[bool]:
    """Messages under a sender of ours of whom nobody else has heard: no other source sends under
    it, this one within a day only, and it gets no mail here, where those of several days do.
    """
    sender = table["origin_sender"].str.lower()
    ours = table["sender_side"].eq("inside") & sender.ne("") & ~sender.str.contains(TAG)
    if not ours.any():
        return ours
    times = table["received"][ours].groupby(sender[ours])
    once = (times.max() - times.min()).le(DAY)  # a night has two dates
    gets_mail = pd.Series(_get_mail(once.index.to_series(), deliveries), once.index)
    regular = gets_mail[~once]
    if len(regular) < REGULARS or 2 * regular.sum() < len(regular):
        return ours & False
    alone = source(table)[ours].groupby(sender[ours]).nunique().le(1)
    return ours & sender.isin(once.index[once & alone & ~gets_mail])


def _get_mail(senders: pd.Series[str], deliveries: pd.DataFrame) -> Flags:
    """Which of them are also recipients here."""
    asked, found = lower(senders), np.zeros(len(senders), np.bool_)
    here = deliveries["recipient_side"].eq("inside") & deliveries["status"].eq("delivered")
    for some in slices(len(deliveries)):
        to = lower(deliveries["recipient"][some][here[some]])
        found |= pc.is_in(asked, to).to_numpy(zero_copy_only=False)
    return found
