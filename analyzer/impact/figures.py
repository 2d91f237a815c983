"""Which figures of harm does the log itself give, each with unit, label and ground?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

RELAYED = "deliveries with mechanism open_relay"
ABUSIVE = "deliveries with verdict abusive"
ALL = "all deliveries"
DOUBT = "; only possible, for who is local was inferred"
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
    """Figures of the first slice, all measured; from VOLUME and the blocklist echo.

    Where who is local was inferred, nothing is called abusive: then the doubtful rows that have a
    door are counted, and the ground says so.
    """
    verdict = "abusive" if pc.any(pc.equal(volume["verdict"], "abusive")).as_py() else "unclear"
    by_door = pc.and_(pc.equal(volume["verdict"], verdict), pc.is_valid(volume["mechanism"]))
    abusive = volume.filter(by_door)
    relayed = pc.fill_null(pc.equal(abusive["mechanism"], "open_relay"), False)
    rows = {ALL: volume, ABUSIVE: abusive, RELAYED: abusive.filter(relayed)}
    doubt = DOUBT if verdict == "unclear" and len(abusive) else ""
    found = []
    for name, title, which, column, how in COUNTED:
        value = int(pc.sum(rows[which][column], min_count=0).as_py())
        unit = volume.schema.field(column).metadata[b"unit"].decode()
        ground = (f"{which}: {how}" if how else which) + (doubt if which != ALL else "")
        found.append(_figure(name, title, value, unit, ground))
    refused = sum(entry["own_refused"] for entry in blocklists)
    title = "Recipients of legitimate mail refused for reputation"
    ground = "remote replies that name a list or a provider's reputation rule"
    return [*found, _figure("own_recipients_refused", title, refused, "recipient", ground)]


def _figure(name: str, title: str, value: int, unit: str, ground: str) -> dict[str, Any]:
    figure = {"name": name, "title": title, "value": value, "unit": unit}
    return {**figure, "label": "measured", "ground": ground}
