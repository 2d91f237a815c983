"""Which figures of harm does the log itself give, each with unit, label and ground?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def figures(volume: pa.Table, blocklists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures of the first slice, all measured; from VOLUME and the blocklist echo."""
    abusive = volume.filter(pc.equal(volume["verdict"], "abusive"))
    relayed = abusive.filter(pc.fill_null(pc.equal(abusive["mechanism"], "open_relay"), False))
    whole = {
        name: (_sum(relayed, name), _sum(abusive, name), _sum(volume, name)) for name in COUNTS
    }
    found = [
        _figure("messages_relayed", "Messages relayed for strangers", whole["messages"][0], "message", RELAYED),
        _figure("recipients_relayed", "Recipients of relayed messages", whole["recipients"][0], "recipient", RELAYED),
        _figure("messages_abusive", "Abusive messages, notices to strangers included", whole["messages"][1], "message", ABUSIVE),
        _figure("bytes_in_abusive", "Abusive mail taken in", whole["bytes_in"][1], "byte", f"{ABUSIVE}: size of each message, once"),
        _figure("bytes_out_abusive_least", "Abusive mail sent out, at least", whole["bytes_out"][1], "byte", f"{ABUSIVE}: size for each message and next hop"),
        _figure("bytes_out_abusive_most", "Abusive mail sent out, at most", whole["bytes_out_most"][1], "byte", f"{ABUSIVE}: size for each delivered recipient"),
        _figure("bytes_in_all", "All mail taken in", whole["bytes_in"][2], "byte", "volume: size of each message, once"),
        _figure("bytes_out_all_least", "All mail sent out, at least", whole["bytes_out"][2], "byte", "volume: size for each message and next hop"),
        _figure("own_recipients_refused", "Recipients of legitimate mail refused for reputation", sum(entry["own_refused"] for entry in blocklists), "recipient", "remote replies that name a list or a provider's reputation rule"),
    ]  # fmt: skip
    return found


COUNTS = ("messages", "recipients", "bytes_in", "bytes_out", "bytes_out_most")
RELAYED = "deliveries with mechanism open_relay"
ABUSIVE = "deliveries with verdict abusive"


def _sum(table: pa.Table, name: str) -> int:
    return int(pc.sum(table[name], min_count=0).as_py())


def _figure(name: str, title: str, value: int, unit: str, ground: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "value": value,
        "unit": unit,
        "label": "measured",
        "ground": ground,
    }
