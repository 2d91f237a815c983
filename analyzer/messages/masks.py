"""Behind which addresses do others hide? Gateways, filters and proxies that hand in others' mail.

A host of ours that brings mail from many foreign domains to our own people stands where the world
comes in: a container or NAT gateway, a load balancer, a filter. Its address says nothing of who
sent, and it is neither infected nor to be blocked. An address that no stranger can have is such a
host's even where the site does not trust it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analyzer.messages.addresses import by_network, each_domain, per_value, within
from analyzer.rows import slices
from analyzer.site import OURS_ALONE

DOMAINS = 5  # foreign sender domains to our own people: more than one application has
SHARE = 0.3  # of all such mail: a gateway brings much of it, an infected host a little of its own


def masked(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which deliveries came in through such an address, without a login that tells more.

    Args:
        rows: Deliveries with sides.
    """
    unnamed = rows["submission"].eq("smtp") & rows["auth_user"].isna()
    by_us = unnamed & (rows["address_side"].eq("inside") | _ours_alone(rows["client_ip"]))
    brought_in = unnamed & rows["sender_side"].eq("outside") & _for_us_alone(rows)
    much = _bringing_much(rows["client_ip"], by_us & brought_in, brought_in)
    foreign: dict[str, set[str]] = {}
    brought = by_us & brought_in & rows["client_ip"].isin(much)
    for some in _slices(rows[["client_ip", "origin_sender"]], brought):
        for ip, domains in each_domain(some["origin_sender"]).groupby(some["client_ip"]):
            foreign.setdefault(str(ip), set()).update(domains.dropna().unique())
    gateways = [ip for ip, domains in foreign.items() if len(domains) >= DOMAINS]
    return by_us & rows["client_ip"].isin(gateways)


def _slices(rows: pd.DataFrame, which: pd.Series[bool]) -> Iterator[pd.DataFrame]:
    """Some of the rows, of a slice of them at a time."""
    for mine in slices(len(rows)):
        yield rows.iloc[mine][which.iloc[mine]]


def _ours_alone(ips: pd.Series[str]) -> pd.Series[bool]:
    """Which addresses no stranger can have."""
    alike = by_network(OURS_ALONE)
    parts = [
        per_value(some["client_ip"], lambda ip: within(OURS_ALONE, ip), alike).eq(True)
        for some in _slices(ips.to_frame(), pd.Series(True, ips.index))
    ]
    return pd.concat(parts) if parts else pd.Series(False, ips.index)


def _bringing_much(
    ips: pd.Series[str], brought: pd.Series[bool], by_all: pd.Series[bool]
) -> list[str]:
    """The addresses that brought a good part of all that was brought in. Who brought a third of it
    all brought a third of some slice.
    """
    asked: set[str] = set()
    for mine in slices(len(ips)):
        times = ips.iloc[mine][brought.iloc[mine]].value_counts()
        asked |= {str(ip) for ip in times.index[times.ge(SHARE * int(by_all.iloc[mine].sum()))]}
    much = SHARE * max(int(by_all.sum()), 1)
    return [ip for ip in sorted(asked) if int((brought & ips.eq(ip)).sum()) >= much]


def _for_us_alone(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows of messages all of whose recipients are ours: a flood now and then hits us, too."""
    life, ours = rows["origin_life"].to_numpy(np.int64), rows["original_side"].eq("inside")
    others = np.zeros(life.max(initial=-1) + 1, np.bool_)
    others[life[~ours.to_numpy()]] = True
    alone: pd.Series[bool] = ours & ~others[life]
    return alone
