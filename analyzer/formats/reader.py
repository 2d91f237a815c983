"""A block of log as tables: which line is of which kind, and what do its columns hold?

Every line is counted once: parsed, ignored, blank or unread.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import journal_export, json_lines
from analyzer.formats.clock import Turns, turns
from analyzer.formats.cut_lines import mended
from analyzer.formats.heads import Heads
from analyzer.formats.inner_lines import holds_a_program, inner
from analyzer.formats.lines import CLOSE, Lines, cut
from analyzer.formats.losses import LOSSES
from analyzer.formats.neighbours import NEIGHBOURS
from analyzer.formats.pieces import Positions, Rows, prefix
from analyzer.formats.places import Places
from analyzer.formats.postfix import POSTFIX
from analyzer.formats.postfix_bare import BARE
from analyzer.formats.postfix_unnamed import UNNAMED
from analyzer.formats.repeats import LAST_REPEATED
from analyzer.formats.sendmail import SENDMAIL
from analyzer.formats.shapes import Dialect, Found, Shape, in_order, read
from analyzer.formats.timekeepers import TIMEKEEPERS
from analyzer.formats.wrapped import Wrapped, as_written
from analyzer.schema import UNREAD

SECOND_HEADER = re.compile(
    rb"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]{8,24}) "
    rb"[^ ]{1,255} [^ \[]{1,64}\[[0-9]{1,10}\]: "
)
DIALECTS = (POSTFIX, UNNAMED, BARE, SENDMAIL, *NEIGHBOURS, LOSSES, TIMEKEEPERS)
ASIDE = "(fields of records, names of columns)"
PARSED, BLANK, FOREIGN, IDLE = 1, -1, -2, -3  # what became of a line; 0 is unread


@dataclass
class Reading:
    """What one block says.

    `tables`: by kind; the columns of EVENTS that the kind has, but for `time`, which is still
    `micros`, `with_year` and `zoned` (see `analyzer.formats.stamps.Stamps`) until a year is known.
    """

    tables: dict[str, pa.Table]
    unread: pa.Table
    first_line: int
    bytes_read: int  # of the stream, up to the end of this block
    lines: int
    parsed: int
    ignored: int
    blank: int
    turns: Turns
    ignored_by_program: Counter[str] = field(default_factory=Counter)


def read_syslog(
    source: str, first_line: int, offset: int, data: bytes, wrapped: Wrapped | None = None
) -> Reading:
    """Read whole lines of syslog; *first_line* and *offset* say where in the evidence they are.

    Lines of every mail server in DIALECTS are read, whoever else wrote to the same file, and in
    whatever they are wrapped: a record of the journal counts as the line that it says.

    Args:
        wrapped: The lines in it, where what the block alone says does not tell them.
    """
    wrapped = wrapped or json_lines.unwrap(data) or journal_export.unwrap(data)
    wrapped = wrapped or as_written(data)
    lines = cut(data if wrapped is None else wrapped.data)
    blank = lines.start >= lines.end
    places = Places(source, first_line, offset, data, lines, wrapped)
    base = Heads(places, lines, DIALECTS)
    kind = np.zeros(len(lines), np.int16)  # number of the shape from 1; 0 is unread
    kind[blank] = BLANK
    kind[lines.headed & ~base.known] = FOREIGN
    tables: dict[str, list[pa.Table]] = {}
    for number, dialect in base.dialects_met():
        _read_shapes(dialect, number, lines, base, kind, tables)
    _within(lines, base, kind, tables)
    _last_repeated(lines, base, kind, tables)
    _mend(lines, base, kind, tables)
    joined = {name: _as_written(parts) for name, parts in tables.items()}
    glued = _glued(lines)
    if glued.size:
        kind[glued] = 0
        joined = {
            name: table.filter(~np.isin(table["line"], base.places.line(glued)))
            for name, table in joined.items()
        }
    ignored = (kind == FOREIGN) | (kind == IDLE)
    unread = np.flatnonzero(kind == 0)
    by_program = base.count(np.flatnonzero(ignored))
    aside = wrapped.aside if wrapped else 0
    if aside:
        by_program[ASIDE] = aside
    return Reading(
        {name: table for name, table in joined.items() if len(table)},
        _unread(lines, base, unread, glued),
        first_line,
        offset + len(data),
        wrapped.lines if wrapped else len(lines),
        len(lines) - int(ignored.sum()) - int(blank.sum()) - len(unread),
        int(ignored.sum()) + aside,
        int(blank.sum()) + (wrapped.blank if wrapped else 0),
        turns(lines.stamps.micros, lines.stamps.with_year, first_line),
        by_program,
    )


def _as_written(parts: list[pa.Table]) -> pa.Table:
    """Lines of one kind come shape by shape; a block is sorted more quickly than a whole log."""
    table = pa.concat_tables(parts, promote_options="default")
    return table if len(parts) == 1 else table.unify_dictionaries().sort_by("line")


def _read_shapes(
    dialect: Dialect,
    number: int,
    lines: Lines,
    base: Heads,
    kind: npt.NDArray[np.int16],
    tables: dict[str, list[pa.Table]],
) -> None:
    """Let every shape of a dialect claim its lines; the first that fits keeps them.

    Shapes are asked in the order of how common they are, and only about lines that are left.
    """
    left = np.flatnonzero(base.written_by(number) & (kind == 0))
    eight, tag = base.ids.first_eight[left], base.tag_of[left]
    begun = base.begun(tag, eight)
    found: dict[str, list[Found]] = {}
    for shape in dialect.shapes:
        writers = begun[shape.prefix[:1]]
        if not (shape.programs & writers if shape.programs else writers):
            continue
        value, mask = prefix(shape.prefix)
        wrote = base.tags_of(number, shape.programs)
        asked = np.flatnonzero(((eight & mask) == value) & wrote[tag])
        if not asked.size:
            continue
        rows = left[asked]
        columns, fits = read(shape, _texts(shape, lines, base.ids.body, rows))
        rows = rows[fits]
        kind[rows] = PARSED if shape.bearing else IDLE
        if shape.bearing and rows.size:
            found.setdefault(shape.kind, []).append((rows, columns))
        unclaimed = np.ones(len(left), np.bool_)
        unclaimed[asked[fits]] = False
        left, eight, tag = left[unclaimed], eight[unclaimed], tag[unclaimed]
    for name, parts in found.items():
        table = base.table(*in_order(parts), dialect.mta)
        tables.setdefault(name, []).append(dialect.complete(name, table))


def _texts(shape: Shape, lines: Lines, body: Positions, rows: Rows) -> pa.BinaryArray:
    """What of the lines a shape has to see."""
    begin, end = body[rows], lines.end[rows]
    if shape.closing:
        end = end - (lines.bytes[np.maximum(end - 1, 0)] == ord(")"))
    if not shape.complete:
        end = np.minimum(end, begin + np.int32(len(shape.prefix)))
    return lines.pieces(begin, end)


def _mend(
    lines: Lines, base: Heads, kind: npt.NDArray[np.int16], tables: dict[str, list[pa.Table]]
) -> None:
    """Lines that were cut into pieces are read as when whole, at the place of their first."""
    whole = mended(lines, np.flatnonzero((kind == 0) & lines.headed))
    if whole is None:
        return
    reading = read_syslog(base.places.source, 0, 0, whole.data)
    unread = whole.first[reading.unread["line"].to_numpy()]
    kind[whole.rows[~np.isin(whole.of, unread)]] = PARSED
    _take(reading, whole.first, base, tables)


def _within(
    lines: Lines, base: Heads, kind: npt.NDArray[np.int16], tables: dict[str, list[pa.Table]]
) -> None:
    """Lines behind another header are read at the place of the line that holds them; what looks
    like one, and can not be told from a stranger's text, is unread.
    """
    foreign = np.flatnonzero(kind == FOREIGN)
    kind[foreign[holds_a_program(lines, foreign)]] = 0
    headless = np.flatnonzero(lines.stamps.present & ~lines.headed & (kind == 0))
    asked = np.sort(np.concatenate([foreign, headless]))
    found = inner(lines, asked) if asked.size else None
    if found is None:
        return
    reading = read_syslog(base.places.source, 0, 0, found.data)
    kind[found.rows[reading.unread["line"].to_numpy()]] = 0
    for table in reading.tables.values():
        kind[found.rows[table["line"].to_numpy()]] = PARSED
    _take(reading, found.rows, base, tables)


def _take(reading: Reading, rows: Rows, base: Heads, tables: dict[str, list[pa.Table]]) -> None:
    """What was read of lines made anew, one of each row, at the place of these rows."""
    for name, table in reading.tables.items():
        place = base.places.table(rows[table["line"].to_numpy()])
        told = [column for column in table.column_names if column not in place]
        columns = {column: table[column] for column in told}
        tables.setdefault(name, []).append(pa.table({**place, **columns}))


def _last_repeated(
    lines: Lines, base: Heads, kind: npt.NDArray[np.int16], tables: dict[str, list[pa.Table]]
) -> None:
    """`last message repeated 3 times`: syslog's own line, without a program."""
    rows = np.flatnonzero(lines.stamps.present & ~lines.headed & (kind == 0))
    if not rows.size:
        return
    times = pc.extract_regex(lines.pieces(lines.host[rows], lines.end[rows]), LAST_REPEATED)
    fits = times.is_valid().to_numpy(zero_copy_only=False)
    if fits.any():
        kind[rows[fits]] = PARSED
        told = {"repeat": times.field("repeat").filter(pa.array(fits))}
        tables.setdefault("repeated", []).append(base.table(rows[fits], told, None))


def _glued(lines: Lines) -> Rows:
    """Lines that hold a second syslog header: a lost newline or an injected line looks so."""
    byte = lines.bytes
    close = lines.colons - 1
    close = close[byte[close] == CLOSE]
    close = close[(byte[close - 1] >= 48) & (byte[close - 1] <= 57)]
    row = np.searchsorted(lines.start, close, "right") - 1
    later = close > lines.text[row]
    row, close = row[later], close[later]
    # Digits alone, back to an opening bracket: a process id, no address.
    bracketed = np.zeros(len(close), np.bool_)
    open_digits = np.ones(len(close), np.bool_)
    for back in range(1, 9):
        before = byte[close - back]
        bracketed |= open_digits & (before == 91) & (back > 1)
        open_digits &= (before >= 48) & (before <= 57)
    suspects = np.unique(row[bracketed])
    ends = zip(lines.text[suspects].tolist(), lines.end[suspects].tolist(), strict=True)
    holds = [bool(SECOND_HEADER.search(lines.data, begin, end)) for begin, end in ends]
    glued: Rows = suspects[np.array(holds, np.bool_)]
    return glued


def _unread(lines: Lines, base: Heads, rows: Rows, glued: Rows) -> pa.Table:
    headed = lines.headed[rows]
    note = np.where(
        np.isin(rows, glued), "glued", np.where(headed, "no shape fits", "no syslog header")
    )
    table = pa.table(
        {
            **base.places.table(rows),
            "program": base.tags.take(pa.array(base.tag_of[rows], mask=~headed)).cast(pa.string()),
            "note": pa.array(note, pa.string()),
            "text": base.places.text(rows),
        }
    )
    return table.select(UNREAD.names)
