"""Which settings, services and overrides do main.cf, master.cf and the output of postconf state?

A value is a sequence of words, each with its own place, so that an audit can name the very line in
a list that runs over twenty. `$name` is expanded as Postfix does, its conditional forms included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from analyzer.config.given import Given, Place, Said
from analyzer.config.postfix_defaults import (
    DEFAULTS,
    DEFAULTS_BEFORE_2_10,
    DEFAULTS_BEFORE_3,
    LAST_BEFORE_3,
    NOT_BEFORE,
    ONE_IS_NEEDED_SINCE_3,
)
from analyzer.config.postfix_values import braced, branches, compare, release, split
from analyzer.config.recognise import OVERRIDE_LINE, SERVICE_LINE, SETTING_LINE

DEFAULT = Place("Postfix's default", 0)
CORRECTED = Place("corrected", 0)
DEEPEST = 20  # `$a = $b`, `$b = $a` ends here
_REFERRED = re.compile(r"(?<!\$)\$[({]?(\w+)")
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\((\w+)\)|(\{))")


@dataclass(frozen=True)
class Setting:
    """One setting as written: the pieces of its value, each with its line."""

    name: str
    pieces: tuple[Said, ...]

    @property
    def place(self) -> Place:
        return self.pieces[0].place

    @property
    def text(self) -> str:
        return " ".join(piece.value for piece in self.pieces).strip()


@dataclass(frozen=True)
class Service:
    """One line of master.cf."""

    name: str
    type: str
    command: str
    place: Place
    overrides: Mapping[str, Setting]

    @property
    def host(self) -> str:
        """The address it listens at; empty where inet_interfaces says."""
        head, colon, _ = self.name.rpartition(":")
        return head.strip("[]") if colon else ""

    @property
    def port(self) -> str:
        return self.name.rpartition(":")[2]


@dataclass(frozen=True)
class Postfix:
    """Settings by name, services in order, and every earlier line that a later one made void.

    `main` and `master`: was each of the two files given, as it is or as postconf prints it?
    """

    settings: Mapping[str, Setting]
    services: tuple[Service, ...]
    void: tuple[Setting, ...] = ()
    main: bool = True
    master: bool = True
    _cache: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def seen_by(self, service: Service) -> Postfix:
        """What one service works with."""
        return replace(self, settings={**self.settings, **service.overrides}, _cache={})

    def with_value(self, name: str, value: str) -> Postfix:
        """The same server with one setting changed."""
        changed = Setting(name, (Said(value, CORRECTED),))
        return replace(self, settings={**self.settings, name: changed}, _cache={})

    def setting(self, name: str) -> Setting | None:
        """As written, else the default of this release; None where neither is known."""
        if name in self.settings:
            return self.settings[name]
        default = self._default(name)
        return None if default is None else Setting(name, (Said(default, DEFAULT),))

    def _default(self, name: str) -> str | None:
        if name in DEFAULTS_BEFORE_2_10 and self.older_than(2, 10):
            return DEFAULTS_BEFORE_2_10[name]
        if name in NOT_BEFORE and self.older_than(*NOT_BEFORE[name]):
            return ""
        if self.older_than(3, 0) and name in DEFAULTS_BEFORE_3:
            return DEFAULTS_BEFORE_3[name]
        return DEFAULTS.get(name)

    def stated(self, name: str) -> bool:
        return name in self.settings

    @property
    def version(self) -> tuple[int, ...] | None:
        """As `mail_version` says; `postconf -n` does not print it.

        Postfix 3 cannot work with neither level nor list: a file that has none is of 2.x.
        """
        said = self.settings.get("mail_version")
        numbers = tuple(int(n) for n in re.findall(r"\d+", said.text)[:2]) if said else ()
        return numbers or (LAST_BEFORE_3 if self.looks_old else None)

    @property
    def looks_old(self) -> bool:
        return not any(name in self.settings for name in ("mail_version", *ONE_IS_NEEDED_SINCE_3))

    def older_than(self, *version: int) -> bool:
        return self.version is not None and self.version < version

    @property
    def level(self) -> tuple[int, ...]:
        said = self.setting("compatibility_level")
        return release(said.text if said else "0")

    def text(self, name: str) -> str:
        """The value with every reference expanded; empty where nothing is known of it."""
        if name not in self._cache:
            self._cache[name] = ""  # a setting that refers to itself ends here
            said = self.setting(name)
            self._cache[name] = self.expand(said.text) if said else ""
        return self._cache[name] or ""

    def named_by(self, *texts: str) -> dict[str, list[str]]:
        """The stated settings that the texts refer to, with those that each of them refers to."""
        found: dict[str, list[str]] = {}
        todo = [name for text in texts for name in _REFERRED.findall(text)]
        while todo:
            name = todo.pop()
            if name in self.settings and name not in found:
                found[name] = sorted(set(_REFERRED.findall(self.settings[name].text)))
                todo += found[name]
        return found

    def words(self, name: str) -> list[Said]:
        """The value as a list: split at blanks and commas, references expanded in place."""
        said = self.setting(name)
        return list(self._words(said.pieces, 0)) if said else []

    def _words(self, pieces: Sequence[Said], depth: int) -> Iterator[Said]:
        for piece in pieces:
            for word in split(piece.value):
                whole = re.fullmatch(r"\$(?:(\w+)|[({](\w+)[)}])", word)
                inner = self.setting(whole[1] or whole[2]) if whole and depth < DEEPEST else None
                if inner and inner.place is not DEFAULT:
                    yield from self._words(inner.pieces, depth + 1)
                elif "$" in word:
                    yield from (Said(part, piece.place) for part in split(self.expand(word)))
                else:
                    yield Said(word, piece.place)

    def expand(self, text: str, depth: int = 0) -> str:
        """The text with `$name`, `${name?…}`, `${name:…}` and `${{a} < {b} ? …}` replaced."""
        done, at = [], 0
        while match := _REFERENCE.search(text, at):
            done.append(text[at : match.start()])
            at = match.end()
            if match[1]:
                done.append("$")
            elif match[4]:
                inner, at = braced(text, match.end() - 1)
                done.append(self._conditional(inner, depth) if depth < DEEPEST else "")
            else:
                done.append(self.text(match[2] or match[3]))
        return "".join(done) + text[at:]

    def _conditional(self, inner: str, depth: int) -> str:
        head = re.match(r"\s*(\w+)\s*(?:([?:])(.*))?$", inner, re.DOTALL)
        if head:
            value = self.text(head[1])
            if head[2] is None:
                return value
            yes, no = branches(head[2] + head[3])
            return self.expand(yes if value else no, depth + 1)
        if inner.lstrip().startswith("{"):
            left, at = braced(inner, inner.index("{"))
            operator = re.match(r"\s*(==|!=|<=|>=|<|>)(level)?\s*(?:level)?\s*", inner[at:])
            if operator and "{" in inner[at:]:
                right, end = braced(inner, inner.index("{", at))
                sides = self.expand(left), self.expand(right)
                holds = compare(sides[0], operator[1], bool(operator[2]), sides[1])
                yes, no = branches(inner[end:].strip())
                return self.expand(yes if holds else no, depth + 1)
        return ""


def parse(files: Sequence[Given]) -> Postfix:
    """All settings and services of the files; what stands later counts, as in Postfix."""
    settings: dict[str, Setting] = {}
    services: dict[tuple[str, str], Service] = {}
    extra: list[tuple[str, Setting]] = []
    void = []
    for given in files:
        for pieces in _logical_lines(given):
            first = pieces[0].value
            if override := OVERRIDE_LINE.match(first):
                extra.append((override["service"], _setting(override, pieces)))
            elif service := SERVICE_LINE.match(" ".join(piece.value for piece in pieces)):
                made = _service(service, pieces)
                services[made.name, made.type] = made
            elif setting := SETTING_LINE.match(first):
                made_setting = _setting(setting, pieces)
                before = settings.get(made_setting.name)
                if before and before.place.file == made_setting.place.file:
                    void.append(before)
                settings[made_setting.name] = made_setting
    master = bool(services)
    for service_name, changed in extra:  # `postconf -P` repeats what -M says
        name, _, kind = service_name.rpartition("/")
        if (name, kind) not in services and kind == "inet":  # and without it tells of a door more
            services[name, kind] = Service(name, kind, "smtpd", changed.place, {})
        if (old := services.get((name, kind))) is not None:
            overrides = {**old.overrides, changed.name: changed}
            services[name, kind] = replace(old, overrides=overrides)
    return Postfix(settings, tuple(services.values()), tuple(void), bool(settings), master)


def _logical_lines(given: Given) -> Iterator[list[Said]]:
    """A line and those that continue it; comments and empty lines may stand between them."""
    pieces: list[Said] = []
    for number, line in enumerate(given.lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        said = Said(line.strip(), Place(given.name, number))
        if line[0].isspace() and pieces:
            pieces.append(said)
        else:
            if pieces:
                yield pieces
            pieces = [said]
    if pieces:
        yield pieces


def _setting(match: re.Match[str], pieces: Sequence[Said]) -> Setting:
    first = Said(match["value"].strip(), pieces[0].place)
    return Setting(match["name"], (first, *pieces[1:]))


def _service(match: re.Match[str], pieces: Sequence[Said]) -> Service:
    """`-o name=value`, `-o { name = value }`; blanks in the first form end the value."""
    overrides = {}
    words = [Said(word, piece.place) for piece in pieces for word in _split_outside(piece.value)]
    commands = [word for word in words if word.value]
    for option, value in pairwise(commands):
        if option.value == "-o":
            name, equals, text = value.value.strip("{} ").partition("=")
            if equals:
                overrides[name.strip()] = Setting(name.strip(), (Said(text.strip(), value.place),))
    command = match["command"].split()[0]
    return Service(match["name"], match["type"], command, pieces[0].place, overrides)


def _split_outside(text: str) -> list[str]:
    """Split at blanks that stand outside braces; commas belong to the words."""
    return [w.replace("\0", ",") for w in split(text.replace(",", "\0"))]
