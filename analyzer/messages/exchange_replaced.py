"""Whom did Exchange 2003 put in the place of a recipient? It logs no group and no forward."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.exchange_rows import WHERE, read, with_column
from analyzer.messages.lives import Events


def with_replaced(events: Events) -> Events:
    """`readdressed` rows for recipients of whom a message that came in said nothing, where of one
    whom it named nothing is heard again: a member of a group, or to whom mail is forwarded.

    A client names all its recipients when a message is submitted, and so does the log of 2003, in
    which the Message-ID is the only id. It puts nobody in their place but by its own directory.
    """
    named = read(events, "addressed", [*WHERE, "message_id", "recipient"])
    named = named[named["queue_id"].notna() & named["queue_id"].eq(named["message_id"])]
    told = read(events, "delivery", [*WHERE, "recipient", "orig_recipient"])
    if named.empty or told.empty:
        return events
    mail, asked = _mail(named, told)
    gone = named[~_pairs(mail, named).isin(_pairs(asked, told))].assign(mail=mail)
    first = gone.drop_duplicates("mail").set_index("mail")["recipient"]
    new = told["orig_recipient"].isna() & ~_pairs(asked, told).isin(_pairs(mail, named))
    before = asked.map(first).where(new)
    of_mail = before.notna()
    if not of_mail.any():
        return events
    rows = events["delivery"].take(pa.array(told.loc[of_mail, "row"].to_numpy(np.int64)))
    rows = with_column(rows, "orig_recipient", pa.array(before[of_mail], pa.string()))
    rows = with_column(rows, "status", pa.array(["expanded"] * len(rows), pa.string()))
    both = [events["readdressed"], rows] if "readdressed" in events else [rows]
    return {**events, "readdressed": pa.concat_tables(both, promote_options="permissive")}


def _mail(named: pd.DataFrame, told: pd.DataFrame) -> tuple[pd.Series[int], pd.Series[int]]:
    """A number for each server and id, for the rows of both."""
    both = pd.concat([named[WHERE], told[WHERE]])
    number = both.groupby(WHERE, dropna=False).ngroup()
    return number.iloc[: len(named)], number.iloc[len(named) :]


def _pairs(mail: pd.Series[int], rows: pd.DataFrame) -> pd.Series[str]:
    return mail.astype("str") + " " + rows["recipient"].fillna("").str.lower()
