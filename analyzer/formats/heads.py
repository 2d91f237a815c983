"""What does every line have: place, time, server, program, process and queue id?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.formats.headers import who
from analyzer.formats.lines import Lines, queue_ids
from analyzer.formats.pieces import Rows
from analyzer.formats.places import Places
from analyzer.formats.shapes import Dialect, Program, as_text
from analyzer.schema import EVENTS

Tags = npt.NDArray[np.int32]

# The null sender; any other empty capture is a field the line does not have.
MAY_BE_EMPTY = {"sender"}


class Heads:
    """Place, time, server, program, process and queue id of the lines of a block.

    Args:
        dialects: Asked in this order whose program a tag names.
    """

    def __init__(self, places: Places, lines: Lines, dialects: Sequence[Dialect]) -> None:
        self.places, self.lines, self._dialects = places, lines, dialects
        heads = lines.pieces(
            lines.host, np.where(lines.headed, lines.program_end, lines.host)
        ).dictionary_encode()
        self.tag_of = heads.indices.to_numpy()
        split = [who(head) for head in as_text(heads.dictionary).to_pylist()]
        self.tags = pa.array([tag for _, tag in split], pa.string())
        self.hosts = pa.array([host for host, _ in split], pa.string())
        told = [_who(tag, dialects) for _, tag in split]
        self.dialects = np.array([n for n, _ in told], np.int16)  # -1: a program we do not read
        self.programs = [program for _, program in told]
        words = zip(*self.programs, strict=True) if self.programs else [()] * len(Program._fields)
        self._told = {
            name: pa.array(said, pa.string()).dictionary_encode()
            for name, said in zip(Program._fields, words, strict=True)
        }
        self._tags_of: dict[tuple[int, frozenset[str]], npt.NDArray[np.bool_]] = {}
        self.known = (self.dialects >= 0)[self.tag_of] & lines.headed
        self.ids = queue_ids(
            lines, [(self.written_by(n), d.queue_id) for n, d in self.dialects_met()]
        )
        self._id_words = as_text(self.ids.ids.dictionary)
        self._id_numbers = self.ids.ids.indices.to_numpy()

    def dialects_met(self) -> list[tuple[int, Dialect]]:
        """Those whose programs wrote some of the lines, by number."""
        return [(int(n), self._dialects[n]) for n in np.unique(self.dialects) if n >= 0]

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
        daemons = self._told["daemon"]
        daemon = daemons.indices.to_numpy()[tag].astype(np.int64)
        met = np.flatnonzero(np.bincount(daemon * 256 + eight.astype(np.uint8)))
        for number, byte in zip(*np.divmod(met, 256), strict=True):
            name = daemons.dictionary[number].as_py()
            begun[bytes([byte])].add(name)
            begun[b""].add(name)
        return begun

    def written_by(self, dialect: int) -> npt.NDArray[np.bool_]:
        """Which lines the programs of a dialect wrote."""
        wrote: npt.NDArray[np.bool_] = (self.dialects == dialect)[self.tag_of]
        return wrote & self.lines.headed

    def count(self, rows: Rows) -> Counter[str]:
        number, times = np.unique(self.tag_of[rows], return_counts=True)
        return Counter(
            {self.tags[int(n)].as_py(): int(t) for n, t in zip(number, times, strict=True)}
        )

    def table(self, rows: Rows, columns: dict[str, pa.Array], mta: str | None) -> pa.Table:
        lines, tag, ids = self.lines, pa.array(self.tag_of[rows]), self.ids
        pid = lines.pid[rows]
        queue_id = pa.DictionaryArray.from_arrays(
            pa.array(self._id_numbers[rows], mask=~ids.has_id[rows]), self._id_words
        )
        written: dict[str, pa.Array] = {
            "mta": pa.DictionaryArray.from_arrays(
                pa.array(
                    np.zeros(len(rows), np.int32), mask=None if mta else np.ones(len(rows), bool)
                ),
                pa.array([mta or ""], pa.string()),
            ),
            "server": pa.DictionaryArray.from_arrays(tag, self.hosts),
            **{name: self._of_program(name, tag) for name in Program._fields},
            "pid": pa.array(pid, mask=pid == 0),
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


def _who(tag: str, dialects: Sequence[Dialect]) -> tuple[int, Program]:
    """The dialect whose program a tag names, by its number; -1 for none."""
    for number, dialect in enumerate(dialects):
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
