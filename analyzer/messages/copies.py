"""To which address outside does this server itself send a copy, as always_bcc does?

Postfix logs such a recipient like those of the envelope. What marks it: strangers who have nothing
to do with each other name it, none names it alone, and it stands either in nearly all that comes
in, or always beside one of ours and nobody else outside.
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.locality import INSIDE, OUTSIDE

MESSAGES, CLIENTS = 3, 2  # fewer may be chance
NEARLY_ALL = 0.9  # of the strangers' messages


def copies(rows: pd.DataFrame) -> pd.Series[bool]:
    """Deliveries to an address outside that this server added to strangers' mail.

    Args:
        rows: Deliveries with sides, `origin_life`, `client_ip`, and `named`: how many recipients
            the client named, where it is told (Postfix 3.0).
    """
    by_stranger = rows["submission"].eq("smtp") & rows["client_side"].eq(OUTSIDE)
    away = by_stranger & rows["original_side"].eq(OUTSIDE) & rows["recipient_side"].eq(OUTSIDE)
    for_us = rows.loc[by_stranger & rows["original_side"].eq(INSIDE), "origin_life"]
    beside = rows.loc[away & rows["origin_life"].isin(for_us), "recipient"].value_counts()
    same = away & rows["recipient"].isin(beside.index[beside.ge(MESSAGES)])
    if not same.any():
        return same
    whole = rows[rows["origin_life"].isin(rows.loc[same, "origin_life"])]
    whole = whole.assign(away=away).drop_duplicates(["origin_life", "original_recipient"])
    by_message = whole.groupby("origin_life")
    size, outside = by_message.size(), by_message["away"].sum()
    each = rows[same].drop_duplicates(["origin_life", "recipient"])
    life = each["origin_life"]
    of = each.assign(
        asked=life.map(size).eq(1) | each["named"].ge(life.map(size)),
        others=life.map(outside).gt(1) | ~life.isin(for_us),
    ).groupby("recipient")
    seen = of.agg(messages=("origin_life", "size"), clients=("client_ip", "nunique"))
    nearly_all = seen["messages"] >= NEARLY_ALL * rows.loc[by_stranger, "origin_life"].nunique()
    added = seen["messages"].ge(MESSAGES) & seen["clients"].ge(CLIENTS)
    added &= ~of["asked"].any() & (nearly_all | ~of["others"].any())
    return same & rows["recipient"].isin(seen.index[added])
