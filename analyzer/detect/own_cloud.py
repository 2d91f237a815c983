"""Which mail may our own mailboxes in Exchange Online have handed in?

In a hybrid organisation theirs leaves by the server in the house, under our senders, from addresses
that all customers of Microsoft share. So the address alone accuses nobody: if the mailboxes are not
ours, somebody else's are, and the connector lets in every tenant.
"""

from __future__ import annotations

import ipaddress

import numpy as np
import pandas as pd

from analyzer.rows import numbered, saying

# From where Exchange Online sends. Source: Microsoft, Office 365 URLs and IP address ranges, id 10.
NETWORKS = [
    ipaddress.ip_network(name)
    for name in (
        *("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "52.238.78.88/32", "104.47.0.0/17"),
        *("2a01:111:f400::/48", "2a01:111:f403::/48"),
    )
]
# How such an address begins: few of millions of clients are looked at.
MAY_BE = r"^(?:40\.(?:9|10)|52\.|104\.47\.|2a01:111:f40)"


def from_own_cloud(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows that Exchange Online handed in from outside, without a login, under senders of ours."""
    return rows["sender_side"].eq("inside") & rows["client_side"].eq("outside") & by_cloud(rows)


def by_cloud(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows that Exchange Online handed in, without a login."""
    return theirs(rows["client_ip"], rows["submission"].eq("smtp") & rows["auth_user"].isna())


def theirs(ips: pd.Series[str], which: pd.Series[bool]) -> pd.Series[bool]:
    """Which of some addresses are of Exchange Online."""
    code, clients = numbered(ips, saying(ips, which, MAY_BE))
    found = np.array([*map(_is_theirs, clients), False])
    return pd.Series(found[code], ips.index)


def _is_theirs(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return any(address in network for network in NETWORKS)
