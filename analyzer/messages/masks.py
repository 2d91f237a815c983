"""Behind which addresses do others hide? Gateways, filters and proxies that hand in others' mail.

A host of ours that brings mail from many foreign domains to our own people stands where the world
comes in: a container or NAT gateway, a load balancer, a filter. Its address says nothing of who
sent, and it is neither infected nor to be blocked.
"""

from __future__ import annotations

import pandas as pd

from analyzer.messages.addresses import domain, per_value

DOMAINS = 5  # so many foreign sender domains to our own people: more than one application has


def masked(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which deliveries came in through such an address, without a login that tells more.

    Args:
        rows: Deliveries with sides.
    """
    unnamed = rows["submission"].eq("smtp") & rows["auth_user"].isna()
    by_us = unnamed & rows["address_side"].eq("inside")
    brought_in = rows["sender_side"].eq("outside") & rows["original_side"].eq("inside")
    brought = rows[by_us & brought_in]
    domains = per_value(brought["origin_sender"], domain)
    foreign = domains.groupby(brought["client_ip"]).nunique()
    return by_us & rows["client_ip"].isin(foreign[foreign.ge(DOMAINS)].index)
