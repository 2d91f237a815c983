"""Which login, or which client certificate, handed a message in?

Sendmail logs a login without a queue id, and every server a certificate. Each holds for what the
client hands in after it in the same dialogue (`processes`), for one process serves one connection;
process ids come round again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
DIALOGUE = {"dialogue": "int64", "client_ip": "str"}
ASKED = ["rank", "time", *DIALOGUE]
TAKING = ["client", "received"]  # lines that take a message from a client
LOGIN = ["auth_user", "auth_method"]
CERTIFICATE = ["certificate", "fingerprint"]
TRUSTED = ["Trusted", "Verified", "OK"]  # what servers say of a certificate that they trust
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
    lines = frame(events, "login", [*ASKED, *LOGIN])
    tied = _tied(known[mine], lines, LOGIN, events).reindex(known.index)
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


def certificates(known: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The legs with `certificate` and `fingerprint` (see MESSAGES)."""
    shown = frame(_with_certificate(events), "tls", [*ASKED, *CERTIFICATE])
    if shown.empty:
        return known.assign(**{name: pd.Series(None, known.index, "str") for name in CERTIFICATE})
    # Postfix writes two lines of one certificate, and its fingerprint into the first.
    shown[CERTIFICATE] = shown.groupby(list(DIALOGUE))[CERTIFICATE].ffill()
    by_smtp = known[known["begun_by"].isin(TAKING)]
    tied = _tied(by_smtp, shown, CERTIFICATE, events).reindex(known.index)
    trusted = tied["certificate"].isin(TRUSTED).map({True: "trusted", False: "untrusted"})
    return known.assign(
        certificate=trusted.where(tied[CERTIFICATE].notna().any(axis=1)).astype("str"),
        fingerprint=tied["fingerprint"].astype("str"),
    )


def _with_certificate(events: Events) -> Events:
    """The lines that name a certificate: of most logs none do, though many tell of TLS."""
    lines = events.get("tls", pa.table({}))
    named = [pc.is_valid(lines[name]) for name in CERTIFICATE if name in lines.column_names]
    return {"tls": lines.filter(functools.reduce(pc.or_, named))} if named else {}


def _tied(legs: pd.DataFrame, lines: pd.DataFrame, told: list[str], events: Events) -> pd.DataFrame:
    """What the last of the lines of the same dialogue and client before each leg told, or the next
    one where they were collected out of order; indexed by life.
    """
    by = list(DIALOGUE)
    found = lines.dropna(subset=by)
    found = found[found["dialogue"].ge(0)]
    took = pd.concat([frame(events, kind, ["rank", "dialogue"]) for kind in TAKING])
    talk = took.set_index("rank")["dialogue"]
    asked = legs[["received_rank", "received", "client_ip"]].dropna().reset_index(names="life")
    asked = asked.assign(dialogue=talk.reindex(asked["received_rank"]).to_numpy())
    asked = asked.astype({**DIALOGUE, "received_rank": "int64"}).sort_values("received_rank")
    found = found.astype({**DIALOGUE, "rank": "int64"}).sort_values("rank")
    near = []
    for direction, least in EARLIEST.items():
        tied = pd.merge_asof(
            asked, found, left_on="received_rank", right_on="rank", by=by, direction=direction
        )
        age = tied["received"] - pd.to_datetime(tied["time"], utc=True)
        near.append(tied[age.between(least, LONGEST_CONNECTION)])
    either = pd.concat(near).drop_duplicates("life")
    return either.set_index("life")[told]
