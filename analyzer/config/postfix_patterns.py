"""Which text fits a pattern of a table, so that a stranger may claim it?

Examples are looked for by walking the pattern as Python parses it; whoever uses one asks the table
itself whether it fits. A pattern without an example is not taken for one that fits nobody.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice, product
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST = 24  # examples of one pattern
LONGEST = 8  # repetitions of one part
# A letter and a digit that stand where anything may. Where both fit, everybody can have a name.
FILLERS = ("a1", "q9")
CLASSES = r"\[:(alpha|digit|alnum|space|upper|lower):\]"


def parts(rule: str) -> tuple[bool, str, re.RegexFlag] | None:
    """`!/source/flags` as (negated, source, flags); patterns ignore case unless `i` is there."""
    found = re.fullmatch(r"(!?)\s*([/|~%#;])(.*)\2(\w*)", rule, re.DOTALL)
    if not found:
        return None
    flags = re.NOFLAG if "i" in found[4] else re.IGNORECASE
    return bool(found[1]), re.sub(CLASSES, _posix_class, found[3]), flags


def fits(rule: str, text: str) -> bool | None:
    """None where the pattern is not one that Python reads alike."""
    found = parts(rule)
    if found is None:
        return None
    try:
        return (_compiled(found[1], found[2]).search(text) is not None) != found[0]
    except (re.error, RecursionError):
        return None


def examples(rule: str, filler: str, guards: Sequence[str] = ()) -> list[str]:
    """Texts that fit, one of FILLERS wherever anything may stand; none where it is too odd.

    Args:
        guards: The `if` patterns around the rule, which must hold as well.
    """
    texts = _made(rule, filler)
    for guard in guards:
        around = _made(guard, filler)
        texts += [f"{one}{two}" for one, two in product(around, texts)]
        texts += [f"{two}{one}" for one, two in product(around, texts[: len(around)])]
    joined = [text.replace("..", ".") for text in texts[: MOST * 4]] if guards else []
    candidates = dict.fromkeys([*texts[: MOST * 4], *joined])
    return [t for t in candidates if t.isprintable() and all(fits(r, t) for r in (rule, *guards))]


def _made(rule: str, filler: str) -> list[str]:
    found = parts(rule)
    if found is None or found[0]:
        return []
    try:
        _compiled(found[1], found[2])
        with warnings.catch_warnings(action="ignore"):
            tree = parser.parse(found[1], found[2])
        return list(islice(_texts(tree, filler), MOST))
    except (re.error, RecursionError, OverflowError):
        return []


def odd(rule: str, guards: Sequence[str] = ()) -> bool:
    """Is it a pattern of which no example can be made? One that is negated fits nearly all."""
    found = parts(rule)
    return found is None or not (found[0] or examples(rule, FILLERS[0], guards))


@cache
def _compiled(source: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """Python warns of what it may read otherwise some day; a table is no program of ours."""
    with warnings.catch_warnings(action="ignore"):
        return re.compile(source, flags)


def _posix_class(match: re.Match[str]) -> str:
    classes = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s"}
    return classes.get(match[1], "a-zA-Z")


def _texts(tree: Iterable[tuple[Any, Any]], filler: str) -> Iterator[str]:
    pieces = [list(islice(_piece(code, argument, filler), MOST)) for code, argument in tree]
    return map("".join, product(*pieces))


def _piece(code: Any, argument: Any, filler: str) -> Iterator[str]:
    """The texts that one part of a pattern stands for."""
    if code is codes.LITERAL:
        yield chr(argument)
    elif code in (codes.ANY, codes.NOT_LITERAL):
        yield filler[0]
    elif code is codes.IN:
        yield next(filter(_holds(argument), [*filler, "a", "-", ".", *_named(argument)]), "")
    elif code is codes.BRANCH:
        for branch in argument[1]:
            yield from _texts(branch, filler)
    elif code is codes.SUBPATTERN:
        yield from _texts(argument[-1], filler)
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, inner = argument
        times = min(max(least, min(most, 1)), LONGEST)
        yield from (text * times for text in _texts(inner, filler))
    else:  # an anchor, or what looks around: whether it fits is asked afterwards
        yield ""


def _named(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for code, argument in items:
        if code is codes.LITERAL:
            yield chr(argument)
        elif code is codes.RANGE:
            yield chr(argument[0])


def _holds(items: list[tuple[Any, Any]]) -> Callable[[str], bool]:
    """Does the character class hold a character?"""
    tests: dict[Any, Callable[[str], bool]] = {
        codes.CATEGORY_DIGIT: str.isdigit,
        codes.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
        codes.CATEGORY_SPACE: str.isspace,
        codes.CATEGORY_NOT_DIGIT: lambda c: not c.isdigit(),
        codes.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
        codes.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    }
    negated = bool(items) and items[0][0] is codes.NEGATE

    def holds(character: str) -> bool:
        found = any(
            (code is codes.LITERAL and argument == ord(character))
            or (code is codes.RANGE and argument[0] <= ord(character) <= argument[1])
            or (code is codes.CATEGORY and argument in tests and tests[argument](character))
            for code, argument in items
        )
        return found != negated

    return holds
