"""Which entries does the text of a table hold, and in which line is each?"""

from __future__ import annotations

import re

from analyzer.config.given import Given, Place, Said
from analyzer.config.postfix_values import braced, split


def entries(given: Given) -> list[tuple[str, Said]]:
    """Key and value of each logical line; lines that begin with a blank continue the one before."""
    found: list[tuple[str, Said]] = []
    for number, line in enumerate(given.lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = Place(given.name, number)
        if line[0].isspace() and found:
            key, said = found[-1]
            found[-1] = (key, Said(f"{said.value} {line.strip()}", said.place, key))
        else:
            key, value = pair(line.strip())
            found.append((key, Said(value, place, key)))
    return found


def pair(line: str) -> tuple[str, str]:
    """A pattern ends at its own delimiter, a quoted key at its quote, any other key at a blank."""
    pattern = re.match(r"((?:!?\s*)([/|~%#;])(?:\\.|(?!\2)[^\\])*\2\w*)\s*(.*)$", line)
    quoted = re.match(r'("(?:\\.|[^"\\])*"\S*)\s*(.*)$', line)
    if line[:1] in "/!|~%" and pattern:
        return pattern[1], pattern[3]
    if quoted:
        return quoted[1].replace('"', ""), quoted[2]
    key, _, value = line.replace("\t", " ").partition(" ")
    return key.rstrip(":") if key.endswith(":") else key, value.strip()


def inline(text: str, place: Place) -> tuple[tuple[str, Said], ...]:
    """`{ key=value, { key = value with blanks } }`."""
    found = []
    for word in split(braced(text, 0)[0] if text.startswith("{") else text):
        key, _, value = (braced(word, 0)[0] if word.startswith("{") else word).partition("=")
        found.append((key.strip(), Said(value.strip(), place, key.strip())))
    return tuple(found)


def inline_rules(text: str, place: Place) -> tuple[tuple[str, Said], ...]:
    """`{{/pattern/ OK}, {…}}` of a table of patterns or networks, since 3.7."""
    found, at = [], 1
    while (start := text.find("{", at)) >= 0:
        rule, at = braced(text, start)
        key, value = pair(rule.strip())
        found.append((key, Said(value, place, key)))
    return tuple(found)
