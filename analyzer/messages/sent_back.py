"""Which mail came in for one of ours, and a server behind this one sends on through us?

A rule of a mailbox there, or a group with members outside, hands back what we gave to it: under the
same Message-ID, later, for the few places to which it always goes. No stranger chooses those: many
recipients of one message that get nobody else's mail are not believed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.locality import INSIDE, OUTSIDE
from analyzer.rows import Flags, slices, text_of, those

FEW = 3  # places outside for each of ours to whom a message came
SEVERAL = 3  # senders, whose mail goes to one place
# The server that took it: `name`, `name[address]:25` of Postfix, `name. [address]` of Sendmail,
# or `[address] [address]`.
TAKEN_BY = (
    r"^(?P<name>[^\[\] ]+?)?\.?(?:\[[^\[\] ]*\])??"
    r"(?: ?\[(?:IPv6:)?(?P<ip>[^\[\] ]+)\](?::\d+)?)?$"
)
CAME = ["message_id", "received", "original_recipient", "relay"]
BACK = ["message_id", "received", "client_ip", "client_name", "origin_sender", "recipient"]


def sent_back(rows: pd.DataFrame) -> pd.Series[bool]:
    """Deliveries outside of what came in for one of ours, was given to a server of ours, and came
    back from it.

    Args:
        rows: Deliveries with sides.
    """
    by_smtp = rows["submission"].eq("smtp") & rows["message_id"].notna()
    came = by_smtp & rows["client_side"].eq(OUTSIDE) & rows["status"].eq("delivered")
    came &= rows["original_side"].eq(INSIDE) & rows["relay"].notna()
    back = by_smtp & rows["address_side"].eq(INSIDE) & rows["client_ip"].notna()
    back &= rows["original_side"].eq(OUTSIDE) & rows["recipient_side"].eq(OUTSIDE)
    if not (came.any() and back.any()):
        return back & False
    came &= _named_among(rows["message_id"], came, text_of(rows["message_id"][back]))
    first, again = those(rows[CAME], came), those(rows[BACK], back)
    mail = first.groupby("message_id")
    again = again.join(mail["received"].min().rename("came"), on="message_id", how="inner")
    taken_by = first["relay"].str.extract(TAKEN_BY)
    ours = again["client_ip"].isin(taken_by["ip"].dropna())
    ours |= again["client_name"].str.lower().isin(taken_by["name"].str.lower().dropna())
    again = again[ours & again["received"].ge(again["came"])]
    if again.empty:
        return back & False
    places = again.groupby("message_id")["recipient"].transform("nunique")
    asked = again["message_id"].map(mail["original_recipient"].nunique())
    senders = again.groupby("recipient")["origin_sender"].transform("nunique")
    believed = again.index[places.le(FEW * asked) | senders.ge(SEVERAL)]
    return back & rows.index.isin(believed)


def _named_among(texts: pd.Series[str], which: pd.Series[bool], others: pa.Array) -> Flags:
    """Which of some texts are among others: few are."""
    found = np.zeros(len(texts), np.bool_)
    for some in slices(len(texts)):
        mine = which.to_numpy()[some]
        named = pc.is_in(text_of(texts[some][mine]), others)
        found[some][mine] = named.to_numpy(zero_copy_only=False)
    return found
