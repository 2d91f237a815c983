"""Which messages did Postfix put on hold, or throw away, as it accepted their recipients?

An access table that says HOLD or DISCARD is logged at RCPT TO, as a rule before the message has a
queue id; the next line of the same process gives it one. The queue manager never sees such a
message, so that line alone names its sender and recipient.

Source: smtpd_check.c (log_whatsup), smtpd.c (mail_open_stream).
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.messages.logins import DIALOGUE

STATUS = {"hold": "held", "discard": "discarded"}
BEFORE_DATA = ["CONNECT", "HELO", "EHLO", "MAIL", "RCPT"]
AT_ONCE = pd.Timedelta(seconds=10)  # from the decision to the line that gives the queue id
COLUMNS = ["rank", "time", "dialogue", "client_ip", "life"]
SAID = ["daemon", "action", "stage", "sender", "recipient", "helo", "reply", *PLACE]
RECEIVED = r"\b(?:data|bdat)=[1-9]"  # counters of `disconnect`: a message came to its end
DECISIONS = ("decision", "content_action")
# What cleanup adds to a header it quotes: the last such words, for the header is the sender's text.
# Mail of a local program has no dialogue. An action's own text, if any, follows.
ENVELOPE = (
    r"^.*; from=<(?P<sender>[^>]*)> to=<(?P<recipient>[^>]*)>"
    r"(?: proto=[A-Z]+(?: helo=<[^>]*>)?)?(?:$|: )"
)


def set_aside(events: Events) -> pd.DataFrame:
    """One row a recipient: `life`, `status` (held, discarded), `completed`, sender, place."""
    rows = frame(events, "decision", [*COLUMNS, *SAID])
    refused = rows[rows["action"].eq("reject")]
    rows = rows[rows["action"].isin(STATUS) & rows["stage"].isin(BEFORE_DATA)]
    if rows.empty:
        return rows.assign(status=None, completed=rows["time"])
    rows = rows[next_of_dialogue(rows, refused, [*DIALOGUE, "recipient"])["after"].isna()]
    named = next_of_dialogue(rows, frame(events, "client", COLUMNS), list(DIALOGUE))
    rows = rows.assign(life=rows["life"].mask(rows["life"].lt(0), named["life_after"]))
    rows = rows[rows["life"].ge(0) & rows["recipient"].notna()].astype({"life": "int64"})
    came = rows["life"].isin(frame(events, "message_id", ["life"])["life"])
    rows = rows[came | (rows["action"].eq("discard") & _sent(rows, events))]
    told = rows.assign(status=rows["action"].map(STATUS)).rename(columns={"time": "completed"})
    return told.drop_duplicates(["life", "recipient"], keep="last", ignore_index=True)


def next_of_dialogue(rows: pd.DataFrame, others: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """For each row, in its index, the next line of the same dialogue: its rank as `after`."""
    others = others[[*COLUMNS, *(name for name in by if name not in COLUMNS)]].dropna(subset=by)
    others = others[others["dialogue"].ge(0)]
    others = others.assign(after=others["rank"]).sort_values("rank")
    kinds = {name: DIALOGUE.get(name, "str") for name in by}
    asked = rows[["rank", "time", *by]].dropna(subset=by)
    tied = pd.merge_asof(
        asked.astype(kinds).reset_index(names="row"),
        others.astype(kinds),
        on="rank",
        by=by,
        direction="forward",
        suffixes=("", "_after"),
    ).set_index("row")
    late = pd.to_datetime(tied["time_after"], utc=True) - pd.to_datetime(tied["time"], utc=True)
    tied = tied.rename(columns={"life": "life_after"})[late.le(AT_ONCE)]
    return tied[["after", "life_after"]].reindex(rows.index)


def _sent(rows: pd.DataFrame, events: Events) -> pd.Series:
    """Did the client send a message? Discarded content leaves no line; the counters tell."""
    ends = frame(events, "disconnect", [*COLUMNS, "counters"]).dropna(subset=list(DIALOGUE))
    ends = ends[ends["dialogue"].ge(0)]
    tied = pd.merge_asof(
        rows[["rank", *DIALOGUE]].astype(DIALOGUE).reset_index(names="row"),
        ends[["rank", *DIALOGUE, "counters"]].astype(DIALOGUE).sort_values("rank"),
        on="rank",
        by=list(DIALOGUE),
        direction="forward",
    ).set_index("row")
    return tied["counters"].astype("str").str.contains(RECEIVED, regex=True)


def with_senders(legs: pd.DataFrame, aside: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The legs with the sender and HELO that only a decision names; those set aside became
    messages.
    """
    named = [aside, *(frame(events, k, ["life", "rank", *SAID]) for k in DECISIONS)]
    rows = pd.concat([part for part in named if len(part)] or [aside])
    envelope = rows["reply"].astype("str").str.extract(ENVELOPE)["sender"]
    rows = rows.assign(sender=rows["sender"].where(rows["sender"].notna(), envelope))
    first = rows[rows["life"].ge(0)].groupby("life")[["sender", "helo"]].first()
    first = first.reindex(legs.index)
    told = {name: legs[name].where(legs[name].notna(), first[name]) for name in ("sender", "helo")}
    return legs.assign(**told, queued=legs["queued"] | legs.index.isin(aside["life"]))
