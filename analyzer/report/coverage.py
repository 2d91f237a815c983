"""On what does the report rest: which files, lines and clock, whose word on who is local?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.facts import Facts

# What no mail log can show; said in every report, found something or not.
ALWAYS = [
    "What the messages said: a log holds envelopes, not content.",
    "Who wrote them: sender, HELO and Message-ID are a stranger's own words; his address is not.",
    "Whether anybody read them: delivered means that the next server accepted.",
    "What happened before the first line, after the last one, or past this server.",
    "How the server is set up now: a log shows what it did.",
]


def register(case: Case) -> list[dict[str, Any]]:
    """One entry an input file, in the manifest's order."""
    years = {entry.get("path"): entry for entry in case.manifest.get("clock", [])}
    return [
        _entry(entry, years.get(entry.get("path"), {})) for entry in case.manifest.get("inputs", [])
    ]


def _entry(entry: dict[str, Any], year: dict[str, Any]) -> dict[str, Any]:
    counts = {
        key: int(entry.get(key) or 0) for key in ("lines", "parsed", "ignored", "blank", "unread")
    }
    notes = []
    if entry.get("duplicate_of"):
        notes.append(f"the same content as {display(str(entry['duplicate_of']), 80)}, counted once")
    for name, times in (entry.get("repeats") or {}).items():
        lines = words.count(int(times), "line")
        other = f"also in {display(str(name), 80)}"
        where = "once more here" if name == entry.get("path") else other
        notes.append(f"{lines} {where}, counted once")
    if outside := int(entry.get("outside_window") or 0):
        notes.append(f"{words.count(outside, 'line')} outside the time asked about")
    if entry.get("note"):
        notes.append(display(str(entry["note"])))
    if entry.get("damage"):
        notes.append(f"damaged: {display(str(entry['damage']))}")
    if year.get("ground"):
        of = f"year {year['year']}" if year.get("year") else "zone"
        notes.append(f"{of}: {display(str(year['ground']))}")
    return {
        "path": display(str(entry.get("path", "")), 120),
        "size": words.size(int(entry.get("size") or 0)),
        "sha256": display(str(entry.get("sha256") or words.NONE), 64),
        "stream_sha256": display(str(entry.get("stream_sha256") or words.NONE), 64),
        "format": display(
            f"{entry.get('format') or 'not a mail log'}, {entry.get('carrier') or 'plain'}", 60
        ),
        "first": _stamp(entry.get("first")),
        "last": _stamp(entry.get("last")),
        "notes": notes,
        **{key: words.thousands(value) for key, value in counts.items()},
    }


def _stamp(text: str | None) -> str:
    return words.stamp(pd.Timestamp(text)) if text else words.NONE


def accounting(facts: Facts) -> dict[str, Any]:
    """parsed + ignored + blank + unread = lines, written out."""
    lines = facts.lines
    parts = ("parsed", "ignored", "blank", "unread")
    return {
        "sum": " + ".join(f"{words.thousands(lines[part])} {part}" for part in parts)
        + f" = {words.count(lines['lines'], 'line')}",
        "adds_up": sum(lines[part] for part in parts) == lines["lines"],
    }


def site(case: Case) -> list[dict[str, str]]:
    """Who counted as local, key by key."""
    stated = case.site
    given = stated.get("origin") == "given"
    where = (
        f"stated in {display(str(stated.get('path') or 'the command line'), 80)}"
        if given
        else "inferred from the log"
    )
    rows = [{"key": "who is local", "value": where}]
    for key in ("domains", "relay_domains", "networks", "servers", "timezone"):
        value = stated.get(key)
        if not value:
            continue
        items = value if isinstance(value, list) else [value]
        rows.append(
            {"key": key, "value": words.listing([display(str(item), 60) for item in items], 8)}
        )
    return rows + _by_the_log(case.manifest.get("inferred") or [])


def _by_the_log(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What was taken for ours without being stated, by key; what is only a hint, apart."""
    rows = []
    for hint in (False, True):
        for key in dict.fromkeys(str(entry["key"]) for entry in found):
            mine = [e for e in found if e["key"] == key and (e["confidence"] == "low") == hint]
            if mine:
                name = f"{key}, perhaps, not used" if hint else f"{key}, by the log"
                values = [display(str(entry["value"]), 60) for entry in mine]
                rows.append({"key": name, "value": words.listing(values, 8)})
    return rows


def limits(facts: Facts) -> list[str]:
    """What this case cannot show, then what no log can."""
    found = facts.findings[facts.findings["kind"] == "limit"]
    own = [display(str(reason), 400) for reason in found["reason"]]
    if facts.unclear and facts.found:
        own.append(
            f"{words.count(facts.unclear, 'message')} could not be judged and are in no figure "
            "of the abuse."
        )
    if facts.lines["unread"]:
        own.append(
            f"{words.count(facts.lines['unread'], 'line')} could not be read; unread.parquet "
            "holds them whole."
        )
    return own + ALWAYS
