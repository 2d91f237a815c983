"""What do exports of Exchange state: domains, connectors, permissions, the routing page of 5.5?

PowerShell writes the same objects as Format-List text, as CSV or as JSON. Only the last keeps lists
whole: CSV may hold a type name instead, and Format-List cuts long ones; both are then unknown.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analyzer.config import recognise
from analyzer.config.given import Given, Place
from analyzer.site import Network

_PAIR = re.compile(r"^([A-Za-z]\w*)\s*: ?(.*)$")
_RANGE = re.compile(r"^\s*([0-9a-fA-F:.]+)\s*(?:-\s*([0-9a-fA-F:.]+)|/(\d+))?\s*$")
_CUT = re.compile(r"(?:\.\.\.|…|\[\])$|^(?:System|Microsoft)\.|MultiValued")
_FLAGS = re.compile(r'"RelayFlags"\s*=\s*dword:([0-9a-fA-F]+)')


@dataclass(frozen=True)
class Record:
    """One object: its properties by lower-case name, each value a list of texts."""

    values: Mapping[str, tuple[str, ...]]
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return ", ".join(self.values.get(name.lower(), ()))

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name.lower(), ())

    def whole(self, name: str) -> bool:
        """Is the value there, and not cut or replaced by the name of its type?"""
        values = self.all(name)
        return bool(values) and not any(_CUT.search(value) for value in values)

    def told(self, name: str) -> bool:
        """Is a set of words there, and not the number that stands for it?"""
        return self.whole(name) and not self.get(name).isdigit()

    def at(self, name: str) -> Place:
        return self.places.get(name.lower(), self.place)


@dataclass(frozen=True)
class Exchange:
    """What was given; None is not given."""

    domains: tuple[Record, ...] | None
    connectors: tuple[Record, ...] | None
    permissions: tuple[Record, ...] | None
    routing_55: tuple[Given, ...] = ()


def parse(files: Sequence[tuple[Given, str]]) -> Exchange:
    """All files, each with the kind that it was recognised as."""

    def of(kind: str) -> tuple[Record, ...] | None:
        mine = [given for given, its in files if its == kind]
        return tuple(record for given in mine for record in records(given)) if mine else None

    return Exchange(
        of(recognise.ACCEPTED_DOMAINS),
        of(recognise.CONNECTORS),
        of(recognise.PERMISSIONS),
        tuple(given for given, kind in files if kind == recognise.ROUTING_55),
    )


def records(given: Given) -> Iterator[Record]:
    text = given.text.lstrip()
    if text[:1] in ("[", "{"):
        yield from _json(given)
    elif _PAIR.match(next((line for line in given.lines if line.strip()), "")):
        yield from _format_list(given)
    else:
        yield from _csv(given)


def ranges(record: Record) -> list[Network] | None:
    """RemoteIPRanges as networks; None where the export does not hold them whole and readable."""
    try:
        return _ranges(record)
    except ValueError:
        return None


def _ranges(record: Record) -> list[Network] | None:
    if not record.whole("RemoteIPRanges"):
        return None
    found: list[Network] = []
    for text in _apart(record.all("RemoteIPRanges")):
        match = _RANGE.match(text)
        if not match:
            return None
        first = ipaddress.ip_address(match[1])
        if match[2]:
            found += _between(first, ipaddress.ip_address(match[2]))
        else:
            found.append(
                ipaddress.ip_network(f"{first}/{match[3]}" if match[3] else str(first), False)
            )
    return found


def _apart(texts: Sequence[str]) -> list[str]:
    """Several ranges in one text, as `-join " "` writes them."""
    return [word for text in texts for word in re.sub(r"\s*-\s*", "-", text).split()]


def _between(first: Any, last: Any) -> list[Network]:
    if first.version != last.version or first > last:
        return []
    return list(ipaddress.summarize_address_range(first, last))


def relay_flags(given: Given) -> tuple[int, Place] | None:
    """5.5: 1 deny list, 2 allow list, 4 local addresses, 8 logged in. Q193922."""
    for number, line in enumerate(given.lines, 1):
        if match := _FLAGS.search(line):
            return int(match[1], 16), Place(given.name, number)
    return None


def allowed(given: Given) -> list[Network] | None:
    """5.5: RelayAllowList, lines of `net;mask`; None where the file does not hold it. Q193922."""
    match = re.search(r'"RelayAllowList"\s*=\s*hex\(7\):((?:[^\n]*\\\n)*[^\n]*)', given.text)
    if not match:
        return None
    data = bytes(int(pair, 16) for pair in re.findall(r"\b[0-9a-fA-F]{2}\b", match[1]))
    text = data.decode("utf-16-le" if data[1:2] == b"\0" else "latin-1", "replace")
    found = []
    for line in filter(None, text.split("\0")):
        net, _, mask = line.partition(";")
        try:
            found.append(ipaddress.ip_network(f"{net}/{mask}" if mask else net, strict=False))
        except ValueError:
            continue
    return list(found)


def _format_list(given: Given) -> Iterator[Record]:
    """Blocks of `Name : value`; a line that begins with blanks continues the value above."""
    block: dict[str, str] = {}
    places: dict[str, Place] = {}
    name = ""
    for number, line in enumerate([*given.lines, ""], 1):
        match = _PAIR.match(line)
        if match and match[1].lower() in block:  # the next object, without a blank line between
            yield _record(block, places)
            block, places = {}, {}
        if match:
            name = match[1].lower()
            block[name] = match[2].strip()
            places[name] = Place(given.name, number)
        elif line.strip() and name and line[0].isspace():
            block[name] += " " + line.strip()
        elif not line.strip() and block:
            yield _record(block, places)
            block, places, name = {}, {}, ""


def _record(block: dict[str, str], places: dict[str, Place]) -> Record:
    values = {name: _list(value) for name, value in block.items()}
    return Record(values, min(places.values()), places)


def _list(value: str) -> tuple[str, ...]:
    """`{a, b}`, and in CSV also values one a line or separated by commas."""
    text = value.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    elif not ("\n" in text or re.fullmatch(r"[\w.:/-]+([;,]\s*[\w.:/-]+)+", text)):
        return (text,) if text else ()
    return tuple(part.strip() for part in re.split(r"[,;\n]", text) if part.strip())


def _csv(given: Given) -> Iterator[Record]:
    lines = given.lines
    skip = next((n for n, line in enumerate(lines) if line.strip() and line[:5] != "#TYPE"), 0)
    head = lines[skip] if lines else ""
    mark = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO("\n".join(lines[skip:])), delimiter=mark)
    names = [name.strip().lower() for name in next(reader, [])]
    before = reader.line_num
    for row in reader:
        place = Place(given.name, skip + before + 1)
        before = reader.line_num
        if any(row):
            yield Record({n: _list(v) for n, v in zip(names, row, strict=False)}, place)


def _json(given: Given) -> Iterator[Record]:
    try:
        data = json.loads(given.text)
    except ValueError:
        return
    at = 0
    for item in data if isinstance(data, list) else [data]:
        if not isinstance(item, dict):
            continue
        name = str(item.get("Name") or item.get("DomainName") or item.get("Identity") or "")
        found = given.text.find(json.dumps(name), at)
        at = found if found >= 0 else at
        place = Place(given.name, given.text.count("\n", 0, max(at, 0)) + 1)
        yield Record({key.lower(): _texts(value) for key, value in item.items()}, place)


def _texts(value: Any) -> tuple[str, ...]:
    """JSON keeps some values as objects: their text is in one of these members."""
    if isinstance(value, list):
        return tuple(text for part in value for text in _texts(part))
    if isinstance(value, dict):
        for name in ("Expression", "Domain", "Address", "RawIdentity", "Name", "value"):
            if value.get(name):
                return (str(value[name]),)
        if value.get("LowerBound"):
            return (f"{value['LowerBound']}-{value.get('UpperBound')}",)
        return ("...",)
    if value is None:
        return ()
    return _list(str(value))
