"""What do sendmail.mc, sendmail.cf and the tables beside them state about relaying?

A generated sendmail.cf names every feature it was made with in a line `$Id: FEATURE.m4,v`.
Source: sendmail's cf/README, cf/m4/proto.m4.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.config import recognise
from analyzer.config.given import Given, Place, Said
from analyzer.site import Network

_CALL = re.compile(r"\b(FEATURE|define|\w+_DOMAIN(?:_FILE)?|MAILER|VERSIONID)\(")
_FEATURE_ID = re.compile(r"^#####\s+\$Id: (\w+)\.m4,v")
_CLASS = re.compile(r"^C(?:\{(\w+)\}|(\w))\s*(.*)$")
_CLASS_FILE = re.compile(r"^F(?:\{(\w+)\}|(\w))\s*(?:-o\s+)?(\S+)")
OWN_RULESETS = ("Local_check_relay", "Local_check_rcpt", "Local_Relay_Auth")
_ACCEPTS = re.compile(r"\$@|\$#\s*(?!error|discard)\w", re.IGNORECASE)
_CHECKED = re.compile(r"^S(?:Rcpt_ok|check_rcpt|Basic_check_rcpt)\b", re.MULTILINE)
# The macros of an .mc file that add to a class.
_ADDS = {"LOCAL_DOMAIN": "w", "RELAY_DOMAIN": "R", "VIRTUSER_DOMAIN": "VirtHost"}


@dataclass(frozen=True)
class AccessEntry:
    """One line of the access table: `Tag:key value`."""

    tag: str
    key: str
    value: str
    place: Place


@dataclass
class Sendmail:
    """Features, classes and tables; `complete` where a .mc or .cf was given."""

    features: dict[str, Said] = field(default_factory=dict)
    classes: dict[str, list[Said]] = field(default_factory=dict)
    access: list[AccessEntry] = field(default_factory=list)
    options: dict[str, Said] = field(default_factory=dict)
    rules: list[Said] = field(default_factory=list)  # one's own that accept; key: the ruleset
    given: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        return bool(self.given & {recognise.SENDMAIL_MC, recognise.SENDMAIL_CF})

    def named(self, *classes: str) -> list[Said]:
        """The members of the classes, in order of appearance."""
        return [said for name in classes for said in self.classes.get(name, [])]

    def add(self, name: str, said: Said) -> None:
        self.classes.setdefault(name, []).append(said)


def parse(files: Sequence[tuple[Given, str]]) -> Sendmail:
    """All files, each with the kind that it was recognised as."""
    read = {
        recognise.SENDMAIL_MC: _mc,
        recognise.SENDMAIL_CF: _cf,
        recognise.SENDMAIL_ACCESS: _access,
        recognise.LOCAL_NAMES: _local_names,
        recognise.RELAY_NAMES: _relay_names,
    }
    sendmail = Sendmail()
    for given, kind in files:
        if kind in read:
            read[kind](sendmail, given)
            sendmail.given.add(kind)
    return sendmail


def has_mask(key: str) -> bool:
    """`10.0.0.0/8` is no network for Sendmail."""
    return re.fullmatch(r"[0-9a-fA-F:.]+/\d{1,3}", key) is not None


def network_of(key: str) -> Network | None:
    """`128.32` is 128.32.0.0/16, `IPv6:2001:db8` is 2001:db8::/32; a name is no network."""
    bare = re.sub(r"^(?:Connect:)+|^\[|\]$", "", key, flags=re.IGNORECASE).rstrip(".")
    if bare.lower().startswith("ipv6:"):
        bare = bare[5:]
        bare += "" if ":" in bare else ":"
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){0,3}", bare):
        parts = bare.split(".")
        full = ".".join([*parts, *["0"] * (4 - len(parts))])
        return _network(f"{full}/{8 * len(parts)}")
    if ":" in bare:
        groups = [group for group in bare.split(":") if group]
        short = "::" not in bare and len(groups) < 8
        return _network(f"{':'.join(groups)}::/{16 * len(groups)}" if short else bare)
    return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _mc(sendmail: Sendmail, given: Given) -> None:
    text = re.sub(r"\bdnl\b[^\n]*|^\s*#[^\n]*", "", given.text, flags=re.MULTILINE)
    for name, arguments, line in _calls(text):
        place = Place(given.name, line)
        first = arguments[0] if arguments else ""
        rest = Said(", ".join(arguments[1:]), place)
        if name == "FEATURE":
            sendmail.features[first] = rest
        elif name == "define":
            sendmail.options[first] = rest
        elif name == "RELAY_DOMAIN_FILE":
            sendmail.options[name] = Said(first, place)
        elif name in _ADDS:
            for word in first.split():
                sendmail.add(_ADDS[name], Said(word, place))
    _class_lines(sendmail, Given(given.name, text))
    _rules(sendmail, Given(given.name, text))


def _rules(sendmail: Sendmail, given: Given) -> None:
    """Rules that accept in a ruleset that Sendmail leaves to its owner."""
    ruleset = ""
    for number, line in enumerate(given.lines, 1):
        if line.startswith("S"):
            ruleset = line[1:].split("=")[0].strip()
        elif line.startswith("R") and ruleset in OWN_RULESETS and _ACCEPTS.search(line):
            sendmail.rules.append(Said(line, Place(given.name, number), ruleset))


def _calls(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Each macro call with its arguments, quotes taken off, and its line."""
    for match in _CALL.finditer(text):
        arguments, word, depth, parens = [], "", 0, 1
        for character in text[match.end() :]:
            if character in "`'":
                depth += 1 if character == "`" else -1
                continue
            if depth <= 0:
                parens += {"(": 1, ")": -1}.get(character, 0)
                if parens == 0:
                    break
                if character == "," and parens == 1:
                    arguments.append(word.strip())
                    word = ""
                    continue
            word += character
        yield match[1], [*arguments, word.strip()], text.count("\n", 0, match.start()) + 1


def _cf(sendmail: Sendmail, given: Given) -> None:
    for number, line in enumerate(given.lines, 1):
        place = Place(given.name, number)
        if match := _FEATURE_ID.match(line):
            sendmail.features.setdefault(match[1], Said("", place))
        elif match := re.match(r"^D(?:\{(\w+)\}|(\w))(.*)$", line):
            names = {"j": "confDOMAIN_NAME", "Z": "version"}
            if (name := names.get(match[2] or "")) and match[3]:
                sendmail.options[name] = Said(match[3], place)
    _class_lines(sendmail, given)
    _rules(sendmail, given)
    if not _CHECKED.search(given.text):
        sendmail.options["without rules"] = Said("", Place(given.name, 0))


def _class_lines(sendmail: Sendmail, given: Given) -> None:
    """`Cwname name`, `C{R}name`; a file of names is asked for by `Fw/path`."""
    for number, line in enumerate(given.lines, 1):
        place = Place(given.name, number)
        if (match := _CLASS.match(line)) and (match[1] or match[2]) in {"w", "R", "m", "VirtHost"}:
            for word in match[3].split():
                if not word.startswith("$"):
                    sendmail.add(match[1] or match[2], Said(word, place))
        elif match := _CLASS_FILE.match(line):
            sendmail.options[f"F{match[1] or match[2]}"] = Said(match[3], place)


def _access(sendmail: Sendmail, given: Given) -> None:
    for place, line in _names(given):
        key, _, value = line.replace("\t", " ").partition(" ")
        tag, colon, rest = key.partition(":")
        known = {"connect": "Connect", "from": "From", "to": "To"}.get(tag.lower(), "")
        other = bool(colon) and not known and tag.lower() != "ipv6" and "." not in tag
        if not other:
            entry = AccessEntry(known, rest if known else key, value.strip(), place)
            sendmail.access.append(entry)


def _local_names(sendmail: Sendmail, given: Given) -> None:
    for place, line in _names(given):
        sendmail.add("w", Said(line, place))


def _relay_names(sendmail: Sendmail, given: Given) -> None:
    for place, line in _names(given):
        sendmail.add("R", Said(line, place))


def _names(given: Given) -> Iterator[tuple[Place, str]]:
    for number, line in enumerate(given.lines, 1):
        if (text := line.strip()) and not text.startswith("#"):
            yield Place(given.name, number), text
