"""What does a lookup table of Postfix answer, where its content was given?

A table is `type:name`. Its content is in a file of its own; if that file was not given, every
answer is UNKNOWN. Source: DATABASE_README, access(5), regexp_table(5), cidr_table(5).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Final

from analyzer.config import postfix_patterns
from analyzer.config.given import Given, Place, Said
from analyzer.config.postfix_rows import entries, inline, inline_rules, pair
from analyzer.config.postfix_values import braced, split
from analyzer.site import Network

INDEXED = {"hash", "btree", "lmdb", "cdb", "sdbm", "dbm", "texthash"}
PATTERNS = {"regexp", "pcre"}
UNION, PIPE = "unionmap", "pipemap"
DEEPEST = 4  # a table of tables of tables
TYPES = INDEXED | PATTERNS | set(
    "cidr inline static fail proxy unionmap pipemap randmap mysql pgsql ldap sqlite mongodb "
    "memcache tcp socketmap environ nis nisplus netinfo unix internal maildrop debug".split()
)  # fmt: skip


REFUSAL = re.compile(r"(?:[45]\d\d|REJECT|DEFER(?:_IF_\w+)?)(?!\w)", re.IGNORECASE)  # access(5)

MOST_TRIED = 500  # patterns of one table; those behind are not known to let nobody in
HARMLESS = re.compile(
    r"(?:DUNNO|BCC|FILTER|HOLD|INFO|PREPEND|REDIRECT|WARN|DELAY|SKIP|DISCARD)\b|$", re.IGNORECASE
)


class Unknown:
    """The answer of a table whose content was not given."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Broken:
    """The answer of a list at an entry that Postfix cannot read: an error, for now."""

    said: Said


Answer = Said | None | Unknown
Held = Answer | Broken


def is_table(word: str) -> bool:
    """`type:name`; an address such as ::1 or [2001:db8::1] is none."""
    kind, colon, name = word.partition(":")
    return bool(colon and name) and kind in TYPES


def network_of(word: str, *, strict: bool = False) -> Network | None:
    """A word of a list, or the key of an entry, as a network; None where it is something else.

    Args:
        strict: Bits beyond the mask make it something else.
    """
    try:
        return ipaddress.ip_network(word.replace("[", "").replace("]", ""), strict=strict)
    except ValueError:
        return None


def name_keys(name: str, parents: bool) -> list[str]:
    """A name, and the names above it; these with a dot before them, unless *parents* fit below."""
    labels = name.rstrip(".").split(".")
    dot = "" if parents else "."
    return [name, *(dot + ".".join(labels[n:]) for n in range(1, len(labels)))]


@dataclass(frozen=True)
class Pattern:
    """A rule of a table of patterns, and the `if` patterns around it."""

    key: str
    said: Said
    guards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The entries of one table; None where its content is unknown.

    `parts`: the tables that one made of others asks.
    """

    kind: str
    entries: tuple[tuple[str, Said], ...] | None
    parts: tuple[Table, ...] = ()

    def lookup(self, keys: Iterable[str]) -> Answer:
        """The entry of the first key that has one; a pattern table is asked for the first alone."""
        if self.entries is None:
            return UNKNOWN
        asked = [key.lower() for key in keys]
        if self.parts:
            return self._of_parts(asked)
        if self.kind in PATTERNS:
            return _first_pattern(self.entries, asked[:1])
        if self.kind == "cidr":
            return _first_network(self._networks, asked)
        if self.kind == "static":
            return self.entries[0][1]
        return next((self._held[key] for key in asked if key in self._held), None)

    def _of_parts(self, asked: Sequence[str]) -> Answer:
        """`unionmap` joins what its parts say, `pipemap` asks each for what the one before said."""
        fixed = not any(part.kind in PATTERNS for part in self.parts)
        for key in asked if fixed else asked[:1]:
            found = [part.lookup([key]) for part in self.parts[: 1 if self.kind == PIPE else None]]
            for part in self.parts[1:] if self.kind == PIPE else ():
                said = found[-1]
                found.append(part.lookup([said.value]) if isinstance(said, Said) else said)
            if UNKNOWN in found:
                return UNKNOWN
            held = [said for said in found if isinstance(said, Said)]
            if self.kind == PIPE and len(held) == len(found):
                return Said(held[-1].value, held[0].place, held[0].key)
            if self.kind != PIPE and held:
                joined = ",".join(said.value for said in held)
                return Said(joined, held[0].place, held[0].key)
        return None

    @cached_property
    def _held(self) -> dict[str, Said]:
        held: dict[str, Said] = {}
        for key, said in self.entries or ():
            held.setdefault(key.lower(), said)
        return held

    @cached_property
    def _networks(self) -> list[tuple[Network, bool, Said]]:
        """With whether each is negated. Bits beyond a mask: Postfix skips that with a warning."""
        read = ((key, network_of(key.lstrip("!"), strict=True), s) for key, s in self.entries or ())
        return [(network, key[0] == "!", said) for key, network, said in read if network]

    @property
    def keys(self) -> list[Said]:
        """Every key that is a plain name, with its place."""
        named = self.plain and self.kind != "cidr"
        if self.parts:
            return [key for part in self.parts for key in part.keys]
        return [Said(key, said.place) for key, said in self.entries or () if named]

    @property
    def indexed(self) -> bool:
        """Must postmap be run after a change?"""
        return self.kind in INDEXED - {"texthash"}

    @property
    def plain(self) -> bool:
        """Does it hold keys, rather than patterns or an answer for everything?"""
        return self.kind not in PATTERNS | {"static"}

    @cached_property
    def untried(self) -> tuple[Said, ...]:
        """Patterns that may permit, and that no example is known of."""
        if self.parts:
            return tuple(said for part in self.parts for said in part.untried)
        rules = [rule for rule in self.patterns if not HARMLESS.match(rule.said.value)]
        odd = [rule for rule in rules if postfix_patterns.odd(rule.key, rule.guards)]
        odd += [rule for rule in self.patterns[MOST_TRIED:] if rule in rules]
        return tuple(Said(rule.key, rule.said.place, rule.key) for rule in odd)

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of the table that do not plainly refuse."""
        found, guards = [], []
        for key, said in self.entries or () if self.kind in PATTERNS else ():
            if key.lower() == "if":
                guards.append(pair(said.value)[0])
            elif key.lower() == "endif":
                guards[-1:] = []
            elif not REFUSAL.match(said.value):
                found.append(Pattern(key, said, tuple(guards)))
        return tuple(found)

    @property
    def permitting(self) -> list[tuple[str, Said]]:
        """The entries that do not plainly refuse, but for patterns."""
        mine = () if self.kind in PATTERNS else self.entries or ()
        return [(key, said) for key, said in mine if not REFUSAL.match(said.value)]


class Tables:
    """The files that were given beside main.cf, found by their path or at least their name."""

    def __init__(self, files: Sequence[Given]) -> None:
        self._files = files
        self.used: set[str] = set()
        self.missing: dict[str, Place] = {}
        self._read: dict[tuple[str, Place], Table] = {}

    def file(self, path: str) -> Given | None:
        """The given file that the path means: the longest common end of both paths decides."""
        wanted = PurePath(path).parts[::-1]

        def shared(given: Given) -> int:
            pairs = zip(wanted, PurePath(given.name).parts[::-1], strict=False)
            return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(wanted), 99))

        best = max(self._files, key=shared, default=None)
        if best is None or shared(best) == 0:
            return None
        self.used.add(best.name)
        return best

    def line(self, place: Place) -> str:
        """The very line of a given file."""
        given = next((given for given in self._files if given.name == place.file), None)
        return given.line(place.line) if given else ""

    def table(self, said: Said) -> Table:
        """The table that a word of a setting names."""
        key = (said.value, said.place)
        if key not in self._read:
            self._read[key] = self._table(said, 0)
        return self._read[key]

    def _table(self, said: Said, depth: int) -> Table:
        kind, _, name = said.value.partition(":")
        while kind in ("proxy", "debug"):
            kind, _, name = name.partition(":")
        if name.startswith("{") or kind in ("static", "inline"):
            return self._in_place(kind, name, said.place, depth)
        given = self.file(name) if kind in INDEXED | PATTERNS | {"cidr"} else None
        if given is None:
            self.missing.setdefault(said.value, said.place)
            return Table(kind, None)
        return Table(kind, tuple(entries(given)))

    def _in_place(self, kind: str, name: str, place: Place, depth: int) -> Table:
        """A table whose content, or whose parts, stand in the setting itself."""
        if kind == "static":
            return Table(kind, (("", Said(name.strip("{} "), place)),))
        if kind == "inline":
            return Table(kind, inline(name, place))
        if kind in PATTERNS | {"cidr"}:
            return Table(kind, inline_rules(name, place))
        words = split(braced(name, 0)[0]) if kind in (UNION, PIPE) and depth < DEEPEST else []
        parts = [self._table(Said(w, place), depth + 1) for w in words if is_table(w)]
        known = bool(parts) and all(part.entries is not None for part in parts)
        if not known and not parts:
            self.missing.setdefault(f"{kind}:{name}", place)
        return Table(kind, () if known else None, tuple(parts) if known else ())


def _first_pattern(rules: Sequence[tuple[str, Said]], texts: Sequence[str]) -> Answer:
    """Rules ignore case unless they say otherwise; `if` guards what it encloses."""
    guards: list[bool] = []
    for key, said in rules:
        word = key.lower()
        if word == "endif":
            guards[-1:] = []
            continue
        if word == "if":
            holds = _matches(pair(said.value)[0], texts)
            guards.append(bool(holds))
            continue
        if not all(guards):
            continue
        match = _matches(key, texts)
        if match is None:
            return UNKNOWN
        if match:
            return said
    return None


def _matches(rule: str, texts: Sequence[str]) -> bool | None:
    """None where the pattern is not one that Python reads alike."""
    found = [postfix_patterns.fits(rule, text) for text in texts]
    return None if None in found else any(found)


def _first_network(rules: Sequence[tuple[Network, bool, Said]], texts: Sequence[str]) -> Answer:
    addresses = []
    for text in texts:
        try:
            addresses.append(ipaddress.ip_address(text))
        except ValueError:
            continue
    for network, negated, said in rules:
        if any((address in network) != negated for address in addresses):
            return said
    return None
