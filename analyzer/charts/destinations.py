"""Where did the mail go: which receiver, which domain, with which outcome? Frames for charts."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.schema import NOT_DELIVERIES

# What became of a recipient, in the order in which it is drawn.
OUTCOMES = {
    "delivered": "accepted",
    "bounced": "refused",
    "waiting": "put off or given up",
    "other": "held, removed, unknown",
}
FATES = {"delivered": "delivered", "bounced": "bounced", "rejected": "bounced"}
FATES |= {"deferred": "waiting", "expired": "waiting"}
COLUMNS = ["completed", "client_ip", "auth_user", "submission", "flow", "mechanism", "verdict"]
# `relay` is host[address]:port or, in Exchange and for a host never reached, the bare name.
HOSTS = (r"^(?P<host>[^\[\s]+)\s*\[", r"^(?P<host>[^\[\s]+\.[^\[\s]+)$")
DOMAIN = r"@(?P<domain>[^@]*)$"
NO_HOST = "no server reached"


def destinations(deliveries: pa.Table) -> pd.DataFrame:
    """One row a counted delivery: COLUMNS, `server`, `receiver` (owner of the next hop's name),
    `domain` (of the recipient), `outcome` (a key of OUTCOMES).
    """
    counted = pc.invert(pc.is_in(deliveries["status"], pa.array(NOT_DELIVERIES)))
    rows = deliveries.filter(counted)
    frame: pd.DataFrame = rows.select([*COLUMNS, "server"]).to_pandas()
    domain = _part(rows["recipient"], DOMAIN, "domain").to_pandas()
    connected, named = (_part(rows["relay"], pattern, "host") for pattern in HOSTS)
    host = pc.coalesce(connected, named).to_pandas()
    frame["domain"] = domain.str.lower()
    owners = {name: _owner(str(name)) for name in host.dropna().unique()}
    frame["receiver"] = host.map(owners)
    frame["outcome"] = rows["status"].to_pandas().map(FATES).fillna("other")
    return frame


def leaving(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that other people's servers were asked to take."""
    outside = frame["flow"].isin(["outbound", "third_party", "unknown"])
    return frame[outside & frame["receiver"].notna()]


def _part(column: pa.ChunkedArray, pattern: str, name: str) -> pa.ChunkedArray:
    return pc.struct_field(pc.extract_regex(column.cast(pa.string()), pattern), name)


def _owner(host: str) -> str:
    """The registrable domain of a host: who runs it, as far as its name tells."""
    name = host.rpartition("...")[2].strip(".").lower()  # Sendmail cuts the middle out
    if name[-1:].isdigit():  # an address
        return name
    return str(_suffixes().privatesuffix(name) or name)


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
