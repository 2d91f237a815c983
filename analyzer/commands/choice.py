"""Is what was given one of the words that an option takes?"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import words
from analyzer.errors import SettingsError


def chosen(given: str, option: str, offered: Sequence[str]) -> str:
    """The word, in small letters.

    Raises:
        SettingsError: it is none of those offered.
    """
    word = given.casefold()
    if word not in offered:
        remedy = f"Give {words.listing(offered, len(offered), 'or')}."
        raise SettingsError(f"there is no {given!r}", option, remedy)
    return word
