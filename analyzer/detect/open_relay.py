"""Open relay: which strangers had us carry mail to strangers?"""

from __future__ import annotations

import ipaddress

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places, totals

ENOUGH_RECIPIENTS, ENOUGH_DOMAINS = 10, 2  # a single stray message may be a mistake in the site


def relayed(rows: pd.DataFrame) -> pd.Series:
    """Rows of messages that a stranger handed in and that were accepted for an outside recipient.

    Whatever became of them: relaying is accepting, so bounced and deferred count like delivered, and every
    recipient of such a message counts. What was addressed to one of us and went on from here is forwarding.
    """
    stranger = rows["client_side"].eq("outside") & rows["submission"].eq("smtp")
    carried = stranger & rows["original_side"].eq("outside") & rows["recipient_side"].eq("outside")
    accepted = carried & ~rows["status"].isin(["rejected", "discarded"])
    return stranger & rows["origin_life"].isin(rows.loc[accepted, "origin_life"])


def judge(evidence: Evidence) -> pd.DataFrame:
    """One finding for each outside client; its evidence names the first lines to read."""
    rows = evidence.deliveries
    rows = rows[rows["mechanism"].eq("open_relay")].sort_values(["received", "source", "line"])
    if rows.empty:
        return pd.DataFrame()
    found = totals(rows, "client_ip")
    groups = rows.groupby("client_ip")
    domains = groups["recipient"].agg(lambda r: r.str.rpartition("@")[2].str.lower().nunique())
    enough = (found["recipients"] >= ENOUGH_RECIPIENTS) | (domains >= ENOUGH_DOMAINS)
    doubted = found.index.to_series().map(lambda ip: _in_doubt(ip, evidence.doubted_networks))
    verdict = pd.Series("probable", index=found.index).mask(enough & ~doubted, "confirmed")
    if not evidence.site_known:
        verdict[:] = "possible"
    return found.assign(
        kind="abuse",
        mechanism="open_relay",
        verdict=verdict,
        subject_kind="ip",
        reason=[
            f"not logged in, not in our networks; had {row.recipients:,} recipients outside accepted, "
            f"in {domains[ip]:,} domains, under {groups['origin_sender'].nunique()[ip]:,} envelope senders"
            for ip, row in found.iterrows()
        ],
        evidence=[_first_lines(group) for _, group in groups],
    ).reset_index(names="subject")


def _first_lines(rows: pd.DataFrame) -> list[dict[str, object]]:
    """The lines that accepted the first messages, then those that tell their fate."""
    return places(rows, "orig_")[:5] + places(rows)[:5]


def _in_doubt(ip: str, networks: tuple[str, ...]) -> bool:
    address = ipaddress.ip_address(ip)
    return any(address in ipaddress.ip_network(network) for network in networks)


OPEN_RELAY = Detector(
    name="open_relay",
    question="Which outside hosts had us carry mail to outside people without logging in?",
    verdicts={
        "confirmed": f"the site is known, and {ENOUGH_RECIPIENTS} recipients or {ENOUGH_DOMAINS} domains were reached",
        "probable": "fewer, or the client lies in a stated network too wide to believe",
        "possible": "who is local was inferred from the log",
    },
    forgeable="nothing: client_ip is the TCP peer, as our own server saw it",
    judge=judge,
)
