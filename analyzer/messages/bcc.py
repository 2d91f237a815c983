"""Whom was a message for, of which a table or filter of this server sent a copy elsewhere (BCC)?

The copy is logged like a recipient of the envelope. The line of the table names both; REDIRECT
needs none of this, as its deliveries have `orig_to=`. A milter of Sendmail's names what it adds
and what it takes away: a copy was for the others, or else for whom it was taken from.

Source: smtpd_check.c (check_table_result), cleanup_message.c (cleanup_act); milter.c
(milter_addrcpt, milter_delrcpt).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.messages.logins import DIALOGUE
from analyzer.messages.set_aside import COLUMNS, ENVELOPE, next_of_dialogue

BY_TABLE = r" triggers BCC (?P<copy>[^ ]+)$"
BY_CONTENT = rf"{ENVELOPE}(?P<copy>[^ ]+)$"
BCC = ("bcc", "milter-header-bcc")


def before_bcc(rows: pd.DataFrame, events: Events, root: npt.NDArray[np.int64]) -> pd.Series:
    """`original_recipient` of each row; of a copy, whom the message was for.

    Args:
        rows: Deliveries with `origin_life` and `original_recipient`.
        root: The first leg of each leg.
    """
    told = pd.concat(
        [_by_table(events), _by_content(events), _by_filter(events, rows, root)]
    ).dropna()
    if told.empty:
        return rows["original_recipient"]
    told = told.assign(origin_life=root[told["life"].to_numpy(np.int64)])
    told = told.drop_duplicates(["origin_life", "copy"]).set_index(["origin_life", "copy"])
    key = pd.MultiIndex.from_frame(rows[["origin_life", "original_recipient"]])
    found = pd.Series(told["recipient"].reindex(key).to_numpy(), rows.index)
    return found.where(found.notna(), rows["original_recipient"])


def _by_table(events: Events) -> pd.DataFrame:
    """An access table's decision comes before the line that gives the message its queue id."""
    rows = frame(events, "decision", [*COLUMNS, "action", "recipient", "reply"])
    rows = rows[rows["action"].eq("bcc")]
    if rows.empty:
        return rows[["life", "recipient"]].assign(copy=None)
    named = next_of_dialogue(rows, frame(events, "client", COLUMNS), list(DIALOGUE))
    life = rows["life"].mask(rows["life"].lt(0), named["life_after"])
    copy = rows["reply"].astype("str").str.extract(BY_TABLE)["copy"]
    return rows[["recipient"]].assign(life=life, copy=copy)


def _by_content(events: Events) -> pd.DataFrame:
    rows = frame(events, "content_action", ["life", "action", "reply"])
    rows = rows[rows["action"].isin(BCC) & rows["life"].ge(0)]
    told = rows["reply"].astype("str").str.extract(BY_CONTENT)
    return told[["recipient", "copy"]].assign(life=rows["life"])


def _by_filter(events: Events, rows: pd.DataFrame, root: npt.NDArray[np.int64]) -> pd.DataFrame:
    told = frame(events, "content_action", ["life", "action", "recipient"])
    told = told[told["life"].ge(0) & told["action"].isin(["add", "delete"])]
    added = told[told["action"].eq("add")]
    if added.empty:
        return added[["life", "recipient"]].assign(copy=None)
    key = ["origin_life", "original_recipient"]
    copies = pd.MultiIndex.from_arrays([root[added["life"].to_numpy(np.int64)], added["recipient"]])
    others = rows[~pd.MultiIndex.from_frame(rows[key]).isin(copies)].dropna(subset=key)
    kept = others.drop_duplicates("origin_life").set_index("origin_life")["original_recipient"]
    taken = told[told["action"].eq("delete")].drop_duplicates("life").set_index("life")["recipient"]
    life = added["life"]
    of = kept.reindex(root[life.to_numpy(np.int64)]).set_axis(added.index)
    of = of.where(of.notna(), life.map(taken))
    return added[["life"]].assign(recipient=of, copy=added["recipient"])
