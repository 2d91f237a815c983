"""What does a line say? Shapes of lines, declared as data, read as columns.

A shape claims the lines of some programs that begin with a word. Its fast way cuts a line at fixed
words and reads each part with a small pattern, which RE2 does in one pass while a pattern is
anchored, has at most four captures and says `[^,]*` instead of `.*`. What the fast way refuses
goes to the complete pattern, which also knows quoted local parts and old forms. A line that fits
neither is unread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import pieces

WHOLE = re.compile(r"\^\(\?P<([a-z_]+)>\.\*\)\$")  # a part that is one column needs no pattern

Parts = tuple[tuple["str | Parts", str], ...]
Found = tuple[npt.NDArray[np.intp], dict[str, pa.Array]]  # rows, and what they say
KNOWN = "known"
SAMPLE = 1 << 8  # texts by which it is told how many of all are distinct


@dataclass(frozen=True)
class Shape:
    """One kind of line.

    Args:
        kind: Value of EVENTS.kind.
        meaning: What such a line tells, for docs/formats.md.
        programs: Daemons that write it; empty for any.
        prefix: What the text after the queue id begins with.
        complete: RE2 pattern of the whole text; its group names are columns of EVENTS.
        sample: A line in this shape.
        fast: (pattern, word that ends this part) for each part; the last word is empty. For a
            pattern may stand parts of the part.
        closing: The text ends in a parenthesis that belongs to the line, not to the reply in it.
    """

    kind: str
    meaning: str
    programs: frozenset[str]
    prefix: bytes
    sample: str
    complete: str = ""
    fast: Parts = ()
    closing: bool = False

    @property
    def bearing(self) -> bool:
        """Whether it tells something of a message; other lines are counted as ignored."""
        return self.kind != KNOWN


def known(programs: frozenset[str], prefix: str, sample: str, complete: str = "") -> Shape:
    """A line without bearing on any message."""
    return Shape(KNOWN, "known, without bearing", programs, prefix.encode(), sample, complete)


def read(shape: Shape, texts: pa.BinaryArray) -> tuple[dict[str, pa.Array], npt.NDArray[np.bool_]]:
    """The shape's columns for the texts that fit it, in order, and which texts those are."""
    if not shape.complete:
        return {}, pc.starts_with(texts, shape.prefix).to_numpy(zero_copy_only=False)
    if not shape.fast:
        return _complete(shape, texts)
    columns, fits = _fast(shape.fast, texts)
    if fits.all():
        return columns, fits
    rest = np.flatnonzero(~fits)
    more, more_fit = _complete(shape, texts.take(pa.array(rest)))
    if not more_fit.any():
        return columns, fits
    _, columns = in_order([(np.flatnonzero(fits), columns), (rest[more_fit], more)])
    fits[rest[more_fit]] = True
    return columns, fits


def in_order(found: Sequence[Found]) -> Found:
    """What several ways of reading found, as one, by the number of the row."""
    if len(found) == 1:
        return found[0]
    rows = np.concatenate([rows for rows, _ in found])
    order = np.argsort(rows, kind="stable")
    columns = {}
    for name in dict.fromkeys(name for _, columns in found for name in columns):
        parts = [columns.get(name, pa.nulls(len(rows), pa.binary())) for rows, columns in found]
        columns[name] = pa.concat_arrays(parts).take(pa.array(order))
    return rows[order], columns


def _columns(found: pa.StructArray) -> dict[str, pa.Array]:
    """Captures by name. RE2 gives an empty text for a group that took no part; where an empty value
    means something (the null sender), a group `has_NAME` around the word before tells them apart.
    """
    columns = {field.name: found.field(field.name) for field in found.type}
    for guard in [name for name in columns if name.startswith("has_")]:
        name = guard.removeprefix("has_")
        absent = pc.equal(columns.pop(guard), b"")
        columns[name] = pc.if_else(absent, pa.scalar(None, pa.binary()), columns[name])
    return columns


def _complete(
    shape: Shape, texts: pa.BinaryArray
) -> tuple[dict[str, pa.Array], npt.NDArray[np.bool_]]:
    found = captures(texts, shape.complete)
    fits = found.is_valid().to_numpy(zero_copy_only=False)
    return _columns(found.filter(pa.array(fits))), fits


def _fast(parts: Parts, texts: pa.BinaryArray) -> tuple[dict[str, pa.Array], npt.NDArray[np.bool_]]:
    found, fits = _parts(parts, texts)
    keep = None if fits.all() else pa.array(fits)
    columns: dict[str, pa.Array] = {}
    for part in found:
        columns |= _columns(part if keep is None else part.filter(keep))
    return columns, fits


def _parts(
    parts: Parts, texts: pa.BinaryArray
) -> tuple[list[pa.StructArray], npt.NDArray[np.bool_]]:
    """Cut each text at the words between the parts, and read every part."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[
        texts.offset : texts.offset + len(texts) + 1
    ]
    data = texts.buffers()[2]
    begin, end = offsets[:-1], offsets[1:]
    fits = np.ones(len(texts), np.bool_)
    found: list[pa.StructArray] = []
    rest = texts
    for number, (pattern, word) in enumerate(parts):
        if number:
            rest = pieces(data, begin, end)
        if word:
            at = pc.find_substring(rest, word).to_numpy()
            fits &= at >= 0
            stop = np.where(at >= 0, begin + at, begin).astype(np.int32)
            rest = pieces(data, begin, stop)
            begin = np.where(at >= 0, stop + len(word), end).astype(np.int32)
        if isinstance(pattern, tuple):
            more, more_fit = _parts(pattern, rest)
            found += more
            fits &= more_fit
        elif whole := WHOLE.fullmatch(pattern):
            found.append(pa.StructArray.from_arrays([rest], [whole[1]]))
        elif pattern:
            found.append(captures(rest, pattern))
            fits &= found[-1].is_valid().to_numpy(zero_copy_only=False)
    return found, fits


def captures(texts: pa.BinaryArray, pattern: str) -> pa.StructArray:
    """What the pattern finds in each text; the same words, over and over, are read once."""
    sample = texts.slice(0, SAMPLE)
    if 4 * pc.count_distinct(sample).as_py() > 3 * len(sample):
        return pc.extract_regex(texts, pattern)
    distinct = texts.dictionary_encode()
    return pc.extract_regex(distinct.dictionary, pattern).take(distinct.indices)


def rows_with(word: bytes, texts: pa.Array) -> npt.NDArray[np.intp]:
    """Which texts hold the word: quick where few do."""
    _, offsets, data = texts.buffers()
    if data is None:
        return np.empty(0, np.intp)
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    found = re.finditer(re.escape(word), data)
    at = np.fromiter((match.start() for match in found), np.int64)
    at = at[(at >= ends[0]) & (at < ends[-1])]
    row = np.searchsorted(ends, at, "right") - 1
    return np.unique(row[at + len(word) <= ends[row + 1]])


def as_text(values: pa.Array) -> pa.Array:
    """Bytes as text; a byte that is no UTF-8 becomes a visible \\xNN, so that nothing is lost."""
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array(
            [
                None if value is None else value.decode("utf-8", "backslashreplace")
                for value in values.to_pylist()
            ],
            pa.string(),
        )


def programs(names: str) -> frozenset[str]:
    return frozenset(names.split())


class Program(NamedTuple):
    """Who wrote a line, by the tag of its header."""

    instance: str | None
    service: str | None
    daemon: str


def tagged(daemon: str, tags: str) -> Callable[[str], Program | None]:
    """Recognises the one program whose tag fits the pattern."""
    pattern = re.compile(f"^(?:{tags})$")
    return lambda tag: Program(None, None, daemon) if pattern.match(tag) else None


@dataclass(frozen=True)
class Dialect:
    """The lines of one mail server in syslog.

    Args:
        mta: Value of EVENTS.mta.
        shapes: Asked in this order; the first that fits a line keeps it.
        recognise: The program that a header's tag names; None where it is none of this server's.
        queue_id: RE2 pattern of a queue id; what no text fits where lines begin with none.
        complete: Turns what one shape read into EVENTS columns, where a line holds more than these.
    """

    mta: str
    shapes: tuple[Shape, ...]
    recognise: Callable[[str], Program | None]
    queue_id: str = r"^\n$"
    complete: Callable[[str, pa.Table], pa.Table] = lambda _kind, table: table
