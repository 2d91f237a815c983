"""What did strangers ask for in vain, by Exchange's receive protocol: recipients, logins, and
messages that never came?
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.messages.exchange_sessions import COLUMNS, LOGIN, MAIL_FROM, says
from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.messages.locality import INSIDE, Locality

RCPT_TO = r"(?i)^RCPT TO:\s*<(?P<recipient>.*?)>(?: [A-Z]+=[^ ]*)*$"
DENIED = r"^5[0-9]{2} 5\.7\.(?:1|54) "  # "Unable to relay"
ANSWER = r"^(?:250 2\.1\.5|[45][0-9]{2} )"
CONTENT = r"(?i)^(?:DATA|BDAT)\b"
AUTH = r"(?i)^AUTH "
NOT_LET_IN = r"^535 "
TRIED = r"^User Name: (?P<auth_user>.+)$"
NOBODY = "NULL"  # what stands for a name that was not understood


def attempts_in_sessions(events: Events, local: Locality) -> pd.DataFrame:
    """Recipients refused, or accepted outside without a message; and logins that failed."""
    rows = frame(events, "session", COLUMNS)
    rows = rows[rows["session_id"].notna()].reset_index(drop=True)
    if rows.empty:
        return rows
    login = rows["reply"].where(says(rows, LOGIN))
    rows = rows.assign(auth_user=login.groupby(rows["session_id"]).ffill())
    found = [_recipients(rows, local), _failed_logins(rows)]
    return pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)


def _recipients(rows: pd.DataFrame, local: Locality) -> pd.DataFrame:
    """Recipients that a session named, each with the answer that came next."""
    said, asks = rows["reply"].astype("str"), rows["action"].eq("<")
    recipient = said.str.extract(RCPT_TO)["recipient"].where(asks)
    sender = said.str.extract(MAIL_FROM)["sender"].where(asks)
    answer = rows["action"].eq(">") & said.str.contains(ANSWER, regex=True)
    rows = rows.assign(recipient=recipient, sender=sender.groupby(rows["session_id"]).ffill())
    rows["sent"] = _sent(rows, sender.notna(), asks & said.str.contains(CONTENT, regex=True))
    wanted = rows[recipient.notna() | answer]
    following = wanted.groupby("session_id")[["action", "reply"]].shift(-1)
    answered = wanted["recipient"].notna() & following["action"].eq(">")
    reply = following["reply"].astype("str")
    refused = reply.str.match(r"[45]")
    # A recipient of ours is no door, and mail servers ask for him before they take mail from him.
    elsewhere = local.addresses(wanted["recipient"]).ne(INSIDE)
    told = wanted[answered & (refused | (elsewhere & ~wanted["sent"]))]
    reply = following["reply"].reindex(told.index)
    denied = reply.astype("str").str.contains(DENIED, regex=True)
    kind = np.where(denied, "relay_denied", "other")
    kind = np.where(refused.reindex(told.index), kind, "accepted_no_data")
    return told.assign(reply=reply, stage="RCPT", kind=kind, repeat=1)


def _sent(rows: pd.DataFrame, begins: pd.Series[bool], content: pd.Series[bool]) -> pd.Series[bool]:
    """Is each line of a transaction of which a message was begun, or of whose end nothing is known?

    Args:
        begins: Which lines begin a transaction.
        content: Which begin a message.
    """
    session = rows["session_id"]
    transaction = [session, begins.groupby(session).cumsum()]
    ended = rows["action"].eq("-").groupby(session).transform("any")
    sent: pd.Series[bool] = content.groupby(transaction).transform("any") | ~ended
    return sent


def _failed_logins(rows: pd.DataFrame) -> pd.DataFrame:
    """Answers that let nobody in, with the name that the server says was tried."""
    said = rows["reply"].astype("str")
    failed = rows["action"].eq(">") & said.str.contains(NOT_LET_IN, regex=True)
    words = rows["stage"].where(rows["stage"].notna(), rows["reply"]).astype("str")
    name = words.str.extract(TRIED)["auth_user"].where(rows["action"].eq("*"))
    try_ = (rows["action"].eq("<") & said.str.contains(AUTH, regex=True)).groupby(
        rows["session_id"]
    )
    tried = name.groupby([rows["session_id"], try_.cumsum()]).ffill()
    named = tried.mask(tried.eq(NOBODY))[failed]
    return rows[failed].assign(auth_user=named, stage="AUTH", kind="auth_failed", repeat=1)
