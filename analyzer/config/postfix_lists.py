"""What is written instead of a word of mynetworks or relay_domains that holds strangers?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from analyzer.config.findings import Change, Finding
from analyzer.config.given import Said
from analyzer.config.postfix_patterns import FILLERS, examples
from analyzer.config.postfix_places import FINAL, Places
from analyzer.config.postfix_tables import Table, is_table, network_of
from analyzer.config.postfix_values import split
from analyzer.config.suffixes import may_be_top
from analyzer.site import too_wide

SHORTENED = ("mynetworks", "relay_domains")  # lists that are closed by taking words out
MOST_NAMES = 20  # that a line shows at a glance
DELETE = "delete this line"
NAME_THEM = "relay_domains = followed by the names of the domains that you relay for"


def without(places: Places, name: str, by: Said) -> str:
    """All words of the list and its files, but for the one that holds strangers, and for networks
    that do. Where that is a table of domains, those of its domains that somebody owns.
    """
    words = [said.value for said in places.spread(name) if said.value != by.value]
    kept = [w for w in words if (network := network_of(w)) is None or not too_wide(network)]
    if name == "relay_domains" and is_table(by.value):
        kept += _own_domains(places, by)
    return ", ".join(dict.fromkeys(kept)) or _nobody(name)


def instead(places: Places, by: Said, entry: Said | None, change: Change) -> str:
    """The line to write: of the setting, or of the file in which the word or the entry stands."""
    if by not in places.read(change.name):
        rest = [word for word in split(places.tables.line(by.place)) if word != by.value]
        return " ".join(rest) or DELETE
    if not is_table(by.value):
        return str(change)
    table = places.tables.table(by)
    if entry is not None and entry.place.file != by.place.file:
        if table.indexed:
            return f"{DELETE}: {entry.place}, then: postmap {by.value}"
        if change.name == "mynetworks":
            return f"{DELETE}: {entry.place}"
    return str(change) if change.value else NAME_THEM


def agreed(places: Places, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, and where several words of one list must go, one corrected line for all."""
    kept: dict[tuple[str, str], list[str]] = {}
    for change in (f.change for f in findings if f.change and f.change.name in SHORTENED):
        words, key = split(change.value), (change.name, change.service)
        before = kept.get(key, words)
        stated = {said.value for said in places.spread(change.name)}
        named = [word for word in words if word not in stated]  # what a table had
        both = [word for word in before if word in words or word not in stated]
        kept[key] = list(dict.fromkeys([*both, *named]))
    return [_with_words(places, found, kept) for found in findings]


def _with_words(places: Places, found: Finding, kept: dict[tuple[str, str], list[str]]) -> Finding:
    change = found.change
    if change is None or (change.name, change.service) not in kept:
        return found
    words = kept[change.name, change.service]
    changed = replace(change, value=", ".join(words) or _nobody(change.name))
    if found.remedy != str(change):  # a line of a file, which the setting goes on naming
        return replace(found, change=changed)
    stated = [said.value for said in places.read(change.name)]
    inside = {said.value for said in places.spread(change.name)} - set(stated)
    line = [word for word in stated if word in words or word.lstrip("!").startswith("/")]
    line += [word for word in words if word not in line and word not in inside]
    written = replace(change, value=", ".join(line) or _nobody(change.name))
    return replace(found, change=changed, remedy=str(written))


def _nobody(name: str) -> str:
    return "127.0.0.0/8, [::1]/128" if name == "mynetworks" else ""


def _own_domains(places: Places, by: Said) -> list[str]:
    """Which domains does a table of relay domains mean? Else those that have a transport do."""
    names = _named(places.tables.table(by))
    if not names:
        words = [said for said in places.postfix.words("transport_maps") if is_table(said.value)]
        names = [name for said in words for name in _named(places.tables.table(said))]
    final = {said.value for name in FINAL for said in places.spread(name)}
    owned = [name for name in names if name not in final and not may_be_top(name)]
    return list(dict.fromkeys(owned))[:MOST_NAMES]


def _named(table: Table) -> list[str]:
    """Plain names, and patterns that fit a single text."""
    names = [key.value for key in table.keys]
    for rule in table.patterns:
        texts = {text for filler in FILLERS for text in examples(rule.key, filler, rule.guards)}
        names += texts if len(texts) == 1 else ()
    return [name for name in names if re.fullmatch(r"\w[\w-]*(\.[\w-]+)+", name)]
