"""Which lines are read, and what does each tell? docs/formats.md, derived from the shapes."""

from __future__ import annotations

from types import ModuleType

from analyzer.formats import (
    exchange,
    exchange_2003,
    exchange_headers,
    postfix_bare,
    postfix_unnamed,
    records,
)
from analyzer.formats.postfix_bare import BARE
from analyzer.formats.postfix_unnamed import UNNAMED
from analyzer.formats.reader import DIALECTS
from analyzer.formats.shapes import Dialect, Shape


def as_markdown() -> str:
    """docs/formats.md; a test fails while the committed page differs."""
    lines = [
        "# The lines that are read",
        "",
        "Derived from the shapes in `analyzer/formats/` by `make docs`; do not edit.",
        "The first shape that fits a line keeps it. A line of these programs that no shape fits",
        "is kept whole in `unread.parquet`.",
        "",
    ]
    for dialect in DIALECTS:
        if dialect is UNNAMED:
            lines += _like_postfix("without the name of a daemon", dialect, postfix_unnamed)
        elif dialect is BARE:
            lines += _like_postfix("by the name of a daemon alone", dialect, postfix_bare)
        else:
            lines += _of(dialect)
    return "\n".join([*lines, *_collected(), *_exchange()])


def _like_postfix(how: str, dialect: Dialect, declared_in: ModuleType) -> list[str]:
    """The shapes mean what those of Postfix do."""
    lines = [f"## postfix, {how}", "", *(declared_in.__doc__ or "").splitlines()[2:]]
    return [*lines, "", *(f"    {shape.sample}" for shape in dialect.shapes), ""]


def _collected() -> list[str]:
    """Which fields of a collector's records, and columns of its tables, make a line of these."""
    lines = ["## records of collectors", "", *(records.__doc__ or "").splitlines()[3:], ""]
    lines += ["In any case of letters; a dot leads into a field.", ""]
    lines += ["| what | names, the surest first |", "| --- | --- |"]
    for role, names in records.NAMES.items():
        lines += [f"| {role} | {', '.join(f'`{name}`' for name in names)} |"]
    return [*lines, ""]


def _exchange() -> list[str]:
    """What rows of Exchange are read: by name of column and event, where the others have shapes."""
    lines = ["## exchange", "", *(exchange_headers.__doc__ or "").splitlines()[2:], ""]
    lines += [
        "Columns are known by their names, in any order, and may change within a file. Rows of",
        "other events are counted as ignored, by source and event.",
        "",
    ]
    for name, meanings in (
        ("2007 and later", exchange.MEANINGS),
        ("2000 and 2003", exchange_2003.MEANINGS),
    ):
        lines += [f"### {name}", "", "| event | kind | what it tells |", "| --- | --- | --- |"]
        lines += [f"| {event} | `{m.kind}` | {m.tells} |" for event, m in meanings.items()]
        lines += [""]
    return lines


def _of(dialect: Dialect) -> list[str]:
    telling = [shape for shape in dialect.shapes if shape.bearing]
    idle = [shape for shape in dialect.shapes if not shape.bearing]
    lines = [f"## {dialect.mta}", ""]
    for kind in dict.fromkeys(shape.kind for shape in telling):
        lines += [f"### `{kind}`", ""]
        for shape in telling:
            if shape.kind == kind:
                lines += [f"{_sentence(shape)}", "", f"    {shape.sample}", ""]
    if idle:
        lines += ["### known, without bearing", "", *(f"    {s.sample}" for s in idle), ""]
    return lines


def _sentence(shape: Shape) -> str:
    by = f" (by {', '.join(sorted(shape.programs))})" if shape.programs else ""
    return f"{shape.meaning}{by}:"
