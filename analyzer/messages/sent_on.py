"""What did a user's own rule (Sieve redirect, procmail) send on while a message was delivered?

The rule runs within the delivery and hands the message to the sendmail command, or by SMTP where
mailboxes are on another host: the same Message-ID comes again before the mailbox's answer is
logged, and its sender is the first one's, or whose rule it is; nobody, where maildrop was not told
the sender. It comes on the server itself, or from the host of the mailbox; from one of ours, where
the mailbox is behind a socket.
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
    local = known["submission"].eq("local")
    again = (local | known["by_us"]) & known["message_id"].notna()
    again &= ~known.index.isin(tried["child"]) & known["orig_queue_id"].isna()
    if not again.any():
        return tried
    columns = ["server", "message_id", "sender", "received", "begin"]
    from_host = known["client_ip"].mask(local)
    legs = known.loc[again, columns].assign(host=from_host).reset_index(names="next")
    first = known.loc[known["message_id"].isin(legs["message_id"]), columns]
    put = tried["status"].eq("sent") & tried["daemon"].isin(MAILBOXES) & tried["child"].lt(0)
    put &= tried["life"].isin(first.index) & ~tried["two_readings"]
    asked = ["life", "time", "recipient", "orig_recipient", "relay_ip", "daemon"]
    given = tried[asked][put].reset_index(names="row")
    pairs = given.join(first, on="life").merge(
        legs, on=["server", "message_id"], suffixes=("", "_next")
    )
    sender = _lower(pairs["sender_next"])
    fits = _lower(pairs["sender"]).eq(sender) | (sender.eq("") & pairs["host"].isna())
    for whose in ("recipient", "orig_recipient"):
        address = _lower(pairs[whose])
        # Sendmail logs a user of its own without the domain.
        fits |= address.eq(sender) | address.str.replace("@.*$", "", regex=True).eq(sender)
    by_socket = pairs["daemon"].eq("lmtp") & pairs["relay_ip"].isna()
    fits &= pairs["host"].isna() | pairs["host"].eq(pairs["relay_ip"]) | by_socket
    fits &= pairs["next"].ne(pairs["life"]) & pairs["begin_next"].gt(pairs["begin"])
    fits &= pairs["received"].le(pairs["received_next"] + EARLY)
    fits &= pairs["received_next"].le(pairs["time"] + EARLY)
    pairs = pairs[fits].sort_values(["next", "time", "row"], kind="stable").drop_duplicates("next")
    made = tried.take(pairs["row"].to_numpy(np.int64))
    made = made.assign(child=pairs["next"].to_numpy(np.int64), how="forwarded")
    return pd.concat([tried, made], ignore_index=True) if len(made) else tried


def _lower(addresses: pd.Series) -> pd.Series:
    return addresses.astype("str").str.lower()
