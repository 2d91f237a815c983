"""What became of each recipient: one row a leg and recipient, with the last word on it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analyzer.messages.addresses import per_value
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.messages.set_aside import ENVELOPE
from analyzer.rows import Int64

ATTEMPT = [
    "life",
    "rank",
    "time",
    *PLACE,
    "daemon",
    "mailer",
    "service",
    "expanded",
    "recipient",
    "orig_recipient",
    "status",
    "dsn",
    "relay",
    "reply",
    "two_readings",
]
LAST = [name for name in ATTEMPT if name not in ("mailer", "service")]
OUTCOME = {
    "sent": "delivered",
    "bounced": "bounced",
    "deferred": "deferred",
    "SOFTBOUNCE": "deferred",
    "expired": "expired",
    "quarantined": "held",
    "refused": "rejected",
    "expanded": "expanded",
    "dropped": "discarded",
}
# amavisd, clamsmtp and Proxmox Mail Gateway answer so for mail that they keep or throw away;
# Sendmail logs the answer without its code. Only our own filter, told by its address, is believed.
THROWN_AWAY = (
    r"^(?:250 )?(?:2\.[0-9]\.[0-9]+ )?"
    r"(?:Ok, discarded\b|Virus Detected; Discarded\b|BLOCKED \([0-9A-F]+\)$"
    r"|Ok, id=[0-9A-Za-z-]+, DISCARD\b)"
)
# The same where amavisd sends the notice itself (D_BOUNCE): no recipient got the message.
SENT_BACK = r"^(?:250 )?(?:2\.[0-9]\.[0-9]+ )?Ok, id=[0-9A-Za-z-]+, (?:[0-9]+ )?(?:BOUNCE|REJECT)\b"
GIVEN_UP = "Cannot send message"  # Sendmail's notice when the queue lifetime is over
# Address verification, no mail.
PROBES = {"deliverable", "undeliverable", "undeliverable-but-not-cached"}
REFUSING = {
    "reject": "rejected",
    "milter-reject": "rejected",
    "hold": "held",
    "milter-hold": "held",
    "discard": "discarded",
    "milter-discard": "discarded",
    "milter-header-reject": "rejected",
    "milter-header-hold": "held",
    "milter-header-discard": "discarded",
}
AFTER_DATA = ["END-OF-MESSAGE", "DATA", "BDAT", "header", "body", "mime-header", "nested-header"]
AFTER_DATA += ["mime-error", "content"]


def attempts_to_deliver(events: Events, columns: Sequence[str] = ATTEMPT) -> pd.DataFrame:
    """Delivery lines of mail, in the order they were written."""
    rows = frame(events, "delivery", list(columns))
    # Where the line names a mailer, that is the agent that delivers.
    rows["daemon"] = rows["mailer"].where(rows["mailer"].notna(), rows["daemon"])
    rows["two_readings"] = rows["two_readings"].eq(True)
    mail = rows["life"].ge(0) & ~rows["status"].isin(PROBES)
    return rows if mail.all() else rows[mail].reset_index(drop=True)


def last_words(attempts: pd.DataFrame, events: Events, aside: pd.DataFrame) -> pd.DataFrame:
    """One row a leg and recipient.

    Args:
        attempts: From `attempts_to_deliver`, with `to_us`, and `child` and `how` of
            `links.children`.
        aside: From `set_aside`: what was held or discarded as it was accepted.

    Returns:
        `life, recipient, orig_recipient, status, dsn, relay, reply, completed, rank` and the place
        of the last delivery event. A mailbox copy beside a forward is `delivered`; a forward alone
        is `expanded`.
    """
    outcome = per_value(attempts["status"], lambda status: OUTCOME.get(status, "unknown"))
    told = attempts[[*LAST, "how"]].assign(outcome=outcome.fillna("unknown"))
    told["thrown_away"] = attempts["daemon"].eq("discard") | _by_filter(attempts, THROWN_AWAY)
    told["sent_back"] = _by_filter(attempts, SENT_BACK)
    rows = _own_mailbox(told)
    sent = rows["outcome"].eq("delivered")
    rows["status"] = (
        rows["outcome"]
        .mask(sent & rows["thrown_away"], "discarded")
        .mask(sent & rows["sent_back"], "bounced")
        .mask(sent & rows["how"].eq("filtered"), "filtered")
        .mask(sent & rows["how"].eq("forwarded"), "expanded")
    )
    last = _last_line(rows[LAST]).rename(columns={"time": "completed"})
    refused = _refused_content(events, last["life"])
    last = pd.concat([last, refused] if len(refused) else [last], ignore_index=True)
    aside = aside[~aside["life"].isin(last["life"])].drop(columns=["action", "stage"])
    last = pd.concat([last, aside], ignore_index=True) if len(aside) else last
    return _ended_otherwise(last, events)


def _by_filter(attempts: pd.DataFrame, answer: str) -> pd.Series[bool]:
    """Deliveries to a filter of ours, whose answer says that nobody gets the message."""
    to_filter = attempts["to_us"] & attempts["how"].isna()
    said = attempts["reply"][to_filter].astype("str").str.contains(answer, regex=True)
    return said.reindex(attempts.index, fill_value=False)


def _last_line(rows: pd.DataFrame) -> pd.DataFrame:
    """The last line of each leg and recipient, with the first original recipient that any names."""
    codes, known = pd.factorize(rows["recipient"])
    pair = rows["life"].to_numpy(np.int64) * (len(known) + 1) + codes + 1
    group, pairs = pd.factorize(pair)
    copy_kept = np.bincount(group, rows["status"].eq("delivered"), len(pairs)) > 0
    passed_on = rows["status"].isin(["expanded", "filtered"]).to_numpy()
    counts = np.flatnonzero(~(copy_kept[group] & passed_on))
    last = np.full(len(pairs), -1)
    last[group[counts]] = counts  # of equal groups the last one written stays
    last = np.sort(last[last >= 0])
    named = np.flatnonzero(rows["orig_recipient"].notna())[::-1]
    first = np.full(len(pairs), -1)
    first[group[named]] = named
    # A later line with one reading does not clear an earlier one: it may be of somebody else.
    two_readings = np.bincount(group, rows["two_readings"], len(pairs)) > 0
    original = rows["orig_recipient"].reindex(first[group[last]])
    return rows.take(last).assign(
        orig_recipient=original.array, two_readings=two_readings[group[last]]
    )


def _own_mailbox(rows: pd.DataFrame) -> pd.DataFrame:
    """A .forward that keeps a copy: both of its lines are of one recipient, the envelope's.

    local(8) logs `to=<user@main>, orig_to=<user+ext@alias>` for the mailbox, and
    `to=<user+ext@alias>` for the forward or command.
    """
    local = rows["daemon"].eq("local")
    renamed = local & rows["orig_recipient"].notna()
    renamed &= rows["recipient"].ne(rows["orig_recipient"])
    if not renamed.any():
        return rows
    name, original = (
        rows.loc[renamed, column].str.replace(r"(\+[^@]*)?(@[^@]*)?$", "", regex=True).str.lower()
        for column in ("recipient", "orig_recipient")
    )
    like = rows[renamed & name.eq(original).reindex(rows.index, fill_value=False)]
    beside = rows[local & rows["life"].isin(like["life"])]
    twins = pd.MultiIndex.from_frame(beside[["life", "recipient"]])
    here = pd.MultiIndex.from_frame(like[["life", "orig_recipient"]])
    same = rows.index.isin(like.index[here.isin(twins)])
    return rows.assign(
        recipient=rows["recipient"].mask(same, rows["orig_recipient"]),
        orig_recipient=rows["orig_recipient"].mask(same, None),
    )


def _refused_content(events: Events, delivered: pd.Series) -> pd.DataFrame:
    """Messages refused or held after DATA: the line names the last recipient only."""
    wanted = ["life", "rank", "time", *PLACE, "daemon", "recipient", "action", "stage", "reply"]
    rows = frame(events, "decision", wanted)
    content = frame(events, "content_action", wanted)
    named = content["reply"].astype("str").str.extract(ENVELOPE)["recipient"]
    content["recipient"] = content["recipient"].where(content["recipient"].notna(), named)
    rows = pd.concat([part for part in (rows, content) if len(part)] or [rows], ignore_index=True)
    if rows.empty:
        return pd.DataFrame(
            columns=["life", "rank", "completed", *PLACE, "daemon", "recipient", "status", "reply"]
        )
    refused = rows["action"].isin(REFUSING) & rows["stage"].isin(AFTER_DATA) & (rows["life"] >= 0)
    rows = rows[refused & rows["recipient"].notna() & ~rows["life"].isin(delivered)]
    rows = rows.drop_duplicates(["life", "recipient"], keep="last").rename(
        columns={"time": "completed"}
    )
    return rows.assign(status=rows["action"].map(REFUSING)).drop(columns=["action", "stage"])


def _ended_otherwise(last: pd.DataFrame, events: Events) -> pd.DataFrame:
    """What waits may expire, be held, or be removed by an administrator, without a line for each
    recipient.
    """
    waiting = last["status"].isin(["deferred", "held"])
    told = frame(events, "notice", ["life", "rank", "reply"])
    told = told[told["reply"].astype("str").str.startswith(GIVEN_UP)]
    over = waiting & False
    for rows in (frame(events, "expired", ["life", "rank"]), told):
        if len(rows):
            gone = rows.drop_duplicates("life", keep="last").set_index("life")["rank"]
            over |= last["life"].map(gone).fillna(-1).gt(last["rank"])
    status = last["status"].mask(waiting & over, "expired")
    admin = (
        frame(events, "administered", ["life", "rank", "action"])
        .drop_duplicates("life", keep="last")
        .set_index("life")
    )
    if admin.empty:
        return last.assign(status=status)
    action = last["life"].map(admin["action"])
    later = last["life"].map(admin["rank"]).fillna(-1) > last["rank"]
    status = status.mask(waiting & later & action.eq("removed"), "removed")
    status = status.mask(waiting & later & action.eq("placed on hold"), "held")
    let_go = last["status"].eq("held") & action.isin(["released from hold", "requeued"])
    status = status.mask(let_go & later, "unknown")
    return last.assign(status=status)


def requeued(last: pd.DataFrame, parent: Int64, known: pd.DataFrame) -> pd.DataFrame:
    """What waited under an id that postsuper (`-r`) or a filter replaced goes on under the new one:
    the last word on the recipient stands there.
    """
    again = known["begun_by"].isin(["pickup", "queued"]) & known["orig_queue_id"].notna()
    again &= (parent >= 0) & known.index.isin(last["life"])
    waited = last["status"].isin(["deferred", "held", "unknown"])
    gone_on = waited & last["life"].isin(parent[again.to_numpy()])
    return last.assign(status=last["status"].mask(gone_on, "filtered"))


def in_order(last: pd.DataFrame, received: pd.Series) -> pd.DataFrame:
    """By the time of receipt, which is given for each leg, then by place."""
    when = received.array.take(last["life"].to_numpy(np.int64)).to_numpy("datetime64[us]")
    source, _ = pd.factorize(last["source"], sort=True)
    order = np.lexsort((last["line"].to_numpy(np.int64), source, when))
    return last.take(order).reset_index(drop=True)


def recipients_in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in order of place, those of one line by recipient: Sendmail names many in one."""
    source, _ = pd.factorize(rows["source"])
    line = rows["line"].to_numpy(np.int64)
    group = np.cumsum((np.diff(line, prepend=-1) != 0) | (np.diff(source, prepend=-1) != 0)) - 1
    if len(rows) == 0 or group[-1] == len(rows) - 1:
        return rows
    recipient, _ = pd.factorize(rows["recipient"], sort=True, use_na_sentinel=False)
    return rows.take(np.lexsort((recipient, group))).reset_index(drop=True)
