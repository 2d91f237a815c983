"""Which legs of Exchange mail are one message, and who handed it in?

A mail has an id that all servers share (2013 and later); before, a server's answer names the next
one's id. Both are our own servers' words. Who handed it in is what tracking says and what the
protocol log of the front end adds: login, connector, and whether the session had the right to
relay.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.messages.addresses import domain, per_value
from analyzer.messages.exchange_rows import short_name
from analyzer.messages.exchange_sessions import Sessions
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.links import with_children
from analyzer.messages.lives import Events
from analyzer.messages.locality import INSIDE, Locality
from analyzer.rows import Int64
from analyzer.schema import NOT_LOGGED

# From our server's answer to the next one's own row, clocks apart.
TAKEN_OVER_WITHIN = pd.Timedelta(minutes=5)
TRACKED = [
    *("network_message_id", "connector", "directionality", "session_id", "mailer", "hop_ip"),
    "first_hop",
]
ONLINE = "EXCHANGE-ONLINE"  # as `analyzer.formats.exchange_trace` calls the server of a trace
AUTHENTICATED = r"\\Client "  # default connectors of 587 and 465 take nobody without a login


def submitters(
    known: pd.DataFrame, events: Events, local: Locality, sessions: Sessions
) -> pd.DataFrame:
    """The legs with `network_message_id`, `connector`, `relay_right`, `first_hop` (which other
    server of ours took it before), and Exchange's `auth_user`.

    Tracking names no login, but a mailbox may send as itself only: the sender is taken for it. It
    says `Originating` of what came in with a login, and of what an externally secured connector let
    in: that is no login, and shows where a foreign sender is claimed, which no mailbox may do. A
    trace of Exchange Online may say neither; what leaves it has a login, or a connector of ours.
    """
    rows = frame(events, "received", ["life", "mta", *TRACKED])
    rows = rows[rows["mta"].eq("exchange") & rows["life"].ge(0)]
    told = rows.drop_duplicates("life").set_index("life").reindex(known.index)
    known = known.assign(network_message_id=told["network_message_id"], connector=told["connector"])
    nobody = pd.Series(None, known.index, "str")
    known = known.assign(relay_right=False, first_hop=nobody)
    mine = known["mta"].eq("exchange")
    if not mine.any():
        return known
    _network_ids_of_deliveries(known, events)
    at_hub = sessions.by_id(told["session_id"])
    at_front = sessions.by_sender(known)
    login = at_front["login"].where(at_front["login"].notna(), at_hub["login"])
    front = at_front["connector"].where(at_front["connector"].notna(), at_hub["connector"])
    by_smtp = mine & known["submission"].eq("smtp")
    ours = per_value(
        known["sender"], lambda sender: local.of_domain(domain(sender)) == INSIDE and sender != ""
    ).eq(True)
    trusted = told["directionality"].str.lower().eq("originating") | _leaves_online(
        known, events, local
    )
    trusted &= ours
    trusted |= told["connector"].astype("str").str.contains(AUTHENTICATED, regex=True)
    named = by_smtp & login.notna()
    first_hop = per_value(told["first_hop"].where(by_smtp), short_name)
    by_us = per_value(told["hop_ip"], lambda ip: local.of_client(ip) == INSIDE).eq(True)
    elsewhere = by_us & first_hop.ne(per_value(known["server"], short_name))
    mailbox = mine & known["submission"].eq("local") & known["sender"].fillna("").ne("")
    mailbox &= ~told["mailer"].isin(["mailboxrule", "pickup"])
    unnamed = (mailbox | (by_smtp & trusted & ~named)) & known["auth_user"].isna()
    account = known["sender"].where(ours | mailbox, NOT_LOGGED)
    ground = known["auth_ground"].mask(named, "connection")
    return known.assign(
        auth_user=known["auth_user"].mask(named, login).mask(unnamed, account),
        auth_ground=ground.mask(unnamed, "sender").mask(
            unnamed & account.eq(NOT_LOGGED), "protocol"
        ),
        connector=front.where(front.notna() & by_smtp, known["connector"]),
        first_hop=first_hop.where(elsewhere),
        relay_right=by_smtp & (at_front["right"].eq(True) | at_hub["right"].eq(True)),
    )


def _leaves_online(known: pd.DataFrame, events: Events, local: Locality) -> npt.NDArray[np.bool_]:
    """Legs of Exchange Online with a recipient elsewhere."""
    online = known["server"].eq(ONLINE).to_numpy()
    if not online.any():
        return online
    rows = frame(events, "delivery", ["life", "recipient"])
    rows = rows[rows["life"].ge(0)]
    side = per_value(rows["recipient"], lambda to: local.of_domain(domain(to)))
    leaves: npt.NDArray[np.bool_] = online & known.index.isin(rows.loc[side.ne(INSIDE), "life"])
    return leaves


def _network_ids_of_deliveries(known: pd.DataFrame, events: Events) -> None:
    """Legs that only deliver (another service, another id) have the mail's id from that row."""
    rows = frame(events, "delivery", ["life", "network_message_id"])
    rows = rows[rows["life"].ge(0) & rows["network_message_id"].notna()]
    ids = rows.drop_duplicates("life").set_index("life")["network_message_id"].reindex(known.index)
    known["network_message_id"] = known["network_message_id"].where(
        known["network_message_id"].notna(), ids
    )


def handed_over(tried: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """`child` and `how` of deliveries also where the next server is ours, its leg in the log.

    Where that server's log is missing, it is the next hop that took the mail, like any other.
    """
    if not known["mta"].eq("exchange").any():
        return tried
    life = tried["life"].to_numpy(np.int64)
    rows = np.flatnonzero(
        known["mta"].eq("exchange").to_numpy()[life]
        & tried["status"].eq("sent").to_numpy()
        & tried["daemon"].eq("smtp").to_numpy()
    )
    if not rows.size:
        return tried
    own = life[rows]
    asked = pd.DataFrame(
        {
            "row": rows,
            "own": own,
            "server": per_value(tried["relay"].iloc[rows], short_name).array,
            "time": tried["time"].array.take(rows),
            "mail": known["network_message_id"].array.take(own),
            "said": known["message_id"].array.take(own),
            "sent_by": known["sender"].array.take(own),
        }
    )
    next_legs = known.loc[
        known["mta"].eq("exchange"),
        ["server", "received", "network_message_id", "message_id", "sender"],
    ]
    next_legs = next_legs.reset_index(names="next")
    same_id = asked[asked["mail"].notna()].merge(
        next_legs, left_on=["server", "mail"], right_on=["server", "network_message_id"]
    )
    elder = asked[asked["mail"].isna() & asked["said"].notna()]
    plain = next_legs[next_legs["network_message_id"].isna()]
    by_words = elder.merge(
        plain, left_on=["server", "said", "sent_by"], right_on=["server", "message_id", "sender"]
    )
    found = [part for part in (same_id, by_words) if len(part)] or [same_id]
    pairs = pd.concat(found, ignore_index=True)
    pairs = pairs[pairs["next"].ne(pairs["own"])]
    away = (
        pd.to_datetime(pairs["received"], utc=True) - pd.to_datetime(pairs["time"], utc=True)
    ).abs()
    near = pairs.assign(away=away)[away.le(TAKEN_OVER_WITHIN) | pairs["received"].isna()]
    near = near.sort_values(["row", "away", "next"], kind="stable")
    return with_children(tried, near.drop_duplicates("row"))


def same_mail(parent: Int64, known: pd.DataFrame) -> Int64:
    """Parents, also of legs that share only the mail's id: what received it first is the first."""
    parent = parent.copy()
    rows = known[known["network_message_id"].notna() & known["mta"].eq("exchange")]
    if rows.empty:
        return parent
    rows = rows.assign(life=rows.index, late=rows["received"].isna())
    rows = rows.sort_values(["late", "received", "begin"], kind="stable")
    orphans = rows[parent[rows["life"].to_numpy(np.int64)] < 0]
    first = orphans.groupby("network_message_id")["life"].transform("first")
    others = orphans["life"].ne(first)
    parent[orphans.loc[others, "life"].to_numpy(np.int64)] = first[others].to_numpy(np.int64)
    return parent


def without_fate(last: pd.DataFrame, events: Events, root: Int64) -> pd.DataFrame:
    """The last words, and a row for each recipient accepted of whom the log says no more."""
    rows = frame(events, "addressed", ["life", "rank", "recipient", *PLACE])
    rows = rows[rows["life"].ge(0)]
    if rows.empty:
        return last
    rows = rows[root[rows["life"].to_numpy(np.int64)] == rows["life"]].drop_duplicates(
        ["life", "recipient"]
    )
    of_root = root[last["life"].to_numpy(np.int64)] if len(last) else np.empty(0, np.int64)
    answered = [last[name].astype("str") for name in ("recipient", "orig_recipient")]
    who, texts = pd.factorize(pd.concat([rows["recipient"].astype("str"), *answered]).str.lower())
    pair = np.concatenate([rows["life"], of_root, of_root]).astype(np.int64)
    pair = pair * (len(texts) + 1) + who + 1  # null is -1
    silent: pd.DataFrame = rows[~np.isin(pair[: len(rows)], pair[len(rows) :])]
    if silent.empty:
        return last
    return pd.concat([last, silent.assign(status="unknown")], ignore_index=True)
