"""Open relay: which strangers had us carry mail to strangers?"""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.detect.detector import (
    Detector,
    Evidence,
    busiest,
    evidence_of,
    measured,
    totals,
)
from analyzer.detect.mail import first_groups
from analyzer.detect.own_cloud import by_cloud, from_own_cloud
from analyzer.rows import (
    Flags,
    Int32,
    Int64,
    among,
    different,
    domain,
    numbered,
    saying,
    text_of,
    those,
)
from analyzer.schema import NOT_DELIVERIES
from analyzer.words import count

DOOR_KEY = "door"  # ties whoever came through it to one incident
ENOUGH_RECIPIENTS, ENOUGH_DOMAINS = 10, 2  # a single stray message may be a mistake in the site
# The same of all who come through one door in a day, each with little: a domain of ours that the
# site omits gets much, too, but they are few.
MANY_RECIPIENTS, MANY_DOMAINS = 100, 20

MEASURED = {
    "recipients outside": ("away", ENOUGH_RECIPIENTS),
    "domains outside": ("domains", ENOUGH_DOMAINS),
}
# Where the local part of an address of ours leads: `bob%far@ours`, `bob@far@ours`, `far!bob@ours`.
ROUTES = (r"(?s)^.*[%@]([^%@]+?)\"?@[^@]*$", r"(?s)^\"?([^!@%]+)![^@%]*@[^@]*$")
NEXT_HOP = r"\["  # before the address of a server, in `relay`
OF_CLIENT = ["client_ip", "origin_life"]
OURS = (
    "; part of it at least may be of one of us whose login the log does not name: it was sent as a "
    "person sends, from where the same sender logged in at other times, or by a client that logged "
    "in for nearly all its mail"
)
TOGETHER = (
    "; that is little, but those of its network, or all who came through this door on that day, "
    "reached many"
)
INNOCENT = {
    "forwarding": "for an address of ours that passed it on, not counted",
    "backup_mx": "for a domain that we are the backup or gateway of, not counted",
}


def relayed(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows of messages that a stranger handed in and that were accepted for somebody outside.

    Whatever became of them: relaying is accepting, so bounced and deferred count like delivered,
    and every recipient of such a message counts. What was addressed to one of us and went on from
    here is forwarding. What the server's own rule threw away was never taken to be passed on; what
    it gave to a filter was, whatever the filter did. What our own mailboxes in a cloud may have
    sent accuses nobody; nor does what a client certificate let in.
    """
    stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    # Whoever states these networks has every tenant in them.
    stranger |= by_cloud(rows) & rows["sender_side"].eq("outside")
    stranger &= ~from_own_cloud(rows)
    ends_outside = rows["original_side"].eq("outside") & rows["recipient_side"].eq("outside")
    thrown_away = rows["status"].eq("discarded")
    by_filter = saying(rows["relay"], thrown_away, NEXT_HOP)
    own_rule = rows["status"].eq("rejected") | (thrown_away & ~by_filter)
    accepted = stranger & ends_outside & ~own_rule & ~rows["by_certificate"]
    return stranger & among(rows["origin_life"], rows["origin_life"][accepted])


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each outside client; its evidence names the first lines to read.

    Where there are very many, the busiest have one each, and the others one for each server. A
    client may have millions of messages: their rows are not copied.
    """
    rows = evidence.deliveries
    mine = rows["mechanism"].eq("open_relay").to_numpy()
    if not mine.any():
        return pd.DataFrame()
    door, doors = _doors(rows, mine)
    away = mine & rows["recipient_side"].ne("inside") & rows["original_side"].ne("inside")
    away &= ~rows["status"].isin(NOT_DELIVERIES)
    there = np.where(away, door, np.int32(-1))

    def any_of(flags: pd.Series[bool]) -> Flags:
        return np.bincount(door[mine & flags.eq(True)], minlength=len(doors)) > 0

    rows = rows.assign(door=pd.Categorical.from_codes(door, doors.index))
    found = totals(rows, "door").assign(
        **doors,
        clients=different(door, len(doors), rows["client_ip"]),
        granted=any_of(rows["relay_right"]) if "relay_right" in rows else False,
        masked=any_of(rows["origin_masked"]),
        away=np.bincount(there[away], minlength=len(doors)),
        domains=_domains(there, len(doors), rows, evidence),
        senders=different(door, len(doors), rows["origin_sender"]),
        rows=np.bincount(door[mine], minlength=len(doors)),
        unnamed=np.bincount(door[mine & rows["verdict"].eq("unclear")], minlength=len(doors)),
        # The lines that accepted the first messages, then those that tell their fate.
        evidence=evidence_of(rows, "door", "orig_", 5) + evidence_of(rows, "door", "", 5),
    )
    found = found.assign(measured=measured(found, MEASURED), checks=_checks(found, evidence))
    alone = _enough(found["away"], found["domains"], evidence)
    found["together"] = any_of(_together(rows, away, evidence)) & ~alone
    doubted = pd.Series(
        [
            bool(evidence.doubted_networks) if crowd else _in_doubt(who, evidence.doubted_networks)
            for who, crowd in zip(found["subject"], found["crowd"], strict=True)
        ],
        found.index,
    )
    verdict = ((alone | found["together"]) & ~doubted).map({True: "confirmed", False: "probable"})
    ours = found["unnamed"].eq(found["rows"])
    return found.assign(
        kind="abuse",
        mechanism="open_relay",
        verdict=verdict.mask(ours, "possible") if evidence.site_known else "possible",
        subject_kind=found["crowd"].map({True: "server", False: "ip"}),
        keys=pd.Series([[DOOR_KEY]] * len(found), found.index),
        reason=found.apply(_reason, axis=1),
    )


def _enough(recipients: Any, domains: Any, evidence: Evidence) -> Any:
    """Much mail for one domain is what a backup MX passes on: only who states them can tell."""
    several = domains >= ENOUGH_DOMAINS
    return several | (recipients >= ENOUGH_RECIPIENTS) if evidence.relay_domains_known else several


def _together(rows: pd.DataFrame, away: Flags, evidence: Evidence) -> pd.Series[bool]:
    """Rows that others make certain: one network of IPv6, which one customer has whole, reached
    enough; or all who came through the door on that day reached many.
    """
    mine = away & rows["verdict"].ne("unclear").to_numpy(np.bool_)
    network = _network(rows["client_ip"], mine)
    told = np.asarray(_enough(*_reached(rows, network, evidence), evidence))
    recipients, domains = _reached(rows, _day(rows, mine), evidence)
    told |= (recipients >= MANY_RECIPIENTS) & (domains >= MANY_DOMAINS)
    return pd.Series(told, rows.index)


def _reached(rows: pd.DataFrame, group: Int32, evidence: Evidence) -> tuple[Int64, Int64]:
    """How many recipients and domains the group of each row has; none without a group."""
    groups = int(group.max(initial=-1)) + 1
    recipients = np.bincount(group[group >= 0], minlength=groups)
    domains = _domains(group, groups, rows, evidence)
    return np.append(recipients, 0)[group], np.append(domains, 0)[group]


def _domains(group: Int32, groups: int, rows: pd.DataFrame, evidence: Evidence) -> Int64:
    """How many domains each group reached, also by a route through an address of ours."""
    ours = pa.array(evidence.inferred_domains, pa.large_string())

    def reached(addresses: pa.Array) -> pa.Array:
        found = domain(addresses)
        through_us = pc.is_in(found, ours)
        for route in ROUTES:
            leads = pc.and_(through_us, pc.match_substring_regex(addresses, route))
            target = pc.replace_substring_regex(addresses, route, r"\1")
            found = pc.if_else(leads, pc.utf8_lower(target), found)
        return found

    return different(group, groups, rows["recipient"], reached)


def _network(ip: pd.Series[str], mine: Flags) -> Int32:
    """The number of the /64 of each IPv6 client, -1 for others."""
    client, clients = numbered(ip, saying(ip, mine, ":"))
    block, _ = pd.factorize(first_groups(text_of(clients.to_series()), 4).to_pandas())
    return np.append(block, -1).astype(np.int32)[client]


def _day(rows: pd.DataFrame, mine: Flags) -> Int32:
    """The number of server, connector and day of each row, -1 for rows that are not asked."""
    server, _ = numbered(rows["server"], mine)
    connector, connectors = _connectors(rows, mine)
    door = server.astype(np.int64) * (len(connectors) + 1) + connector + 1
    day = rows["received"].to_numpy("datetime64[D]").view(np.int64)
    date, dates = pd.factorize(day[mine])
    found = np.full(len(rows), -1, np.int32)
    found[mine] = pd.factorize(door[mine] * len(dates) + date)[0]
    return found


def _checks(found: pd.DataFrame, evidence: Evidence) -> pd.Series[Any]:
    """How much else of each client has an innocent reason and is not counted."""
    rows = evidence.deliveries
    which = rows["mechanism"].isin(INNOCENT.keys()).to_numpy()
    others = those(rows[["mechanism", *OF_CLIENT]], which)
    each = {
        said: others[others["mechanism"].eq(mechanism)]
        .groupby("client_ip")["origin_life"]
        .nunique()
        for mechanism, said in INNOCENT.items()
    }
    known = ["login in the log: none", "from a network of ours: no"]

    def of_client(ip: str) -> list[str]:
        return known + [
            f"{said}: {count(int(each[said].get(ip, 0)), 'message')}" for said in INNOCENT.values()
        ]

    return (
        found["subject"]
        .map(of_client)
        .mask(found["crowd"], pd.Series([known] * len(found), found.index))
    )


def _doors(rows: pd.DataFrame, mine: Flags) -> tuple[Int32, pd.DataFrame]:
    """The number of the door of each row, -1 for none; and of each door, in order of its name, who
    came through it (`subject`), the first `connector` of Exchange, and whether it is a `crowd`.

    A door is a client and the connector by which it came; of a crowd, a server.
    """
    client, clients = numbered(rows["client_ip"], mine)
    connector, connectors = _connectors(rows, mine)
    mine, several = client >= 0, np.int64(len(connectors) + 1)
    way = client
    way[mine], pairs = pd.factorize(client[mine] * several + connector[mine] + 1)
    subject = clients[pairs // several]
    words = pd.Index(["", *connectors], dtype="str")[pairs % several]
    ways = pd.DataFrame({"subject": subject}, subject + " " + words)
    sizes = pd.Series(np.bincount(way[mine], minlength=len(ways)), ways.index).sort_index()
    alone = ways.index.isin(busiest(sizes))
    server, servers = numbered(rows["server"], mine & ~alone[way])
    doors = pd.concat([ways[alone], pd.DataFrame({"subject": servers}, servers)]).sort_index()
    door = np.append(doors.index.get_indexer(ways.index), -1).astype(np.int32)[way]
    crowd, known = server >= 0, connector >= 0
    door[crowd] = doors.index.get_indexer(servers)[server[crowd]]
    first = np.full(len(doors), -1)
    first[door[known][::-1]] = connector[known][::-1]  # the last one stays
    said = pd.Series([connectors[n] if n >= 0 else None for n in first], doors.index, dtype="str")
    return door, doors.assign(connector=said, crowd=doors.index.isin(servers))


def _connectors(rows: pd.DataFrame, mine: Flags) -> tuple[Int32, pd.Index[str]]:
    """A number for the connector of each row, -1 for none, and their names."""
    if "connector" not in rows:
        return np.full(len(rows), -1, np.int32), pd.Index([], dtype="str")
    named = rows["connector"].notna() & rows["connector"].ne("")
    return numbered(rows["connector"], mine & named.to_numpy())


def _reason(row: pd.Series[Any]) -> str:
    said = (
        f"no login in the log, not in our networks; we accepted mail for "
        f"{count(row.away, 'recipient')} outside, in {count(row.domains, 'domain')}, "
        f"under {count(row.senders, 'envelope sender')}{_way_in(row)}"
        f"{'; the address hides who they were' if row.masked and not row.crowd else ''}"
        f"{OURS if row.unnamed and not row.crowd else ''}"
        f"{TOGETHER if row.together else ''}"
    )
    if not row.crowd:
        return said
    return (
        f"{count(row.clients, 'more client')}, none busier than those that have a finding of their "
        f"own: {said}; each is in deliveries.parquet, by mechanism and client_ip"
    )


def _way_in(row: pd.Series[Any]) -> str:
    if pd.isna(row.connector) or not row.connector:
        return ""
    right = ", which gives sessions without login the right to relay" if row.granted else ""
    return f", through the receive connector {row.connector}{right}"


def _in_doubt(ip: str, networks: tuple[str, ...]) -> bool:
    address = ipaddress.ip_address(ip)
    return any(address in ipaddress.ip_network(network) for network in networks)


OPEN_RELAY = Detector(
    name="open_relay",
    question="Which outside hosts had us carry mail to outside people without logging in?",
    verdicts={
        "confirmed": f"the site is known, and at least {ENOUGH_RECIPIENTS} recipients "
        f"or {ENOUGH_DOMAINS} domains were reached, if need be by all of an IPv6 /64; or "
        f"{MANY_RECIPIENTS} recipients in {MANY_DOMAINS} domains by all who came through the door "
        "that day",
        "probable": "fewer; or all for one domain, where `relay_domains` is not stated; "
        "or the client lies in a stated network too wide to believe",
        "possible": "who is local was inferred from the log, or all of it may be of one of us "
        "whose login the log does not name",
    },
    forgeable="nothing: client_ip is the TCP peer, as our own server saw it",
    judge=judge,
)
