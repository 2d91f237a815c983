"""How is said who is local by the log: on a terminal, and as a site.toml with its reasons?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from analyzer.display import display
from analyzer.site import LOOPBACK_NETWORKS, quoted
from analyzer.words import count, wrapped

INDENT = " " * 4
LISTS = ["domains", "relay_domains", "networks", "servers", "lists"]
HEAD = """\
# Who is local, by the log, as `relaytrail site infer` reads it. Check each line: only you know.
# A line behind # may be yours; take the # away if it is.
"""


def as_text(found: pd.DataFrame) -> list[str]:
    """One paragraph an entry: what, how sure, why."""
    lines = []
    for row in found.to_dict("records"):
        target = f" -> {row['target']}" if row["key"] == "forwards" else ""
        what = display(f"{row['key']}: {row['value']}{target}", 200)
        lines.append(f"{what}  [{row['confidence']}, {count(int(row['times']), row['unit'])}]")
        lines += wrapped(display(row["reason"], 400), INDENT, INDENT)
    return lines


def as_toml(found: pd.DataFrame) -> str:
    """site.toml with the reason beside each entry; what is only a hint stands behind #."""
    lines = [HEAD]
    for key in LISTS:
        rows = found[found["key"].eq(key)].to_dict("records")
        own = [f'    "{name}",  # this machine' for name in LOOPBACK_NETWORKS if key == "networks"]
        if rows or own:
            sure = own or any(row["confidence"] != "low" for row in rows)
            entries = [*own, *(_entry(row) for row in rows)]
            whole = [f"{key} = [", *entries, "]", ""]
            # An empty list would say that there is none.
            lines += whole if sure else [f"# {line}".rstrip() for line in whole[:-1]] + [""]
    forwards = found[found["key"].eq("forwards")]
    if len(forwards):
        lines.append("[forwards]")
        known = forwards[forwards["confidence"].ne("low")]
        for address, of in known.groupby("value", sort=True):
            targets = ", ".join(map(quoted, of["target"]))
            mail = count(int(of["times"].max()), "message")
            lines.append(f"{quoted(str(address))} = [{targets}]  # {mail}")
        for row in forwards[forwards["confidence"].eq("low")].to_dict("records"):
            told = f"{count(int(row['times']), 'message')}: {display(row['reason'], 400)}"
            lines.append(f"# {quoted(row['value'])} = [{quoted(row['target'])}]  # {told}")
        lines.append("")
    return "\n".join(lines)


def doubts(reasons: Sequence[str]) -> list[str]:
    """One paragraph each."""
    lines = []
    for reason in reasons:
        lines += wrapped(display(reason, 600), "  - ", INDENT)
    return lines


def changes(counted: pd.DataFrame) -> list[str]:
    """How verdicts change, a line a pair."""
    if counted.empty:
        return ["No message changes its verdict."]
    return [
        f"{count(int(row['messages']), 'message')}: {row['before']} -> {row['after']}"
        for row in counted.to_dict("records")
    ]


def _entry(row: dict[Hashable, Any]) -> str:
    hint = "# " if row["confidence"] == "low" else ""
    reason = display(str(row["reason"]), 400)
    return f"    {hint}{quoted(str(row['value']))},  # {row['confidence']}: {reason}"
