"""Which login handed a Sendmail message in?

Sendmail logs a login without a queue id. It holds for what the client hands in after it in the
same dialogue (`processes`), for one process serves one connection; process ids come round again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import pandas as pd

from analyzer.messages.addresses import per_value
from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.schema import NOT_LOGGED

LONGEST_CONNECTION = pd.Timedelta(hours=6)
# By how much a login may be stamped before the message, where it stands before it or behind it.
EARLIEST: dict[Literal["backward", "forward"], pd.Timedelta] = {
    "backward": -pd.Timedelta(seconds=1),
    "forward": pd.Timedelta(0),
}
KEYS = {"dialogue": "int64", "client_ip": "str"}
LOGGED_IN = re.compile(r"(?i)^e?smtps?a$")  # RFC 3848: the A of ESMTPSA


def logins(known: pd.DataFrame, events: Events, protocol_tells: Mapping[str, int]) -> pd.DataFrame:
    """The legs with `auth_user`, `auth_method` and `auth_ground` (see MESSAGES).

    Once the server writes the letter A into `proto=`, a message without it had no login, whatever
    the process did before.

    Args:
        protocol_tells: The servers that do, and the `order` of the first line that has it.
    """
    ground = pd.Series(None, known.index, "object").mask(known["auth_user"].notna(), "line")
    mine = known["mta"].eq("sendmail") & known["begun_by"].eq("received")
    if not mine.any():
        return known.assign(auth_ground=ground)
    claimed = per_value(known["proto"], lambda proto: bool(LOGGED_IN.search(proto))).eq(True) & mine
    tells = _place(known, events).ge(known["server"].astype("object").map(dict(protocol_tells)))
    tied = _tied(known[mine], events).reindex(known.index)
    by_line = tied["auth_user"].notna() & (claimed | ~tells)
    only_claimed = claimed & ~by_line
    return known.assign(
        auth_user=known["auth_user"]
        .mask(by_line, tied["auth_user"])
        .mask(only_claimed, NOT_LOGGED),
        auth_method=known["auth_method"].mask(by_line, tied["auth_method"]),
        auth_ground=ground.mask(by_line, "connection").mask(only_claimed, "protocol"),
    )


def _place(known: pd.DataFrame, events: Events) -> pd.Series[int]:
    """The `order` of the line that took each message."""
    lines = frame(events, "received", ["rank", "order"])
    order = lines.drop_duplicates("rank").set_index("rank")["order"]
    return known["received_rank"].map(order)


def _tied(legs: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The last login of the same dialogue and client before each leg, or the next one where lines
    were collected out of order; indexed by life.
    """
    by = list(KEYS)
    wanted = ["rank", "time", *by, "auth_user", "auth_method"]
    found = frame(events, "login", wanted).dropna(subset=by)
    found = found[found["dialogue"].ge(0)]
    talk = frame(events, "received", ["rank", "dialogue"]).set_index("rank")["dialogue"]
    asked = legs[["received_rank", "received", "client_ip"]].dropna().reset_index(names="life")
    asked = asked.assign(dialogue=talk.reindex(asked["received_rank"]).to_numpy())
    asked = asked.astype({**KEYS, "received_rank": "int64"}).sort_values("received_rank")
    found = found.astype({**KEYS, "rank": "int64"}).sort_values("rank")
    near = []
    for direction, least in EARLIEST.items():
        tied = pd.merge_asof(
            asked, found, left_on="received_rank", right_on="rank", by=by, direction=direction
        )
        age = tied["received"] - pd.to_datetime(tied["time"], utc=True)
        near.append(tied[age.between(least, LONGEST_CONNECTION)])
    either = pd.concat(near).drop_duplicates("life")
    return either.set_index("life")[["auth_user", "auth_method"]]
