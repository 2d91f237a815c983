"""What was tried and refused, and what was accepted but never sent?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.messages.addresses import canonical_or_logged
from analyzer.messages.dialogues import Dialogues
from analyzer.messages.exchange_attempts import attempts_in_sessions
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.messages.locality import Locality
from analyzer.schema import ATTEMPTS

COLUMNS = ["rank", "time", "server", "client_ip", "client_name", *PLACE, "repeat"]
REFUSALS = ["reject", "milter-reject", "proxy-reject"]
AFTER_RCPT = ["DATA", "BDAT", "END-OF-MESSAGE"]
# The end of the server's own words; what stands before them is the stranger's address.
RELAY_DENIED = r"Relay access denied$|\.\.\. (?:Relaying|[^<>.]*\b[Rr]elay)[^<>]*$"
UNKNOWN_USER = (
    r": (?:Recipient address rejected: )?"
    r"(?:User unknown(?: in (?:local|virtual|relay)[a-z ]* table)?"
    r"|undeliverable address: .*)$|(?:^|\.\.\. )(?:User unknown|No such user[^<>]*)$"
)
BLOCKLIST = r"blocked using [^ ]+|Rejected: [0-9A-Fa-f.:]+ listed at "


def attempts(events: Events, legs: pd.DataFrame, talks: Dialogues, local: Locality) -> pd.DataFrame:
    """ATTEMPTS, in order of `rank`."""
    parts = [
        _refused(events, legs),
        _failed_logins(events),
        _never_sent(legs, talks),
        _without_an_id(talks),
        _given_up(legs),
        attempts_in_sessions(events, local),
    ]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = rows.sort_values("rank", kind="stable", ignore_index=True)
    rows["repeat"] = rows["repeat"].fillna(1).astype("int64")
    rows["client_ip"] = canonical_or_logged(rows["client_ip"])
    return rows[["rank", *(name for name in ATTEMPTS.names if name in rows)]]


def _refused(events: Events, legs: pd.DataFrame) -> pd.DataFrame:
    columns = ["helo", "auth_user", "sender", "recipient", "stage", "reply", "action", "queue_id"]
    rows = frame(events, "decision", [*COLUMNS, *columns, "life"])
    rows = _with_its_message(rows[rows["action"].isin(REFUSALS)], legs)
    reply = rows["reply"].astype("str")
    kind = np.select(
        [
            reply.str.contains(pattern, regex=True)
            for pattern in (RELAY_DENIED, UNKNOWN_USER, BLOCKLIST)
        ],
        ["relay_denied", "unknown_user", "blocklist"],
        "other",
    )
    return _repeated(rows.assign(kind=kind), events)


def _with_its_message(rows: pd.DataFrame, legs: pd.DataFrame) -> pd.DataFrame:
    """Sendmail gives every transaction an id: its `from=` line tells client and sender, more safely
    than the line of the refusal, in which the stranger's address stands first.
    """
    mine = legs[legs["mta"].eq("sendmail") & legs["begun_by"].eq("received")]
    leg = mine.reindex(rows["life"].where(rows["life"].isin(mine.index), -1))
    leg.index = rows.index
    told = {
        name: leg[name].where(leg[name].notna(), rows[name])
        for name in ("client_ip", "client_name", "sender")
    }
    nothing_taken = leg["queued"].eq(False)
    return rows.assign(**told, queue_id=rows["queue_id"].mask(nothing_taken, None))


def _failed_logins(events: Events) -> pd.DataFrame:
    rows = frame(events, "auth_failed", [*COLUMNS, "auth_user", "reply"])
    return _repeated(rows.assign(kind="auth_failed", stage="AUTH"), events)


def _repeated(rows: pd.DataFrame, events: Events) -> pd.DataFrame:
    """`last message repeated n times` counts for the line right before it."""
    again = frame(events, "repeated", ["source", "line", "repeat"])
    if again.empty or rows.empty:
        return rows
    more = pd.Series(
        again["repeat"].to_numpy("int64"),
        index=pd.MultiIndex.from_arrays([again["source"], again["line"] - 1]),
    )
    here = pd.MultiIndex.from_frame(rows[["source", "line"]])
    return rows.assign(
        repeat=rows["repeat"].to_numpy("int64") + more.reindex(here).fillna(0).to_numpy("int64")
    )


def _never_sent(legs: pd.DataFrame, talks: Dialogues) -> pd.DataFrame:
    """Messages that smtpd began, for it had accepted a recipient, and that never came.

    A queue id is given when the first recipient is accepted (smtpd_delay_open_until_valid_rcpt), or
    at MAIL FROM: then the counters tell whether any was. Where the client began DATA and broke off,
    it wanted to send: that is `other`, no probe. Where DATA was done, the message went on under
    another id, as `sendmail -bs` hands it to pickup: that is none.
    """
    rows = legs[legs["begun_by"].eq("client") & ~legs["queued"] & legs["message_id"].isna()]
    if rows.empty:
        return rows
    rows = rows.rename(columns={"received": "time", "begin": "rank"}).assign(repeat=1, stage="RCPT")
    number = talks.of_life.reindex(rows.index)
    talk = talks.table.reindex(number.fillna(-1)).set_axis(rows.index)
    broke_off = talk["lost"].isin(AFTER_RCPT) & ~number.duplicated(keep="last")
    # As many times as a message came, DATA was for that message.
    unsent = talk["data"].astype("float64").sub(talk["messages"]).fillna(0)
    in_data = broke_off | unsent.gt(talk["lost"].isin(AFTER_RCPT).astype("int64"))
    ended = talk["disconnected"].notna() | talk["lost"].notna()
    rows["kind"] = np.where(~ended | in_data, "other", "accepted_no_data")
    rows["reply"] = in_data.map({True: "broke off in DATA", False: None}).astype("object")
    nobody = talk["rcpt_accepted"].eq(0).fillna(False).astype("bool")
    of_talk = number.map(number.value_counts())
    went_on = talk["data_done"].sub(talk["messages"]).ge(of_talk).fillna(False).astype("bool")
    return rows.loc[
        ~nobody & ~went_on, [*COLUMNS, "auth_user", "stage", "reply", "kind", "queue_id"]
    ]


def _without_an_id(talks: Dialogues) -> pd.DataFrame:
    """Dialogues whose counters show an accepted recipient and no DATA, though no message began:
    before a proxy that answers, a recipient gets no queue id.
    """
    talk = talks.table
    shown = talk["rcpt_accepted"].gt(0) & talk["data"].eq(0) & talk["mta"].eq("postfix")
    rows = talk[shown.fillna(False) & ~talk.index.isin(talks.of_life)]
    if rows.empty:
        return rows
    ends = {f"end_{name}": name for name in ("rank", *PLACE)}
    rows = rows.drop(columns=list(ends.values()), errors="ignore").rename(columns=ends)
    rows = rows.rename(columns={"disconnected": "time"})
    rows = rows.assign(repeat=1, stage="RCPT", reply=None, queue_id=None, kind="accepted_no_data")
    return rows[[*COLUMNS, "helo", "auth_user", "stage", "reply", "kind", "queue_id"]]


def _given_up(legs: pd.DataFrame) -> pd.DataFrame:
    """Sendmail writes `from=` for a transaction too that had recipients accepted and never came."""
    mine = legs["mta"].eq("sendmail") & legs["begun_by"].eq("received") & ~legs["queued"]
    rows = legs[mine & legs["recipients"].gt(0) & legs["submission"].eq("smtp")]
    if rows.empty:
        return rows
    in_data = rows["size"].gt(0)
    told = rows.rename(columns={"received": "time", "received_rank": "rank"}).assign(
        repeat=1,
        stage="RCPT",
        kind=in_data.map({True: "other", False: "accepted_no_data"}),
        reply=in_data.map({True: "broke off in DATA", False: None}),
    )
    return told[[*COLUMNS, "auth_user", "sender", "stage", "reply", "kind", "queue_id"]]
