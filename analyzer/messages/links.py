"""Which leg was made of which, and which notice is about which message?

Four kinds of line name another queue id: `forwarded as` (alias, list, .forward), `queued as`
(hand-over to a filter on this server), `orig_queue_id=`/`orig_id=` (filter, requeue), and the
notice lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import among
from analyzer.messages.lives import Lives
from analyzer.rows import Int64

FORWARDED = r"^forwarded as ([0-9A-Za-z]{6,40})$"
QUEUED = r"\bqueued as ([0-9A-Za-z]{6,40})\b"
ACCEPTED = r"\b([0-9A-Za-z]{8,16}) Message accepted for delivery"  # Sendmail's own words
EARLY = pd.Timedelta(seconds=1)  # two processes write in either order
# Agents that speak to another server.
HAND_OVER = ["smtp", "lmtp", "esmtp", "smtp8", "dsmtp", "relay"]


def children(deliveries: pd.DataFrame, legs: pd.DataFrame, lives: Lives) -> dict[str, Any]:
    """The leg that each delivery turned into.

    Args:
        deliveries: Delivery events with `life, rank, daemon, status, reply`; `relay_ip` is the
            address of the next hop, `to_us` whether that is a host of ours or a socket.
        legs: With `by_us`: did a host of ours hand it in?

    Returns:
        For each delivery, in their order: `child` (life, -1 for none) and `how` (`forwarded`,
        `filtered`, null).
    """
    sent = deliveries["status"].eq("sent")
    to_a_server = sent & deliveries["daemon"].isin(HAND_OVER)
    # Any other server's answer names no leg of ours; see `_plausible`.
    to_a_server &= deliveries["to_us"] | among(deliveries["relay_ip"], legs["client_ip"])
    named_by = {
        "forwarded": _named(
            deliveries["reply"], sent & deliveries["daemon"].eq("local"), FORWARDED
        ),
        "filtered": _named(deliveries["reply"], to_a_server, QUEUED, ACCEPTED),
    }
    child = np.full(len(deliveries), -1)
    how = np.full(len(deliveries), -1)
    rank = deliveries["rank"].to_numpy(np.int64)
    own_queue = (
        legs["queue"].to_numpy(np.int64)[deliveries["life"]]
        if len(deliveries)
        else np.empty(0, np.int64)
    )
    columns = ["life", "time", "relay_ip", "to_us"]
    for number, (name, (rows, ids)) in enumerate(named_by.items()):
        if not rows.size:
            continue
        asked = deliveries[columns].take(rows)
        for queue in _where_to_look(name, own_queue[rows], lives):
            found = lives.find(queue, ids, rank[rows])
            good = (found >= 0) & (child[rows] < 0) & _plausible(name, found, asked, legs)
            child[rows[good]] = found[good]
            how[rows[good]] = number
    return {"child": child, "how": pd.array([*named_by, None], dtype="str").take(how)}


def _named(
    replies: pd.Series, which: pd.Series, *patterns: str
) -> tuple[npt.NDArray[np.intp], pa.Array]:
    """The queue ids in some of the replies, by the first pattern that fits, and their rows."""
    rows = np.flatnonzero(which)
    texts = pa.array(replies.array.take(rows), pa.string())
    named = pa.nulls(len(rows), pa.string())
    for pattern in patterns:
        found = pc.struct_field(pc.extract_regex(texts, pattern.replace("(", "(?P<id>", 1)), "id")
        named = pc.if_else(pc.is_valid(named), named, found)
    known = pc.is_valid(named)
    return rows[known.to_numpy(zero_copy_only=False)], named.filter(known)


def with_children(tried: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The deliveries with the leg (`next`) that took over each of the rows (`row`)."""
    if pairs.empty:
        return tried
    rows = pairs["row"].to_numpy(np.int64)
    child, how = tried["child"].to_numpy(np.int64).copy(), tried["how"].to_numpy(object).copy()
    child[rows], how[rows] = pairs["next"].to_numpy(np.int64), "filtered"
    return tried.assign(child=child, how=how)


def _where_to_look(name: str, own: Int64, lives: Lives) -> list[Int64]:
    """A forwarded message stays in its queue; a filter may hand over to another instance of the
    server.
    """
    if name == "forwarded":
        return [own]
    queues, at = np.unique(lives.queue, return_index=True)
    server, _ = pd.factorize(lives.server.take(pa.array(at)).to_pandas())
    number = pd.Series(server).groupby(server).cumcount()
    of_server = np.full((len(queues), number.max() + 1), -1)
    of_server[server, number] = queues
    return [own, *of_server[server[np.searchsorted(queues, own)]].T]


def _plausible(
    name: str, found: Int64, deliveries: pd.DataFrame, legs: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """A reply is the other side's text: it names a leg of ours only if that leg began then, as
    such a leg does, and a hand-over only if the other side is ours and one of ours handed the leg
    in, or if the other side handed it in itself: a stranger's message goes on with nobody's.
    """
    leg = legs[["received", "begun_by", "client_ip", "by_us"]].take(np.maximum(found, 0))
    apart = leg["received"].reset_index(drop=True) - deliveries["time"].reset_index(drop=True)
    near = apart.dt.total_seconds().fillna(np.inf).to_numpy()
    other: npt.NDArray[np.bool_] = found != deliveries["life"].to_numpy()
    if name == "forwarded":
        made_here = leg["begun_by"].isin(["message_id", "queued"]).to_numpy()
        return other & made_here & (np.abs(near) <= 3600)
    handed_back = leg["client_ip"].to_numpy() == deliveries["relay_ip"].to_numpy()
    other &= (deliveries["to_us"].to_numpy() & leg["by_us"].to_numpy(np.bool_)) | handed_back
    began = leg["begun_by"].isin(["client", "received"]).to_numpy()
    return other & began & (near > -3600) & (near <= 5)


def parents(deliveries: pd.DataFrame, legs: pd.DataFrame, lives: Lives) -> Int64:
    """The leg that each leg was made of; -1 for a first leg. On one server a parent began
    earlier: in one file by its place, if not by the time, for lines may be collected out of order;
    in two by the time, for they are not written in one order.
    """
    parent = np.full(len(legs), -1)
    edges = deliveries[deliveries["child"] >= 0].drop_duplicates("child")
    parent[edges["child"].to_numpy(np.int64)] = edges["life"]
    rows = np.flatnonzero(legs["orig_queue_id"].notna() & (parent < 0))
    if rows.size:
        ids = pa.array(legs["orig_queue_id"].iloc[rows], pa.string())
        found = lives.find(
            legs["queue"].to_numpy(np.int64)[rows], ids, legs["begin"].to_numpy(np.int64)[rows]
        )
        parent[rows] = found
    begin, received = legs["begin"].to_numpy(np.int64), legs["received"]
    server, source = (pd.factorize(legs[name])[0] for name in ("server", "source"))
    of = np.maximum(parent, 0)
    made_of = received.iloc[of].reset_index(drop=True)
    own = received.reset_index(drop=True)
    by_place = (begin[of] >= begin) & ~made_of.le(own).to_numpy()
    later = np.where(source[of] == source, by_place, made_of.gt(own + EARLY).to_numpy())
    later = (parent >= 0) & later & (server[of] == server)
    parent[later] = -1
    return _without_circles(parent)


def _without_circles(parent: Int64) -> Int64:
    """Where clocks differ, the answers of two servers might name each other: neither is a
    parent.
    """
    above = parent.copy()
    for _ in range(len(parent).bit_length()):  # twice as far up each time, past every first leg
        if (above < 0).all():
            return parent
        above = np.where(above >= 0, above[np.maximum(above, 0)], -1)
    return np.where(above >= 0, -1, parent)


def roots(parent: Int64) -> Int64:
    """The first leg of each leg."""
    root = np.where(parent >= 0, parent, np.arange(len(parent)))
    while True:
        further = root[root]
        if (further == root).all():
            return root
        root = further


def causes(notices: pd.DataFrame, lives: Lives) -> pd.Series:
    """For each leg that is a notice, the leg it is about; indexed by the notice's life."""
    if notices.empty:
        return pd.Series(dtype="int64")
    made = lives.find(
        notices["queue"].to_numpy(np.int64),
        pa.array(notices["new_queue_id"], pa.string()),
        notices["rank"].to_numpy(np.int64),
    )
    about = pd.Series(notices["life"].to_numpy(np.int64), index=made)
    return about[(about.index >= 0) & (about.index != about)].groupby(level=0).first()
