"""Which figures of harm does the log itself give, each with unit, label and ground?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

RELAYED = "deliveries with mechanism open_relay"
ABUSIVE = "deliveries with verdict abusive"
ALL = "all deliveries"
ONCE = "size of each message, once"
LEAST = "size for each message and next hop"
MOST = "size for each delivered recipient"

# name, title, rows of VOLUME, its column, unit, ground
COUNTED = (
    ("messages_relayed", "Messages relayed for strangers", RELAYED, "messages", ""),
    ("recipients_relayed", "Recipients of relayed messages", RELAYED, "recipients", ""),
    ("messages_abusive", "Abusive messages, notices included", ABUSIVE, "messages", ""),
    ("bytes_in_abusive", "Abusive mail taken in", ABUSIVE, "bytes_in", ONCE),
    ("bytes_out_abusive_least", "Abusive mail sent, at least", ABUSIVE, "bytes_out", LEAST),
    ("bytes_out_abusive_most", "Abusive mail sent, at most", ABUSIVE, "bytes_out_most", MOST),
    ("bytes_in_all", "All mail taken in", ALL, "bytes_in", ONCE),
    ("bytes_out_all_least", "All mail sent, at least", ALL, "bytes_out", LEAST),
)


def figures(volume: pa.Table, blocklists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures of the first slice, all measured; from VOLUME and the blocklist echo."""
    abusive = volume.filter(pc.equal(volume["verdict"], "abusive"))
    relayed = pc.fill_null(pc.equal(abusive["mechanism"], "open_relay"), False)
    rows = {ALL: volume, ABUSIVE: abusive, RELAYED: abusive.filter(relayed)}
    found = []
    for name, title, which, column, how in COUNTED:
        value = int(pc.sum(rows[which][column], min_count=0).as_py())
        unit = volume.schema.field(column).metadata[b"unit"].decode()
        found.append(_figure(name, title, value, unit, f"{which}: {how}" if how else which))
    refused = sum(entry["own_refused"] for entry in blocklists)
    title = "Recipients of legitimate mail refused for reputation"
    ground = "remote replies that name a list or a provider's reputation rule"
    return [*found, _figure("own_recipients_refused", title, refused, "recipient", ground)]


def _figure(name: str, title: str, value: int, unit: str, ground: str) -> dict[str, Any]:
    figure = {"name": name, "title": title, "value": value, "unit": unit}
    return {**figure, "label": "measured", "ground": ground}
