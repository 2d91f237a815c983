"""From the lines of a part to its messages: who handed each in, where each recipient's copy went,
and what it was made of?
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import canonical_ip, canonical_ips, distinct, of_each, per_value
from analyzer.messages.attempts import attempts
from analyzer.messages.bcc import before_bcc
from analyzer.messages.clocks import hand_overs
from analyzer.messages.deliveries import (
    attempts_to_deliver,
    in_order,
    last_words,
    recipients_in_order,
    requeued,
)
from analyzer.messages.dialogues import dialogues
from analyzer.messages.exchange_links import handed_over, same_mail, submitters, without_fate
from analyzer.messages.expansions import before_expansion, expanded_here, where_it_left
from analyzer.messages.handovers import handed_back, proxied, taken_over, told_by_filters
from analyzer.messages.legs import PLACE, frame, legs, own_client
from analyzer.messages.links import causes, children, parents, roots
from analyzer.messages.lives import live
from analyzer.messages.locality import INSIDE, Locality, sides
from analyzer.messages.logins import certificates, logins
from analyzer.messages.made_here import made_here
from analyzer.messages.originals import original_recipient
from analyzer.messages.own import Own
from analyzer.messages.parts import Part
from analyzer.messages.returned import recipients_only
from analyzer.messages.sent_on import with_sent_on
from analyzer.messages.set_aside import set_aside, with_senders
from analyzer.messages.survey import Survey
from analyzer.schema import MESSAGES, NOT_DELIVERIES, fit
from analyzer.site import Site

NEXT_HOP = re.compile(r"\[([^\]]*)\](?::[0-9]+)?$")
ORIGIN = [
    "client_ip",
    "client_name",
    "auth_user",
    "uid",
    "local_user",
    "submission",
    "received",
    "message_id",
    "connector",
    "relay_right",
    "first_hop",
    "certificate",
    "fingerprint",
]
OF_LEG = ["mta", "server", "queue_id", "sender", "size", "begun_by"]
OF_FIRST = ["queue_id", "sender", *ORIGIN, *PLACE]
LIVES = ["life", "origin_life", "cause_life", "cause_leg"]
ORDER = ["received", "source", "line"]  # of messages
# What is asked of delivery attempts, once it is known where each recipient's copy ended.
TRIED = ["life", "time", "daemon", "recipient", "status", "relay", "reply", "to_us", *PLACE]


@dataclass(frozen=True)
class Joined:
    """What a part tells, each table in order, with `order` or life as its lines have it.

    Args:
        rows: DELIVERIES but for what all parts decide together (`assemble`), and what it needs.
        messages: MESSAGES, as far.
        attempts: ATTEMPTS, and `order`.
        tried: Every delivery attempt, with the columns TRIED and `order`.
        sessions: As declared.
        hand_overs: What tells how far clocks are apart (`clocks.hand_overs`).
        begins: `order` of the first line of each of its own lives; a life is a place in it.
    """

    rows: pd.DataFrame
    messages: pa.Table
    attempts: pa.Table
    tried: pd.DataFrame
    sessions: pa.Table
    hand_overs: pd.DataFrame
    begins: npt.NDArray[np.int64]


def join(part: Part, of: Survey, site: Site | None) -> Joined:
    """Join the lines that tell of one message.

    Source:
        postconf(5): enable_long_queue_ids; mail_queue.h: short ids name a message only while it
        lives.
    """
    events, lives = live(part.events, of.queues)
    tried = attempts_to_deliver(events)
    local = of.locality
    aside = set_aside(events)
    known = with_senders(legs(events, lives, made_here(events, lives)), aside, events)
    known = certificates(logins(known, events, of.protocol_tells), events)
    known = submitters(_normal(known, local), events, local, of.sessions)
    known = told_by_filters(proxied(known, events, lives), events)
    talks = dialogues(events, known)
    tried = _next_hops(recipients_only(tried, known, events), local)
    tried = tried.assign(**children(tried, known, lives))
    tried = handed_back(
        taken_over(handed_over(tried, known), known, of.queues.servers), known, lives
    )
    ways = with_sent_on(tried, known)
    parent = same_mail(parents(ways, known, lives), known)
    root = roots(parent)
    last = without_fate(last_words(tried, events, aside), events, root)
    last = in_order(requeued(last, parent, known), known["received"].take(root))
    own = Own.of(part, lives)
    last = own.rows(last)
    cause = causes(frame(events, "notice", ["life", "rank", "queue", "new_queue_id"]), lives)
    rows = _deliveries(last, known, root, cause)
    rows["original_recipient"] = original_recipient(last, ways, parent)
    rows["original_recipient"] = before_bcc(rows, events, root)
    for column in ("recipient", "original_recipient"):
        rows[column] = _completed(rows[column], local.first_domain)
    rows["expanded"] = expanded_here(last, known)
    source = before_expansion(rows, events, site)
    rows["recipient"] = where_it_left(rows, site)
    rows["explained"] = source.notna() | rows["owner"].notna()
    rows["original_recipient"] = rows["original_recipient"].where(source.isna(), source)
    rows["named"] = rows["origin_life"].map(talks.named).astype("float64")
    rows = recipients_in_order(sides(rows, local))
    told = own.rows(tried[[*TRIED, "child", "rank"]])
    return Joined(
        own.numbered(rows, LIVES),
        _messages(rows, known, root, own),
        own.attempts(attempts(events, known, talks, local)),
        own.numbered(told[TRIED], ["life"]).assign(order=lives.order[told["rank"]]),
        own.sessions(talks),
        hand_overs(told, known),
        own.begins,
    )


def _normal(known: pd.DataFrame, local: Locality) -> pd.DataFrame:
    ours = per_value(known["client_ip"], lambda ip: _is_inside(ip, local), local.clients_alike)
    known = own_client(known, ours.eq(True))
    return known.assign(client_ip=canonical_ips(known["client_ip"]))


def _next_hops(tried: pd.DataFrame, local: Locality) -> pd.DataFrame:
    """Who took each delivery over: `name[address]:port`, or `name[path]` of a socket; nobody, where
    a stranger may have written the line's next hop.
    """
    relay, codes = distinct(tried["relay"].mask(tried["two_readings"]))
    address = pd.Series(map(_in_brackets, relay), dtype="str")
    ours = per_value(
        address, lambda text: "/" in text or _is_inside(text, local), local.clients_alike
    )
    return tried.assign(
        relay_ip=of_each(canonical_ips(address), codes, tried.index),
        to_us=of_each(ours.eq(True), codes, tried.index).eq(True),
    )


def _in_brackets(relay: str) -> str | None:
    found = NEXT_HOP.search(relay)
    return found[1] if found else None


def _is_inside(ip: str, local: Locality) -> bool:
    canonical = canonical_ip(ip)
    return canonical is not None and local.of_client(canonical) == INSIDE


def _completed(addresses: pd.Series, first_domain: str | None) -> pd.Series:
    text = pa.array(addresses, pa.string())
    whole = pc.and_not(pc.match_substring(text, "@"), pc.starts_with(text, "\\"))
    odd = ~pc.fill_null(whole, True).to_numpy(zero_copy_only=False)
    if not odd.any():
        return addresses
    told = per_value(addresses[odd], lambda text: _complete(text, first_domain))
    return addresses.mask(odd, told.reindex(addresses.index))


def _complete(address: str, first_domain: str | None) -> str:
    """An address logged without domain is one of ours; a leading backslash only stops alias
    expansion.
    """
    bare = address.lstrip("\\")
    if "@" in bare or not bare or first_domain is None or bare[0] in '/|:"':
        return bare
    return f"{bare}@{first_domain}"


def _deliveries(
    last: pd.DataFrame, known: pd.DataFrame, root: np.ndarray, cause: pd.Series
) -> pd.DataFrame:
    """The delivering leg's own columns, and the first leg's."""
    life = last["life"].to_numpy(np.int64)
    # What a notice is about stays so where the notice itself goes through a filter.
    notice = root[life]
    cause_life = (
        cause.reindex(notice).fillna(-1).to_numpy(np.int64)
        if len(cause)
        else np.full(len(life), -1)
    )
    leg = {name: known[name].array.take(life) for name in OF_LEG}
    first = {name: known[name].array.take(root[life]) for name in OF_FIRST}
    return pd.DataFrame(
        {
            "mta": leg["mta"],
            "server": leg["server"],
            "queue_id": leg["queue_id"],
            "origin_queue_id": first["queue_id"],
            "cause_queue_id": known["queue_id"].array.take(cause_life, allow_fill=True),
            **{name: first[name] for name in ORIGIN},
            "completed": last["completed"].array,
            "sender": leg["sender"],
            "origin_sender": first["sender"],
            "recipient": last["recipient"].array,
            "recipient_logged": last["recipient"].array,
            "size": leg["size"],
            **{name: last[name].array for name in ("status", "dsn", "relay", "reply", *PLACE)},
            "two_readings": last["two_readings"].eq(True).to_numpy(),
            "life": life,
            "origin_life": root[life],
            "cause_life": np.where(cause_life >= 0, root[np.maximum(cause_life, 0)], -1)
            if len(root)
            else cause_life,
            "cause_leg": cause_life,
            "agent": last["daemon"].array,
            "owner": pd.Series(leg["sender"]).where(leg["begun_by"] == "clone"),
            **{f"orig_{name}": first[name] for name in PLACE},
        }
    )


def _messages(rows: pd.DataFrame, known: pd.DataFrame, root: np.ndarray, own: Own) -> pa.Table:
    """One row for each first leg that became a message, with its number as `life`."""
    is_message = (
        known["queued"] | known["message_id"].notna() | known["begun_by"].isin(["pickup", "notice"])
    )
    first = known[(root == known.index) & is_message & own.life]
    legs_of = known["queue_id"].groupby(root)
    ended = pd.to_datetime(known["ended"], utc=True).groupby(root)  # of objects it would be slow
    all_ended = ended.count().eq(legs_of.size())
    left = ended.max().where(all_ended).reindex(first.index)
    counted = rows["origin_life"][~rows["status"].isin(NOT_DELIVERIES)].value_counts()
    table = first.assign(
        life=own.number[first.index],
        origin_masked=False,
        recipients=counted.reindex(first.index).fillna(0).astype("int64"),
        ended=left,
    ).sort_values(ORDER, kind="stable")
    names = [name for name in MESSAGES.names if name != "legs"]
    plain = pa.Table.from_pandas(table[names], preserve_index=False)
    told = fit(plain.append_column("legs", _legs(known, root, table.index)), MESSAGES)
    return told.append_column("life", pa.array(table["life"]))


def _legs(known: pd.DataFrame, root: np.ndarray, of: pd.Index) -> pa.ListArray:
    """The queue ids of every leg of each first leg, the first one first."""
    order = np.argsort(root, kind="stable")  # legs of a message lie together, in order of life
    begins = np.searchsorted(root[order], of.to_numpy())
    ends = np.searchsorted(root[order], of.to_numpy(), "right")
    sizes = ends - begins
    # The first leg has the lowest life of its queue, not always of all: it is put in front.
    places = (
        np.repeat(begins, sizes)
        + np.arange(sizes.sum())
        - np.repeat(np.cumsum(sizes) - sizes, sizes)
    )
    lives = order[places]
    group = np.repeat(np.arange(len(of)), sizes)
    first = lives == np.repeat(of.to_numpy(), sizes)
    lives = lives[np.lexsort((known["begin"].to_numpy()[lives], ~first, group))]
    ids = pa.array(known["queue_id"].array.take(lives), pa.string())
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32()), ids
    )
