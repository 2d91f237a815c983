"""Which blocks of a log did a run read that was stopped? They are taken over, and not read again.

What a block says follows from the bytes of its log as far as it was read, the log's name and the
program.
What a part of all lines says when it is joined follows from all logs, and what is known beside.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

import analyzer
from analyzer import evidence
from analyzer.formats import Read, Reading, Turns
from analyzer.schema import UNREAD
from analyzer.spool import Spool

COUNTED = ("first_line", "bytes_read", "lines", "parsed", "ignored", "blank")
FEW = 256  # words of a column that are written with each block and kind, used there or not
SCATTERED = 1 << 12  # rows a block: of fewer, what tells where they lie takes more memory than they
ROWS_A_CHUNK = 1 << 16


class Job(NamedTuple):
    """A block to be read: what it is known by, what reads it, and where it lies."""

    key: str
    read: Read
    source: str
    first_line: int
    offset: int


Said = Reading | Path  # where the tables of a reading lie in a file, the path


class Kept:
    """The blocks in the folder of a spool; one that keeps nothing in files keeps no blocks."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._folder = spool, spool.folder

    @property
    def in_files(self) -> bool:
        """Do the tables lie in files?"""
        return self._folder is not None

    def key(self, reader: evidence.Reader, block: evidence.Block) -> str:
        """What the latest block of a log is known by. Its bytes are not hashed once more."""
        if self._folder is None:
            return ""
        at = f"{block.first_line} {block.offset} {len(block.data)}"
        return f"{program()}\n{block.source}\n{at}\n{reader.sha256_so_far}"

    def read(self, job: Job, data: bytes) -> Said:
        """What a block says, in any process: taken over, or read and kept.

        Raises:
            EnvironmentTrouble: it cannot be written.
        """
        read = functools.partial(job.read, job.source, job.first_line, job.offset, data)
        return self._spool.keep(job.key, lambda: _tables(read())) if self._folder else read()

    def mapped(self, said: Said) -> Reading:
        """What was read in any process, in this one."""
        return said if isinstance(said, Reading) else _read(self._spool.kept(said))

    def gathered(self, kind: str, table: pa.Table) -> pa.Table:
        """All lines of a kind, in few chunks where it has few lines in each block."""
        if (
            self._folder is None
            or not len(table)
            or len(table) >= SCATTERED * table.column(0).num_chunks
        ):
            return table
        begins = range(0, len(table), ROWS_A_CHUNK)
        chunks = (table.slice(begin, ROWS_A_CHUNK).combine_chunks() for begin in begins)
        return self._spool.at_rest(kind, chunks)


def logs(read: Sequence[tuple[str, str, int | None]], beside: dict[str, Any]) -> str:
    """What all that is joined follows from: the program, the logs, and what is known beside.

    Args:
        read: Of each piece of evidence its name, the hash of its text, and when it was modified.
    """
    return f"{program()}\n{json.dumps([read, beside], sort_keys=True)}"


@functools.cache
def program() -> str:
    """Who reads: the program, down to its code, which may read a line otherwise tomorrow."""
    made_by = [sys.version, pa.__version__, pd.__version__, np.__version__]
    sha256 = hashlib.sha256(repr(made_by).encode())
    for path in sorted(Path(analyzer.__file__).parent.rglob("*.py")):
        sha256.update(path.read_bytes())
    return f"relaytrail {version('relaytrail')} {sha256.hexdigest()}"


def _tables(reading: Reading) -> list[list[pa.Table]]:
    """A reading as the tables of a file; its counts are metadata of the first, the unread lines."""
    said = {
        **{name: getattr(reading, name) for name in COUNTED},
        "turns": asdict(reading.turns),
        "ignored_by_program": reading.ignored_by_program,
        "kinds": list(reading.tables),
    }
    unread = reading.unread.cast(UNREAD).replace_schema_metadata({"reading": json.dumps(said)})
    return [[unread], *([_lean(table)] for table in reading.tables.values())]


def _lean(table: pa.Table) -> pa.Table:
    """Without words that no row has: all kinds of lines of a block share theirs."""
    for number, name in enumerate(table.column_names):
        column = table[name]
        if not pa.types.is_dictionary(column.type):
            continue
        if name == "queue_id":
            table = table.set_column(number, name, column.cast(pa.string()))
        elif sum(len(chunk.dictionary) for chunk in column.chunks) > FEW:
            table = table.set_column(number, name, column.cast(pa.string()).dictionary_encode())
    return table.combine_chunks()


def _read(kept: list[pa.Table]) -> Reading:
    unread, *tables = kept
    said: dict[str, Any] = json.loads(unread.schema.metadata[b"reading"])
    turns: dict[str, Any] = said["turns"]
    return Reading(
        dict(zip(said["kinds"], tables, strict=True)),
        unread.cast(UNREAD),
        **{name: said[name] for name in COUNTED},
        turns=Turns(**turns | {name: tuple(turns[name]) for name in ("at", "by")}),
        ignored_by_program=Counter(said["ignored_by_program"]),
    )
