"""How is a site written as TOML, each entry with the line it comes from?"""

from __future__ import annotations

import ipaddress

from analyzer.config.entries import LISTS, Entries
from analyzer.config.given import Place
from analyzer.site import quoted, too_wide


def as_toml(entries: Entries) -> str:
    """site.toml; what the files do not say is not there, and a comment tells why."""
    lines = ["# Who is local, taken from the configuration by `relaytrail site import`.", ""]
    lines += [f"# Not in these files: {_comment(note)}" for note in entries.notes]
    lines += [""] if entries.notes else []
    for key in LISTS:
        if key in entries.values:
            lines += [*_list(key, entries.values[key]), ""]
    if entries.forwards:
        lines.append("[forwards]")
        for address, (targets, place) in sorted(entries.forwards.items()):
            targets_text = ", ".join(map(quoted, targets))
            lines.append(f"{quoted(address)} = [{targets_text}]  # {_comment(str(place))}")
        lines.append("")
    return "\n".join(lines)


def _list(key: str, values: dict[str, Place]) -> list[str]:
    if not values:
        return [f"{key} = []"]
    rows = [
        f"    {quoted(value)},  # {_comment(_origin(key, value, place))}"
        for value, place in values.items()
    ]
    return [f"{key} = [", *rows, "]"]


def _origin(key: str, value: str, place: Place) -> str:
    doubt = key == "networks" and too_wide(ipaddress.ip_network(value))
    return f"{place}{'; too wide to be believed: a probable hole' if doubt else ''}"


def _comment(text: str) -> str:
    """On one line, whatever a file is called."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
