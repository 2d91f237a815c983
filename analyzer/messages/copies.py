"""To which address outside does this server itself send a copy, as always_bcc does?

Postfix logs such a recipient like those of the envelope. What marks it: strangers who have nothing
to do with each other name it, none of them names anybody else outside, and none names it alone.
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.dialogues import Dialogues
from analyzer.messages.locality import INSIDE, OUTSIDE

MESSAGES, CLIENTS = 3, 2  # fewer may be chance


def copies(rows: pd.DataFrame, talks: Dialogues) -> pd.Series[bool]:
    """Deliveries to an address that this server added to strangers' mail for ours.

    Args:
        rows: Deliveries with sides, `origin_life`, `client_ip`.
        talks: Since 3.0 they tell how many recipients a client named.
    """
    by_stranger = rows["submission"].eq("smtp") & rows["client_side"].eq(OUTSIDE)
    away = by_stranger & rows["original_side"].eq(OUTSIDE) & rows["recipient_side"].eq(OUTSIDE)
    for_us = rows.loc[by_stranger & rows["original_side"].eq(INSIDE), "origin_life"]
    beside = rows.loc[away & rows["origin_life"].isin(for_us), "recipient"]
    if beside.empty:
        return pd.Series(False, rows.index)
    same = away & rows["recipient"].isin(beside)
    named = rows.loc[away & rows["origin_life"].isin(rows.loc[same, "origin_life"])]
    named = named.drop_duplicates(["origin_life", "recipient"])
    others = named["origin_life"].duplicated(keep=False) | ~named["origin_life"].isin(for_us)
    asked = named["origin_life"].isin(_all_named(rows[rows["origin_life"].isin(for_us)], talks))
    of = named.assign(wrong=others | asked).groupby("recipient")
    seen = of.agg(messages=("origin_life", "size"), clients=("client_ip", "nunique"))
    added = seen["messages"].ge(MESSAGES) & seen["clients"].ge(CLIENTS) & ~of["wrong"].any()
    return same & rows["recipient"].isin(seen.index[added])


def _all_named(rows: pd.DataFrame, talks: Dialogues) -> pd.Index:
    """The messages of which the client named every recipient, by the count of its dialogue."""
    recipients = rows.groupby("origin_life")["original_recipient"].nunique()
    talk = talks.table.reindex(talks.of_life.reindex(recipients.index))
    alone = talk["messages"].eq(1).to_numpy()
    accepted = talk["rcpt_accepted"].astype("float64").to_numpy()
    return recipients.index[alone & (accepted >= recipients.to_numpy())]
