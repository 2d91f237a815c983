"""Which words and conditions does a value hold: `${name?yes:no}`, `${{a} < {b} ? {c} : {d}}`?"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import Any

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip


def braced(text: str, start: int) -> tuple[str, int]:
    """What stands between the brace at *start* and its partner, and where that ends."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1 : at], at + 1
    return text[start + 1 :], len(text)


def branches(text: str) -> tuple[str, str]:
    """`?yes`, `:no`, `?{yes}:{no}` as (yes, no)."""
    mark, rest = text[:1], text[1:].strip()
    if mark == ":":
        return "", _unbraced(rest)
    if rest.startswith("{"):
        yes, at = braced(rest, 0)
        no = rest[at:].strip()
        return yes.strip(), _unbraced(no[1:].strip()) if no.startswith(":") else ""
    yes, _, no = rest.partition(":")
    return yes, no


def _unbraced(text: str) -> str:
    return braced(text, 0)[0].strip() if text.startswith("{") else text


def release(text: str) -> tuple[int, ...]:
    numbers = tuple(int(n) for n in re.findall(r"\d+", text)[:3])
    return numbers + (0,) * (3 - len(numbers))


def compare(left: str, operator: str, level: bool, right: str) -> bool:
    """Numbers as numbers, `<level` as releases, all else as text: so is "3.10" less than "3.9"."""
    left, right = left.strip(), right.strip()
    pair: tuple[object, object] = (left, right)
    if level:
        pair = (release(left), release(right))
    elif left.isdecimal() and right.isdecimal():
        pair = (int(left), int(right))
    return bool(COMPARED[operator](*pair))


def split(text: str) -> list[str]:
    """Words, split at blanks and commas but not inside braces."""
    words, word, depth = [], "", 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth <= 0 and (character.isspace() or character == ","):
            words.append(word)
            word = ""
        else:
            word += character
    return [w for w in [*words, word] if w]
