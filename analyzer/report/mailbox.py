"""Whose mailbox was it, where the log names no login? The sender of nearly all may tell."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case
from analyzer.schema import NOT_LOGGED

NEARLY_ALL = 0.9  # of the messages of a host, under one sender of ours


def ours(case: Case) -> list[str]:
    """Domains in which we have mailboxes: a gateway has them under those that it relays for."""
    site = case.site
    return [*(site.get("domains") or []), *(site.get("relay_domains") or [])]


def one_login_each(case: Case, addresses: list[str]) -> bool:
    """Whether each of these addresses sends with a single login, innocent mail too: one person's
    machine, and no webmail or gateway, which stands for many.
    """
    sent = case.deliveries.select(["client_ip", "auth_user"])
    sent = sent.filter(pc.is_in(sent["client_ip"], pa.array(addresses, pa.string())))
    logins = sent.to_pandas().fillna(NOT_LOGGED).groupby("client_ip")["auth_user"].unique()
    return all(len(of) == 1 and of[0] != NOT_LOGGED for of in logins)


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
