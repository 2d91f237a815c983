"""Open relay: which strangers had us carry mail to strangers?"""

from __future__ import annotations

import ipaddress
from typing import Any

import pandas as pd

from analyzer.detect.detector import (
    PLACE,
    TOLD,
    Detector,
    Evidence,
    busiest,
    evidence_of,
    measured,
    totals,
)
from analyzer.schema import NOT_DELIVERIES
from analyzer.words import count

DOOR_KEY = "door"  # ties whoever came through it to one incident
ENOUGH_RECIPIENTS, ENOUGH_DOMAINS = 10, 2  # a single stray message may be a mistake in the site

MEASURED = {
    "recipients outside": ("away", ENOUGH_RECIPIENTS),
    "domains outside": ("domains", ENOUGH_DOMAINS),
}
OF_CLIENT = ["client_ip", "origin_life"]
OF_EXCHANGE = ["connector", "relay_right"]
SIDES = ["recipient_side", "original_side", "origin_masked"]
READ = [*TOLD, *PLACE, "server", "client_ip", "origin_sender", "recipient", *OF_EXCHANGE, *SIDES]
INNOCENT = {
    "forwarding": "for an address of ours that passed it on, not counted",
    "backup_mx": "for a domain that we are the backup or gateway of, not counted",
}


def relayed(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows of messages that a stranger handed in and that were accepted for somebody outside.

    Whatever became of them: relaying is accepting, so bounced and deferred count like delivered,
    and every recipient of such a message counts. What was addressed to one of us and went on from
    here is forwarding.
    """
    stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    ends_outside = rows["original_side"].eq("outside") & rows["recipient_side"].eq("outside")
    accepted = stranger & ends_outside & ~rows["status"].isin(["rejected", "discarded"])
    return stranger & rows["origin_life"].isin(rows.loc[accepted, "origin_life"])


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each outside client; its evidence names the first lines to read.

    Where there are very many, the busiest have one each, and the others one for each server.
    """
    rows = evidence.deliveries
    rows = rows.loc[rows["mechanism"].eq("open_relay"), rows.columns.isin(READ)]
    if rows.empty:
        return pd.DataFrame()
    rows = _by_door(rows.sort_values(["received", "source", "line"]))
    shown = busiest(rows, "door")
    away = rows["recipient_side"].ne("inside") & rows["original_side"].ne("inside")
    rows = rows.assign(
        away=away & ~rows["status"].isin(NOT_DELIVERIES),
        domain=rows["recipient"].str.replace("(?s)^.*@", "", regex=True).str.lower().where(away),
        subject=rows["client_ip"].where(shown, rows["server"]),
        door=rows["door"].where(shown, rows["server"]),
        crowd=~shown,
    )
    groups = rows.groupby("door")
    found = totals(rows, "door").assign(
        subject=groups["subject"].first(),
        crowd=groups["crowd"].first(),
        clients=groups["client_ip"].nunique(),
        connector=groups["connector"].first(),
        granted=groups["relay_right"].any(),
        masked=groups["origin_masked"].any(),
        away=groups["away"].sum(),
        domains=groups["domain"].nunique(),
        senders=groups["origin_sender"].nunique(),
        # The lines that accepted the first messages, then those that tell their fate.
        evidence=evidence_of(rows, "door", "orig_", 5) + evidence_of(rows, "door", "", 5),
    )
    found = found.assign(measured=measured(found, MEASURED), checks=_checks(found, evidence))
    several = found["domains"].ge(ENOUGH_DOMAINS)
    many = found["away"].ge(ENOUGH_RECIPIENTS)
    # Much mail for one domain is what a backup MX passes on: only who states them can tell.
    enough = several | many if evidence.relay_domains_known else several
    doubted = pd.Series(
        [
            bool(evidence.doubted_networks) if crowd else _in_doubt(who, evidence.doubted_networks)
            for who, crowd in zip(found["subject"], found["crowd"], strict=True)
        ],
        found.index,
    )
    verdict = (enough & ~doubted).map({True: "confirmed", False: "probable"})
    return found.assign(
        kind="abuse",
        mechanism="open_relay",
        verdict=verdict if evidence.site_known else "possible",
        subject_kind=found["crowd"].map({True: "server", False: "ip"}),
        keys=pd.Series([[DOOR_KEY]] * len(found), found.index),
        reason=found.apply(_reason, axis=1),
    )


def _checks(found: pd.DataFrame, evidence: Evidence) -> pd.Series[Any]:
    """How much else of each client has an innocent reason and is not counted."""
    rows = evidence.deliveries
    others = rows.loc[rows["mechanism"].isin(INNOCENT.keys()), ["mechanism", *OF_CLIENT]]
    each = {
        said: others[others["mechanism"].eq(mechanism)]
        .groupby("client_ip")["origin_life"]
        .nunique()
        for mechanism, said in INNOCENT.items()
    }
    known = ["logged in: no", "from a network of ours: no"]

    def of_client(ip: str) -> list[str]:
        return known + [
            f"{said}: {count(int(each[said].get(ip, 0)), 'message')}" for said in INNOCENT.values()
        ]

    return (
        found["subject"]
        .map(of_client)
        .mask(found["crowd"], pd.Series([known] * len(found), found.index))
    )


def _by_door(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `door`: the client, and the connector of Exchange by which it came."""
    known = {name: rows.get(name) for name in ("connector", "relay_right")}
    rows = rows.assign(**known)
    connector = rows["connector"].astype("object").fillna("")
    return rows.assign(
        door=rows["client_ip"] + " " + connector, relay_right=rows["relay_right"].eq(True)
    )


def _reason(row: pd.Series[Any]) -> str:
    said = (
        f"not logged in, not in our networks; we accepted mail for "
        f"{count(row.away, 'recipient')} outside, in {count(row.domains, 'domain')}, "
        f"under {count(row.senders, 'envelope sender')}{_way_in(row)}"
        f"{'; the address hides who they were' if row.masked and not row.crowd else ''}"
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
        f"or {ENOUGH_DOMAINS} domains were reached",
        "probable": "fewer; or all for one domain, where `relay_domains` is not stated; "
        "or the client lies in a stated network too wide to believe",
        "possible": "who is local was inferred from the log",
    },
    forgeable="nothing: client_ip is the TCP peer, as our own server saw it",
    judge=judge,
)
