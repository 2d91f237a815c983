"""What did a filter, a proxy or our next server make of a message, where its queue does not tell?

What ties two legs is never one word of a stranger: that the other side is ours comes first, then
the id in its answer, or Message-ID, recipient and time together.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import among, canonical_ips
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.links import ACCEPTED, EARLY, HAND_OVER, QUEUED, with_children
from analyzer.messages.lives import Events, Lives

EXCHANGE_ID = r"\[InternalId=([0-9]{1,19})\b"
CLOCKS_APART = pd.Timedelta(days=1)  # between two servers that have not even the zone in common
FILTERED_WITHIN = pd.Timedelta(minutes=10)  # a filter with a queue of its own may take its time
BEGUN = ["source", "begin"]  # the place of a leg's first line
MADE = ["row", "life", "time", "received", *BEGUN]  # the delivery that may have made a leg
NAMES = ["client_ip", "client_name", "auth_user", "auth_method", "helo"]


def taken_over(tried: pd.DataFrame, known: pd.DataFrame, servers: Collection[str]) -> pd.DataFrame:
    """`child` and `how` of deliveries also where another server of ours took the message.

    Its answer has the id, and its own log the same Message-ID under it; clocks may differ.

    Args:
        servers: The names under which servers log, in the whole log.
    """
    if tried.empty or known["server"].nunique() < 2:
        return tried
    host = tried["relay"].astype("str").str.replace(r"\[.*$", "", regex=True).str.lower()
    names = {name.lower() for name in servers if name}
    # Syslog cuts a host's name at its first dot.
    named_ours = host.isin(names) | host.str.partition(".")[0].isin(names)
    named_ours &= ~tried["two_readings"]
    ours = tried["to_us"] | named_ours
    asked = (
        ours & tried["status"].eq("sent") & tried["daemon"].isin(HAND_OVER) & tried["child"].lt(0)
    )
    rows = tried[asked]
    named = _first_of(rows["reply"], (QUEUED, ACCEPTED, EXCHANGE_ID))
    rows = _beside_leg(rows.assign(named=named)[named.notna()], known, ["message_id", "server"])
    pairs = rows.merge(
        known[["queue_id", "message_id", "server", "received"]].reset_index(names="next"),
        left_on=["named", "message_id"],
        right_on=["queue_id", "message_id"],
        suffixes=("", "_next"),
    )
    pairs = pairs.assign(apart=(pairs["received"] - pairs["time"]).abs())
    pairs = pairs[pairs["server"].ne(pairs["server_next"]) & pairs["apart"].le(CLOCKS_APART)]
    pairs = pairs.sort_values(["row", "apart", "next"], kind="stable")
    return with_children(tried, pairs.drop_duplicates("row"))


def handed_back(tried: pd.DataFrame, known: pd.DataFrame, lives: Lives) -> pd.DataFrame:
    """The same where a filter of ours took the message and answered without an id.

    What it hands back has the recipient, and the first pass's queue id (XFORWARD) or Message-ID. It
    comes from a host of ours, or by the sendmail command.
    """
    to_filter = tried["to_us"] | tried["daemon"].eq("pipe")
    open_ = tried["status"].eq("sent") & tried["child"].lt(0) & ~tried["two_readings"]
    given = tried[to_filter & open_]
    again = known["by_us"] | known["begun_by"].eq("pickup")
    again &= ~known.index.isin(tried["child"])
    asked = ["server", "message_id", "received", "queue", "orig_queue_id", *BEGUN]
    back = known.loc[again, asked]
    same_words = among(back["message_id"], known["message_id"].iloc[given["life"]])
    back = back[same_words | back["orig_queue_id"].notna()].dropna(subset="received")
    if given.empty or back.empty:
        return tried
    ids = pa.array(back["orig_queue_id"], pa.string())
    queue, begin = (back[name].to_numpy(np.int64) for name in ("queue", "begin"))
    back = back.assign(elder=lives.find(queue, ids, begin))
    given = _beside_leg(given, known, ["message_id", "server", "received", *BEGUN])
    given = given.assign(elder=given["life"], whom=given["recipient"].str.lower())
    addressed = _recipients(tried, back)
    for key in (["elder"], ["server", "message_id"]):
        tried = with_children(tried, _nearest(given, addressed, key))
        given = given[tried["child"].reindex(given["row"]).lt(0).to_numpy()]
        addressed = addressed[~addressed["next"].isin(tried["child"])]
    return tried


def _recipients(tried: pd.DataFrame, legs: pd.DataFrame) -> pd.DataFrame:
    """One row a leg and each address it was meant for, before alias expansion or after."""
    mine = tried[tried["life"].isin(legs.index)]
    whom = [mine["recipient"], mine["orig_recipient"]]
    rows = pd.concat(
        [pd.DataFrame({"next": mine["life"], "whom": w.astype("object").str.lower()}) for w in whom]
    )
    rows = rows.dropna().drop_duplicates(ignore_index=True)
    names = {"received": "returned", "source": "returned_in", "begin": "returned_at"}
    return rows.join(legs, on="next").rename(columns=names)


def _nearest(given: pd.DataFrame, back: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """For each leg handed back and recipient, the last delivery that may have made it."""
    key = [*by, "whom"]
    left = back.dropna(subset=key)
    left = left.assign(at=left["returned"] + EARLY)
    right = given.dropna(subset=[*key, "received"])
    if left.empty or right.empty:
        return given.head(0).assign(next=0)
    kinds = {name: "int64" if name == "elder" else "str" for name in key}
    right = right[[*MADE, *key]].astype(kinds).sort_values("received", kind="stable")
    before = right.groupby(key)[MADE].shift()
    right = right.assign(
        made=right["received"], **{f"{name}_before": before[name].array for name in MADE}
    )
    told = ["next", "at", "returned", "returned_in", "returned_at", *key]
    pairs = pd.merge_asof(
        left[told].astype(kinds).sort_values("at", kind="stable"),
        right,
        left_on="at",
        right_on="made",
        by=key,
    ).dropna(subset="row")
    before_it = _may_not_have_made(pairs)
    pairs = pairs.assign(
        **{name: pairs[name].mask(before_it, pairs[f"{name}_before"]) for name in MADE}
    ).dropna(subset="row")
    fits = pairs["returned"].le(pairs["time"] + FILTERED_WITHIN) & ~_may_not_have_made(pairs)
    pairs = pairs[fits].sort_values(["row", "returned", "next"], kind="stable")
    return pairs.drop_duplicates("row")


def _may_not_have_made(pairs: pd.DataFrame) -> pd.Series[bool]:
    """The leg itself, where it goes on to another host of ours; and a leg that began no sooner: in
    one file by its place, unless the time says otherwise (see `links.parents`).
    """
    later = pairs["source"].eq(pairs["returned_in"]) & pairs["begin"].gt(pairs["returned_at"])
    return pairs["next"].eq(pairs["life"]) | later & pairs["received"].ge(pairs["returned"])


def _beside_leg(rows: pd.DataFrame, known: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Deliveries with what is known of their leg, and their own number as `row`."""
    leg = known.iloc[rows["life"].to_numpy(np.int64)][columns]
    return (
        rows.drop(columns=columns, errors="ignore")
        .reset_index(names="row")
        .assign(
            **{
                name: leg[name].to_numpy() if name != "received" else leg[name].array
                for name in columns
            }
        )
    )


def _first_of(texts: pd.Series, patterns: tuple[str, ...]) -> pd.Series:
    """The id by the first pattern that fits; words end where they end for `ties`, which reads the
    same replies with Arrow.
    """
    found = pd.Series(None, texts.index, "object")
    for pattern in patterns:
        named = texts.astype("str").str.extract(pattern, flags=re.ASCII)[0]
        found = found.where(found.notna(), named)
    return found


def proxied(known: pd.DataFrame, events: Events, lives: Lives) -> pd.DataFrame:
    """The legs that a proxy before the queue handed in, with the client whom it served.

    The connection that the proxy answered has `NOQUEUE: client=`, and then `proxy-accept`, which
    quotes the id that the message got behind the proxy.
    """
    columns = [
        "rank",
        "time",
        "dialogue",
        "queue",
        "action",
        "reply",
        "client_ip",
        "client_name",
        "helo",
    ]
    rows = frame(events, "decision", columns)
    rows = rows[rows["action"].eq("proxy-accept")]
    if rows.empty:
        return known
    named = _first_of(rows["reply"], (QUEUED,))
    found = lives.find(
        rows["queue"].to_numpy(np.int64),
        pa.array(named, pa.string()),
        rows["rank"].to_numpy(np.int64),
    )
    leg = known.reindex(found).set_axis(rows.index)
    fits = leg["by_us"].eq(True) & (leg["received"] - rows["time"]).abs().le(FILTERED_WITHIN)
    rows = rows.assign(leg=found)[fits].drop_duplicates("leg")
    told = _connections(rows, events).set_index("leg")
    told["client_ip"] = canonical_ips(told["client_ip"])
    changed = known.copy()
    for column in (*NAMES, *PLACE):
        mine = told[column].reindex(known.index)
        changed[column] = known[column].where(mine.isna(), mine)
    return changed


def _connections(rows: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The rows with what the connection of the same process said last of its client."""
    before = ["client_ip", "client_name", "auth_user", "auth_method", *PLACE]
    lines = frame(events, "client", ["rank", "dialogue", "life", *before])
    lines = lines[lines["life"].lt(0) & lines["dialogue"].ge(0)].drop(columns="life")
    lines = lines.assign(since=lines["rank"])
    tied = pd.merge_asof(rows, lines, on="rank", by="dialogue", suffixes=("_said", ""))
    for column in ("client_ip", "client_name"):
        tied[column] = tied[column].where(tied[column].notna(), tied[f"{column}_said"])
    return tied


def told_by_filters(known: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The legs that a filter handed back, or put into the queue without a line of Postfix, with the
    first leg's id and client by its own line.
    """
    columns = ["time", "server", "client_ip", "orig_queue_id", "new_queue_id"]
    lines = frame(events, "filter_verdict", columns).dropna(subset=["new_queue_id", "time"])
    handed = known["by_us"] | known["begun_by"].eq("queued")
    mine = known[handed & among(known["queue_id"], lines["new_queue_id"])]
    if mine.empty:
        return known
    pairs = (
        mine[["server", "queue_id", "received"]]
        .reset_index(names="leg")
        .merge(lines, left_on=["server", "queue_id"], right_on=["server", "new_queue_id"])
    )
    late = (pairs["time"] - pairs["received"]).abs()
    pairs = pairs.assign(late=late)[late.le(FILTERED_WITHIN)].sort_values(["leg", "late"])
    told = pairs.drop_duplicates("leg").set_index("leg").reindex(known.index)
    address = canonical_ips(told["client_ip"])
    unnamed = known["orig_client_ip"].isna() & address.notna()
    return known.assign(
        orig_queue_id=known["orig_queue_id"].where(
            known["orig_queue_id"].notna(), told["orig_queue_id"]
        ),
        client_ip=known["client_ip"].mask(unnamed, address),
        client_name=known["client_name"].mask(unnamed, None),
    )
