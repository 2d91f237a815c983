"""How is text that strangers wrote shown, so that it can neither act nor deceive?

HELO, sender, login, file name and a remote's reply are other people's text. Every output (terminal,
PDF, HTML, charts) shows them through `display`, so they look the same everywhere.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

Frame = TypeVar("Frame", bound=Any)
FONTS = Path(__file__).parent / "report" / "fonts"

# Control, surrogate, private, unassigned, line and paragraph separators, format (bidi, zero width).
HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Cf"})
JOINER = "\u200d"  # shapes Indic scripts and emoji; every bundled shaper takes it
MARKS = frozenset({"Mn", "Me"})
MARKS_STACKED = 3  # Vietnamese and Hebrew need two or three; a taller pile runs over other lines


@lru_cache(maxsize=65_536)
def display(text: str, limit: int = 160) -> str:
    r"""The text on one line, at most *limit* characters, with what cannot be seen made visible.

    Characters that act (controls, bidi marks), that are no characters (surrogates, unassigned) or
    that no bundled font can draw are shown as ``\x1b`` or ``\u{202e}``.
    """
    if text.isascii() and text.isprintable():
        return _cut(text, limit)
    shown: list[str] = []
    length = marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in MARKS else 0
        piece = character if marks <= MARKS_STACKED and _drawable(character) else _escape(character)
        shown.append(piece)
        length += len(piece)
        if length > limit:
            break
    return _cut("".join(shown), limit)


def shown(frame: Frame, limit: int = 160) -> Frame:
    """A pandas table with every text in it shown through `display`: what a notebook may print."""
    safe: Frame = frame.map(
        lambda value: display(value, limit) if isinstance(value, str) else value
    )
    return safe


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


@cache
def _drawable(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    if character == JOINER:
        return True
    return unicodedata.category(character) not in HIDDEN and ord(character) in _covered()


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{{{number:x}}}"


@cache
def _covered() -> frozenset[int]:
    """Every code point that a bundled font draws; the PDF standard refuses all others."""
    from fontTools.ttLib import TTFont

    covered: set[int] = set()
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            covered.update(font.getBestCmap())
    return frozenset(covered)
