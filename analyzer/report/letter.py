"""How is a text to send laid out: paragraphs of 78 columns, names of files, places of lines?"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from analyzer import words
from analyzer.display import display

WIDTH = 78
PLACES_SHOWN = 5


def paragraphs(*texts: str) -> str:
    """Each text wrapped, with an empty line between two."""
    return "\n" + "\n\n".join(wrapped(text) for text in texts if text) + "\n"


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def items(texts: list[str]) -> str:
    """A list, wrapped under its dashes."""
    return "\n".join(wrapped(f"- {text}", "  ") for text in texts)


def file_name(text: object) -> str:
    """Letters and digits of a name that strangers may have chosen."""
    return re.sub(r"[^a-z0-9]+", "-", str(text).lower()).strip("-")[:40] or "unnamed"


def places_of(evidence: Any) -> str:
    """file:line, the first few."""
    found = [f"{display(str(p['source']), 80)}:{p['line']}" for p in evidence or []]
    return words.listing(found, PLACES_SHOWN)
