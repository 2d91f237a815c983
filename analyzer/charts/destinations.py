"""Where did the mail go: which receiver, which domain, with which outcome? Frames for charts."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.charts.counted import came_in
from analyzer.rows import AT_ONCE
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
    `domain` (of the recipient), `outcome` (a key of OUTCOMES); texts are categories. Of ordinary
    mail, which has no mechanism, it is left out whose it is and for which domain.
    """
    rows = deliveries.select([*COLUMNS, "server", "status", "recipient", "relay"])
    parts = [_some(rows.slice(at, AT_ONCE)) for at in range(0, max(len(rows), 1), AT_ONCE)]
    table = pa.concat_tables(parts).unify_dictionaries()
    del parts
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    receivers = frame["receiver"].cat
    return frame.assign(receiver=receivers.reorder_categories(sorted(receivers.categories)))


def _some(rows: pa.Table) -> pa.Table:
    rows = rows.filter(pc.invert(pc.is_in(rows["status"], pa.array(NOT_DELIVERIES))))
    connected, named = (_part(rows["relay"], pattern, "host") for pattern in HOSTS)
    host = pc.coalesce(connected, named).to_pandas()
    owners = {name: _owner(str(name)) for name in host.dropna().unique()}
    texts = {name: rows[name] for name in [*COLUMNS[1:], "server"]} | {
        "domain": pc.utf8_lower(_part(rows["recipient"], DOMAIN, "domain")),
        "receiver": host.map(owners),
        "outcome": rows["status"].to_pandas().map(FATES).fillna("other"),
    }
    odd = pc.is_valid(rows["mechanism"])
    texts |= {
        name: pc.if_else(odd, texts[name], None) for name in ("client_ip", "auth_user", "domain")
    }
    columns = {name: _category(text) for name, text in texts.items()}
    return pa.table({"completed": rows["completed"], **columns})


def _category(texts: pa.ChunkedArray | pd.Series[Any]) -> pa.ChunkedArray:
    text = texts if isinstance(texts, pa.ChunkedArray) else pa.array(texts, pa.string())
    plain = text.cast(pa.string()).dictionary_encode()
    return plain if isinstance(plain, pa.ChunkedArray) else pa.chunked_array([plain])


def abusive(frame: pd.DataFrame, suspect: str) -> pd.DataFrame:
    """The rows of the abuse, with a door."""
    bad = frame[(frame["verdict"] == suspect) & frame["mechanism"].notna() & ~came_in(frame)]
    return bad.astype({name: "str" for name in bad.columns if name != "completed"})


def leaving(frame: pd.DataFrame) -> pd.DataFrame:
    """What other people's servers were asked to take: `completed, receiver, outcome`."""
    outside = frame["flow"].isin(["outbound", "third_party", "unknown"])
    asked = outside & frame["receiver"].notna()
    return frame.loc[asked, ["completed", "receiver", "outcome"]]


def _part(column: pa.ChunkedArray, pattern: str, name: str) -> pa.ChunkedArray:
    return pc.struct_field(pc.extract_regex(column.cast(pa.string()), pattern), name)


@cache
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
