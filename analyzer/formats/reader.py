"""A block of log as tables: which line is of which kind, and what do its columns hold?

Every line is counted once: parsed, ignored, blank or unread.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats import journal_export, json_lines
from analyzer.formats.clock import Turns, turns
from analyzer.formats.cut_lines import mended
from analyzer.formats.headers import who
from analyzer.formats.lines import CLOSE, Lines, cut, eight_bytes, prefix, queue_ids
from analyzer.formats.losses import LOSSES
from analyzer.formats.neighbours import NEIGHBOURS
from analyzer.formats.places import Places
from analyzer.formats.postfix import POSTFIX
from analyzer.formats.sendmail import SENDMAIL
from analyzer.formats.shapes import Dialect, Found, Program, as_text, in_order, read
from analyzer.formats.timekeepers import TIMEKEEPERS
from analyzer.schema import EVENTS, UNREAD

Rows = npt.NDArray[np.intp]
Tags = npt.NDArray[np.int32]

SECOND_HEADER = re.compile(
    rb"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]{8,24}) "
    rb"[^ ]{1,255} [^ \[]{1,64}\[[0-9]{1,10}\]: "
)
LAST_REPEATED = r"^(?:[^ ]+ ){0,2}last message repeated (?P<repeat>[0-9]{1,9}) times?$"
DIALECTS = (POSTFIX, SENDMAIL, *NEIGHBOURS, LOSSES, TIMEKEEPERS)
ASIDE = "(other fields of journal records)"
PARSED, BLANK, FOREIGN, IDLE = 1, -1, -2, -3  # what became of a line; 0 is unread
MAY_BE_EMPTY = {
    "sender"
}  # the null sender; any other empty capture is a field the line does not have


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


def read_syslog(source: str, first_line: int, offset: int, data: bytes) -> Reading:
    """Read whole lines of syslog; *first_line* and *offset* say where in the evidence they are.

    Lines of every mail server in DIALECTS are read, whoever else wrote to the same file, and in
    whatever they are wrapped: a record of the journal counts as the line that it says.
    """
    wrapped = json_lines.unwrap(data) or journal_export.unwrap(data)
    lines = cut(data if wrapped is None else wrapped.data)
    blank = lines.start >= lines.end
    base = _Base(Places(source, first_line, offset, data, lines, wrapped), lines)
    kind = np.zeros(len(lines), np.int16)  # number of the shape from 1; 0 is unread
    kind[blank] = BLANK
    kind[lines.headed & ~base.known] = FOREIGN
    tables: dict[str, list[pa.Table]] = {}
    for number, dialect in base.dialects_met():
        _read_shapes(dialect, number, lines, base, kind, tables)
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
    base: _Base,
    kind: npt.NDArray[np.int16],
    tables: dict[str, list[pa.Table]],
) -> None:
    """Let every shape of a dialect claim its lines; the first that fits keeps them.

    Shapes are asked in the order of how common they are, and only about lines that are left.
    """
    closing = lines.bytes[np.maximum(lines.end - 1, 0)] == ord(")")
    body, first_eight = base.ids.body, base.ids.first_eight
    left = np.flatnonzero(base.written_by(number, frozenset()) & (kind == 0))
    eight, tag = first_eight[left], base.tag_of[left]
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
        end = lines.end[rows] - closing[rows] if shape.closing else lines.end[rows]
        if not shape.complete:  # only its prefix is asked for
            end = np.minimum(end, body[rows] + np.int32(len(shape.prefix)))
        columns, fits = read(shape, lines.pieces(body[rows], end))
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


def _mend(
    lines: Lines, base: _Base, kind: npt.NDArray[np.int16], tables: dict[str, list[pa.Table]]
) -> None:
    """Lines that were cut into pieces are read as when whole, at the place of their first."""
    whole = mended(lines, np.flatnonzero((kind == 0) & lines.headed))
    if whole is None:
        return
    reading = read_syslog(base.places.source, 0, 0, whole.data)
    if len(reading.unread):
        return
    kind[whole.rows] = PARSED
    for name, table in reading.tables.items():
        place = base.places.table(whole.first[table["line"].to_numpy()])
        told = [column for column in table.column_names if column not in place]
        columns = {column: table[column] for column in told}
        tables.setdefault(name, []).append(pa.table({**place, **columns}))


def _last_repeated(
    lines: Lines, base: _Base, kind: npt.NDArray[np.int16], tables: dict[str, list[pa.Table]]
) -> None:
    """`last message repeated 3 times`: syslog's own line, without a program."""
    rows = np.flatnonzero(lines.stamps.present & ~lines.headed & (kind == 0))
    if not rows.size:
        return
    times = pc.extract_regex(lines.pieces(lines.host[rows], lines.end[rows]), LAST_REPEATED)
    fits = times.is_valid().to_numpy(zero_copy_only=False)
    if fits.any():
        kind[rows[fits]] = PARSED
        tables["repeated"] = [
            base.table(rows[fits], {"repeat": times.field("repeat").filter(pa.array(fits))}, None)
        ]


def _glued(lines: Lines) -> Rows:
    """Lines that hold a second syslog header: a lost newline or an injected line looks so."""
    byte = lines.bytes
    close = lines.colons - 1
    close = close[byte[close] == CLOSE]
    close = close[(byte[close - 1] >= 48) & (byte[close - 1] <= 57)]
    row = np.searchsorted(lines.start, close, "right") - 1
    later = close > lines.text[row]
    row, close = row[later], close[later]
    bracketed = np.zeros(
        len(close), np.bool_
    )  # digits alone, back to an opening bracket: a process id, no address
    open_digits = np.ones(len(close), np.bool_)
    for back in range(1, 9):
        before = byte[close - back]
        bracketed |= open_digits & (before == 91) & (back > 1)
        open_digits &= (before >= 48) & (before <= 57)
    suspects = np.unique(row[bracketed])
    return np.array(
        [
            n
            for n in suspects
            if SECOND_HEADER.search(lines.data, int(lines.text[n]), int(lines.end[n]))
        ],
        np.intp,
    )


def _unread(lines: Lines, base: _Base, rows: Rows, glued: Rows) -> pa.Table:
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


class _Base:
    """The columns that every line has: place, time, server, program, process and queue id."""

    def __init__(self, places: Places, lines: Lines) -> None:
        self.places, self.lines = places, lines
        heads = lines.pieces(
            lines.host, np.where(lines.headed, lines.program_end, lines.host)
        ).dictionary_encode()
        self.tag_of = heads.indices.to_numpy()
        split = [who(head) for head in as_text(heads.dictionary).to_pylist()]
        self.tags = pa.array([tag for _, tag in split], pa.string())
        self.hosts = pa.array([host for host, _ in split], pa.string())
        told = [_who(tag) for _, tag in split]
        self.dialects = np.array([n for n, _ in told], np.int16)  # -1: a program we do not read
        self.programs = [program for _, program in told]
        self._told = {
            name: pa.array(
                [getattr(p, name) for p in self.programs], pa.string()
            ).dictionary_encode()
            for name in Program._fields
        }
        self._tags_of: dict[tuple[int, frozenset[str]], npt.NDArray[np.bool_]] = {}
        self.known = (self.dialects >= 0)[self.tag_of] & lines.headed
        self.ids = queue_ids(
            lines, [(self.written_by(n, frozenset()), d.queue_id) for n, d in self.dialects_met()]
        )
        self._id_words = as_text(self.ids.ids.dictionary)
        self._id_numbers = self.ids.ids.indices.to_numpy()

    def dialects_met(self) -> list[tuple[int, Dialect]]:
        """Those whose programs wrote some of the lines, by number."""
        return [(int(n), DIALECTS[n]) for n in np.unique(self.dialects) if n >= 0]

    def tags_of(self, dialect: int, daemons: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Which distinct tags name one of the daemons of a dialect; any of them without names."""
        if (dialect, daemons) not in self._tags_of:  # shapes share few sets of daemons
            named = [not daemons or program.daemon in daemons for program in self.programs]
            self._tags_of[dialect, daemons] = (self.dialects == dialect) & np.array(named, np.bool_)
        return self._tags_of[dialect, daemons]

    def begun(self, tag: Tags, eight: npt.NDArray[np.uint64]) -> dict[bytes, set[str]]:
        """Whose daemons' texts begin with each byte; whose there are at all, with none.

        Args:
            tag: Of some lines, the number of the tag.
            eight: The first bytes of their texts, as an integer.
        """
        begun: dict[bytes, set[str]] = defaultdict(set)
        met = np.bincount(tag.astype(np.int64) * 256 + eight.astype(np.uint8))
        for number in np.flatnonzero(met).tolist():
            daemon = self.programs[number // 256].daemon
            begun[bytes([number % 256])].add(daemon)
            begun[b""].add(daemon)
        return begun

    def written_by(self, dialect: int, daemons: frozenset[str]) -> npt.NDArray[np.bool_]:
        wrote: npt.NDArray[np.bool_] = self.tags_of(dialect, daemons)[self.tag_of]
        return wrote & self.lines.headed

    def count(self, rows: Rows) -> Counter[str]:
        number, times = np.unique(self.tag_of[rows], return_counts=True)
        return Counter(
            {self.tags[int(n)].as_py(): int(t) for n, t in zip(number, times, strict=True)}
        )

    def table(self, rows: Rows, columns: dict[str, pa.Array], mta: str | None) -> pa.Table:
        lines, tag, ids = self.lines, pa.array(self.tag_of[rows]), self.ids
        queue_id = pa.DictionaryArray.from_arrays(
            pa.array(self._id_numbers[rows], mask=~ids.has_id[rows]), self._id_words
        )
        written: dict[str, pa.Array] = {
            "mta": pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(len(rows), np.int32)), pa.array([mta], pa.string())
            ),
            "server": pa.DictionaryArray.from_arrays(tag, self.hosts),
            **{name: self._of_program(name, tag) for name in Program._fields},
            "pid": self._pids(rows),
            "micros": pa.array(lines.stamps.micros[rows]),
            "with_year": pa.array(lines.stamps.with_year[rows]),
            "zoned": pa.array(lines.stamps.zoned[rows]),
            "repeat": pa.array(lines.repeat[rows]),
            "queue_id": queue_id,
        }
        captured = {name: _typed(name, values) for name, values in columns.items()}
        return pa.table({**self.places.table(rows), **written, **captured})

    def _of_program(self, name: str, tag: pa.Array) -> pa.DictionaryArray:
        """What the tags tell; a null is in the indices: Arrow can not unify one in the words."""
        encoded = self._told[name]
        return pa.DictionaryArray.from_arrays(encoded.indices.take(tag), encoded.dictionary)

    def _pids(self, rows: Rows) -> pa.Array:
        """The digits between the brackets before the colon."""
        eight, at = eight_bytes(self.lines.data), self.lines.program_end[rows] + 1
        value, left = np.zeros(len(rows), np.int64), eight[at]
        going = self.lines.headed[rows]
        for place in range(10):
            left = left >> np.uint64(8) if place % 8 else eight[at + place]
            digit = left.astype(np.uint8) - np.uint8(48)  # runs over below 48: no digit either
            going = going & (digit <= 9)
            if not going.any():
                break
            value = np.where(going, value * 10 + digit, value)
        return pa.array(value, mask=value == 0)


def _who(tag: str) -> tuple[int, Program]:
    """The dialect whose program a tag names, by its number; -1 for none."""
    for number, dialect in enumerate(DIALECTS):
        if program := dialect.recognise(tag):
            return number, program
    return -1, Program(None, None, "")


def _typed(name: str, values: pa.Array) -> pa.Array:
    """Captured bytes as the column's declared type; what the line does not have is null.

    What is no column of EVENTS is left as text for the dialect to complete.
    """
    text = as_text(values)
    if name not in MAY_BE_EMPTY:
        text = _null_if_empty(text)
    return text.cast(EVENTS.field(name).type) if name in EVENTS.names else text


def _null_if_empty(text: pa.StringArray) -> pa.StringArray:
    """The same texts, not copied, with null for every empty one."""
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    said = ends[1:] > ends[:-1]
    if said.all():
        return text
    if text.null_count:
        said &= text.is_valid().to_numpy(zero_copy_only=False)
    valid = pa.array(said).buffers()[1]
    return pa.StringArray.from_buffers(len(text), pa.py_buffer(ends), data, valid)
