"""Loops: which mail of ours came back from outside, again and again?

A server that returns a mail it received, a rule or a mailbox program that sends it to everybody
once more: the log then looks as if our user had sent it a hundred times. It is a fault, and no
abuse by that user.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analyzer.detect.detector import TOLD, Detector, Evidence, evidence_of, totals
from analyzer.rows import among, heads, picked, repeated, those
from analyzer.words import count

TIMES = 5  # a mail that comes back twice may have been sent to two lists


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each host outside that handed our mail back in, with its Message-ID.

    The first message with the id was made or sent on here; those after it came from outside.
    A stranger may copy a Message-ID, so this excuses nothing: relayed mail stays relayed.
    """
    rows = evidence.deliveries
    if "message_id" not in rows:
        return pd.DataFrame()
    order = ["received", "orig_source", "orig_line"]
    asked = ["origin_life", "message_id", "client_side", "client_ip", "mechanism", *order]
    mine = rows["message_id"].notna() & rows["mechanism"].ne("open_relay")
    once = heads(rows["origin_life"].to_numpy(np.int64), mine.to_numpy())
    again = rows["origin_life"][once][repeated(rows["message_id"][once])]
    known = those(rows[asked], mine & among(rows["origin_life"], again))
    first = known.sort_values(order, kind="stable")
    first = first[
        first["origin_life"].eq(first.groupby("message_id")["origin_life"].transform("first"))
    ]
    went_out = first["client_side"].eq("inside") | first["mechanism"].eq("forwarding")
    ours = first[went_out].drop_duplicates("message_id").set_index("message_id")["received"]
    back = known[known["client_side"].eq("outside") & known["client_ip"].notna()]
    back = back.join(ours.rename("left"), on="message_id", how="inner")
    back = back[back["received"].gt(back["left"])]
    returned = back.groupby("client_ip")["origin_life"].nunique()
    back = back[back["client_ip"].isin(returned[returned.ge(TIMES)].index)]
    if back.empty:
        return pd.DataFrame()
    read = [*TOLD, "client_ip", "message_id", "origin_sender"]
    back = picked(rows[read], back.index.to_numpy(np.int32)).sort_values(order)
    groups = back.groupby("client_ip")
    found = totals(back, "client_ip").assign(
        ids=groups["message_id"].nunique(),
        sender=groups["origin_sender"].first(),
        evidence=evidence_of(back, "client_ip", "orig_"),
    )
    return found.assign(
        kind="context",
        verdict="probable",
        subject_kind="ip",
        reason=found.apply(_reason, axis=1),
    ).reset_index(names="subject")


def _reason(row: pd.Series[Any]) -> str:
    sender = row.sender or "the null sender"
    return (
        f"a mail loop: this host handed mail of ours back in {count(row.messages, 'time')}, under "
        f"{count(row.ids, 'Message-ID')} that had left here before. That its sender is {sender} "
        "does not mean that this user sent it so often"
    )


LOOPS = Detector(
    name="loops",
    question="Which mail of ours came back from outside again and again?",
    verdicts={"probable": f"{TIMES} messages or more with the Message-ID of mail that left here"},
    forgeable="the Message-ID: a stranger who has seen it may copy it, so nothing is excused by it",
    judge=judge,
)
