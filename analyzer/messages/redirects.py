"""Whom was a message for, that this server's own tables sent elsewhere (REDIRECT), or copied (BCC)?

Source: smtpd_check.c (check_table_result), cleanup_message.c (cleanup_act).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.messages.set_aside import COLUMNS, DIALOGUE, ENVELOPE, next_of_dialogue

ACTIONS = ["redirect", "bcc"]
BY_TABLE = r" triggers (?:REDIRECT|BCC) (?P<target>[^ ]+)$"
BY_CONTENT = rf"{ENVELOPE}[A-Z]+ helo=<[^>]*>: (?P<target>[^ ]+)$"


def before_redirects(rows: pd.DataFrame, events: Events, root: npt.NDArray[np.int64]) -> pd.Series:
    """`original_recipient` of each row, without what the server's own tables made of it.

    Args:
        rows: Deliveries with `origin_life` and `original_recipient`.
        root: The first leg of each leg.
    """
    told = pd.concat([_by_table(events), _by_content(events)]).dropna()
    if told.empty:
        return rows["original_recipient"]
    told = told.assign(origin_life=root[told["life"].to_numpy(np.int64)])
    told = told.drop_duplicates(["origin_life", "target"]).set_index(["origin_life", "target"])
    key = pd.MultiIndex.from_frame(rows[["origin_life", "original_recipient"]])
    found = pd.Series(told["recipient"].reindex(key).to_numpy(), rows.index)
    return found.where(found.notna(), rows["original_recipient"])


def _by_table(events: Events) -> pd.DataFrame:
    """An access table's decision comes before the line that gives the message its queue id."""
    rows = frame(events, "decision", [*COLUMNS, "action", "recipient", "reply"])
    rows = rows[rows["action"].isin(ACTIONS)]
    if rows.empty:
        return rows[["life", "recipient"]].assign(target=None)
    named = next_of_dialogue(rows, frame(events, "client", COLUMNS), list(DIALOGUE))
    rows = rows.assign(
        life=rows["life"].mask(rows["life"].lt(0), named["life_after"]),
        target=rows["reply"].astype("str").str.extract(BY_TABLE)["target"],
    )
    return rows[["life", "recipient", "target"]]


def _by_content(events: Events) -> pd.DataFrame:
    rows = frame(events, "content_action", ["life", "action", "reply"])
    rows = rows[rows["action"].isin(ACTIONS) & rows["life"].ge(0)]
    told = rows["reply"].astype("str").str.extract(BY_CONTENT)
    return told[["recipient", "target"]].assign(life=rows["life"])
