"""Which lines of Sendmail are of the sender, to whom it could not return the message?

To make a notice Sendmail looks its recipient up, the sender, and logs an unknown user like a
recipient of the message itself; the notice goes to the postmaster instead.

Source: savemail.c (savemail, ESM_RETURN), recipient.c (recipient).
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.legs import frame
from analyzer.messages.lives import Events

INSTEAD = "postmaster notify"


def recipients_only(tried: pd.DataFrame, known: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The deliveries without those lines: the last before such a notice, and of nobody whom the
    envelope counts.
    """
    notices = frame(events, "notice", ["rank", "life", "action"])
    notices = notices[notices["action"].eq(INSTEAD) & notices["life"].ge(0)]
    if notices.empty:
        return tried
    rows = tried[tried["life"].isin(notices["life"])]
    named = rows.groupby("life")["recipient"].nunique()
    before = pd.merge_asof(
        notices[["rank", "life"]],
        rows[["rank", "life", "recipient", "status"]].reset_index(names="row"),
        on="rank",
        by="life",
    ).dropna(subset="row")
    whose = known[["sender", "recipients"]].reindex(before["life"]).set_axis(before.index)
    his = before["recipient"].str.lower().eq(whose["sender"].str.lower())
    his &= before["status"].eq("bounced") & before["life"].map(named).gt(whose["recipients"])
    return tried[~tried.index.isin(before.loc[his, "row"])].reset_index(drop=True)
