"""Whose mailbox was it, where the log names no login? The sender of nearly all may tell."""

from __future__ import annotations

import pandas as pd

NOT_LOGGED = "(not logged)"  # a login, of which the log has no name
NEARLY_ALL = 0.9  # of the messages of a host, under one sender of ours


def told(rows: pd.DataFrame, ours: list[str]) -> tuple[str, int] | None:
    """The sender of ours under whom a host of ours, or a login that is not logged, sent nearly all,
    and how many messages.

    A webmail that hands mail over by itself hides who logged in to it.

    Args:
        rows: Abuse: `message, mechanism, auth_user, origin_sender`.
        ours: Our domains.
    """
    once = rows.drop_duplicates("message")
    hidden = once["mechanism"].eq("trusted_host") | once["auth_user"].eq(NOT_LOGGED)
    senders = once.loc[hidden, "origin_sender"].value_counts()
    if senders.empty or senders.iloc[0] < NEARLY_ALL * len(once):
        return None
    sender = str(senders.index[0])
    return (sender, int(senders.iloc[0])) if sender.rpartition("@")[2].lower() in ours else None
