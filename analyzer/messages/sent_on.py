"""What did a user's own rule (Sieve redirect, procmail) send on while a message was delivered?

The rule runs within the delivery and hands the message to the sendmail command: the same
Message-ID comes again on the server itself, before the mailbox's answer is logged, and its sender
is the first one's, or whose rule it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.messages.links import EARLY

MAILBOXES = ["lmtp", "pipe", "virtual", "local", "prog", "procmail", "cyrus"]


def with_sent_on(tried: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The deliveries, and after them those to mailboxes once more for each leg that they sent on.

    Args:
        tried: Deliveries with the `child` and `how` that are known without this.
    """
    again = known["submission"].eq("local") & known["message_id"].notna()
    again &= ~known.index.isin(tried["child"]) & known["orig_queue_id"].isna()
    if not again.any():
        return tried
    columns = ["server", "message_id", "sender", "received", "begin"]
    legs = known.loc[again, columns].reset_index(names="next")
    first = known.loc[known["message_id"].isin(legs["message_id"]), columns]
    put = tried["status"].eq("sent") & tried["daemon"].isin(MAILBOXES) & tried["child"].lt(0)
    put &= tried["life"].isin(first.index) & ~tried["two_readings"]
    given = tried[["life", "time", "recipient", "orig_recipient"]][put].reset_index(names="row")
    pairs = given.join(first, on="life").merge(
        legs, on=["server", "message_id"], suffixes=("", "_next")
    )
    sender = _lower(pairs["sender_next"])
    fits = _lower(pairs["sender"]).eq(sender)
    for whose in ("recipient", "orig_recipient"):
        address = _lower(pairs[whose])
        # Sendmail logs a user of its own without the domain.
        fits |= address.eq(sender) | address.str.replace("@.*$", "", regex=True).eq(sender)
    fits &= pairs["next"].ne(pairs["life"]) & pairs["begin_next"].gt(pairs["begin"])
    fits &= pairs["received"].le(pairs["received_next"] + EARLY)
    fits &= pairs["received_next"].le(pairs["time"] + EARLY)
    pairs = pairs[fits].sort_values(["next", "time", "row"], kind="stable").drop_duplicates("next")
    made = tried.take(pairs["row"].to_numpy(np.int64))
    made = made.assign(child=pairs["next"].to_numpy(np.int64), how="forwarded")
    return pd.concat([tried, made], ignore_index=True) if len(made) else tried


def _lower(addresses: pd.Series) -> pd.Series:
    return addresses.astype("str").str.lower()
