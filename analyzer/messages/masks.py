"""Behind which addresses do others hide? Gateways, filters and proxies that hand in others' mail.

A host of ours that brings mail from many foreign domains to our own people stands where the world
comes in: a container or NAT gateway, a load balancer, a filter. Its address says nothing of who
sent, and it is neither infected nor to be blocked. An address that no stranger can have is such a
host's even where the site does not trust it.
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.addresses import by_network, each_domain, per_value, within
from analyzer.site import OURS_ALONE

DOMAINS = 5  # foreign sender domains to our own people: more than one application has
SHARE = 0.3  # of all such mail: a gateway brings much of it, an infected host a little of its own


def masked(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which deliveries came in through such an address, without a login that tells more.

    Args:
        rows: Deliveries with sides.
    """
    unnamed = rows["submission"].eq("smtp") & rows["auth_user"].isna()
    ours_alone = per_value(
        rows["client_ip"], lambda ip: within(OURS_ALONE, ip), by_network(OURS_ALONE)
    )
    by_us = unnamed & (rows["address_side"].eq("inside") | ours_alone.eq(True))
    brought_in = rows["sender_side"].eq("outside") & _for_us_alone(rows)
    brought = rows.loc[by_us & brought_in, ["client_ip", "origin_sender"]]
    part = brought["client_ip"].value_counts() / max(int((unnamed & brought_in).sum()), 1)
    much = brought[brought["client_ip"].isin(part.index[part.ge(SHARE)])]  # of a few at most
    foreign = each_domain(much["origin_sender"]).groupby(much["client_ip"]).nunique()
    return by_us & rows["client_ip"].isin(foreign.index[foreign.ge(DOMAINS)])


def _for_us_alone(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows of messages all of whose recipients are ours: a flood now and then hits us, too."""
    others = rows.loc[rows["original_side"].ne("inside"), "origin_life"]
    return rows["original_side"].eq("inside") & ~rows["origin_life"].isin(others)
