"""Where do tables lie that memory need not hold? In mapped files: the system lets go of their pages
when memory is short, and reads them again when somebody looks.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import xxhash

from analyzer.errors import EnvironmentTrouble

SUFFIX = ".kept"  # of files that a later run may take over
AT_ONCE = 1 << 20  # bytes that go to a file together


class Spool:
    """A folder for tables; without one they stay in memory, as they come.

    Args:
        follow: What the tables that it keeps follow from, beside their keys.
    """

    def __init__(self, folder: Path | None, follow: str = "") -> None:
        self.folder, self._follow = folder, follow
        self._begin = hashlib.sha256(follow.encode()).hexdigest()[:16]  # of the names of its files
        self._asked_for: set[Path] = set()

    def following(self, what: str) -> Spool:
        """The same folder, for tables that follow from this. What followed from anything else goes:
        a run of other settings was stopped.
        """
        spool = Spool(self.folder, what)
        for path in self._left(""):
            if not path.name.startswith((self._begin, spool._begin)):
                path.unlink()
        return spool

    def forget(self) -> None:
        """What was kept by a run before, and not asked for in this one, goes."""
        for path in self._left(self._begin):
            if path not in self._asked_for:
                path.unlink()

    def _left(self, begin: str) -> list[Path]:
        return list(self.folder.glob(f"{begin}*{SUFFIX}")) if self.folder else []

    def keep(self, key: str, made: Callable[[], Iterable[Iterable[pa.Table]]]) -> Path:
        """The file with the tables known by a key, for `kept`: taken over from a run that was
        stopped, or made.

        Its name ends with the hash of what is in it: one that was cut short or altered is made
        anew.

        Raises:
            EnvironmentTrouble: the file cannot be written.
        """
        assert self.folder is not None
        name = f"{self._begin}-{hashlib.sha256(key.encode()).hexdigest()}"
        for path in self._left(f"{name}-"):
            if path.stem.rpartition("-")[2] == _hash(path):
                return path
            path.unlink(missing_ok=True)
        half = self.folder / f"{name}.{os.getpid()}.partial"
        write(half, made())
        return half.rename(self.folder / f"{name}-{_hash(half)}{SUFFIX}")

    def kept(self, path: Path) -> list[pa.Table]:
        """The tables of a file, which is not to be forgotten."""
        self._asked_for.add(path)
        return mapped(path)

    def at_rest(self, name: str, tables: Iterable[pa.Table]) -> pa.Table:
        """Tables of one schema as one table; a dictionary is that of its chunk, as it was given.

        The table outlives the folder, and its file is gone with it. Tables are asked for one after
        another: one at a time need be in memory.

        Args:
            name: Of the file, for as long as it is written.

        Raises:
            EnvironmentTrouble: the file cannot be written.
        """
        if self.folder is None:
            return pa.concat_tables(tables)
        path = self.folder / f"{name}.arrow"
        write(path, [tables])
        (table,) = mapped(path)
        with contextlib.suppress(PermissionError):  # where a mapped file keeps its name
            path.unlink()
        return table

    def frame(self, name: str, tables: Iterable[pa.Table]) -> pd.DataFrame:
        """Tables of one schema as one frame, the numbers, times and texts of which lie in files.

        Raises:
            EnvironmentTrouble: a file cannot be written.
        """
        if self.folder is None:
            whole: pd.DataFrame = pa.concat_tables(tables).to_pandas()
            return whole
        numbers = _Numbers(self.folder / name)
        texts = self.at_rest(name, map(numbers.without, tables))
        columns = {
            field.name: numbers.column(field, len(texts))
            if _in_numbers(field.type)
            else texts[field.name]
            for field in numbers.schema
        }
        # An array of its own for each column, or pandas would copy them into one.
        table = pa.table(columns, schema=numbers.schema)
        frame: pd.DataFrame = table.to_pandas(split_blocks=True)
        return frame


class _Numbers:
    """Files with the numbers and times of tables, one behind the other, as pandas holds them; and
    with the numbers of words that have one dictionary in all tables.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.schema = pa.schema([])
        self.words: dict[str, pa.Array] = {}  # of a column that has a dictionary

    def without(self, table: pa.Table) -> pa.Table:
        """The table's other columns; the numbers go to the files."""
        self.schema = table.schema
        names = [field.name for field in table.schema if _in_numbers(field.type)]
        for name in names:
            if pa.types.is_integer(table.schema.field(name).type) and table[name].null_count:
                raise ValueError(f"whole numbers with nulls: {name}")  # they have no such form
        try:
            for name in names:
                with self._file(name).open("ab") as file:
                    self._numbers(name, table[name]).tofile(file)
        except OSError as error:
            raise _full(self.path.parent, error) from error
        return table.drop_columns(names).append_column("", pa.nulls(len(table)))

    def _numbers(self, name: str, column: pa.ChunkedArray) -> npt.NDArray[Any]:
        whole = column.combine_chunks()
        if pa.types.is_dictionary(column.type):
            known = self.words.setdefault(name, whole.dictionary)
            if whole.null_count or not known.equals(whole.dictionary):
                raise ValueError(f"nulls, or words of another dictionary: {name}")
            whole = whole.indices
        found: npt.NDArray[Any] = whole.to_numpy(zero_copy_only=False)
        return found

    def column(self, field: pa.Field, rows: int) -> pa.Array:
        """What was written of a column, mapped."""
        path = self._file(field.name)
        data = _mapped(path)
        with contextlib.suppress(PermissionError):
            path.unlink()
        if not pa.types.is_dictionary(field.type):
            return pa.Array.from_buffers(field.type, rows, [None, data])
        numbers = pa.Array.from_buffers(field.type.index_type, rows, [None, data])
        return pa.DictionaryArray.from_arrays(numbers, self.words[field.name])

    def _file(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{self.schema.get_field_index(name)}.raw")


def _in_numbers(type: pa.DataType) -> bool:
    kinds = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_timestamp,
        pa.types.is_dictionary,
    )
    return any(is_one(type) for is_one in kinds)


def write(path: Path, runs: Iterable[Iterable[pa.Table]]) -> None:
    """Each run of tables of one schema becomes one table of the file.

    Raises:
        EnvironmentTrouble: the file cannot be written.
    """
    try:
        with pa.output_stream(str(path), compression=None, buffer_size=AT_ONCE) as file:
            for tables in map(iter, runs):
                first = next(tables)
                with pa.ipc.new_stream(file, first.schema) as stream:
                    for table in itertools.chain([first], tables):
                        stream.write_table(table)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise _full(path.parent, error) from error


def _hash(path: Path) -> str:
    """Of what a disk may lose: whoever may write there could name a file of his own as well."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def _full(folder: Path, error: OSError) -> Exception:
    """What to tell of it; not every error while a file is written is one of the disk's."""
    if error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE):
        return error
    remedy = "Free some space there, or give --case a folder on a larger disk."
    why = os.strerror(error.errno) if error.errno else error  # Arrow's text is for programmers
    return EnvironmentTrouble(f"cannot be written: {why}", folder, remedy)


def mapped(path: Path) -> list[pa.Table]:
    """The tables of a file, none of which is in memory.

    Raises:
        pyarrow.ArrowInvalid, OSError: it is not what `write` wrote.
    """
    reader, found = pa.BufferReader(_mapped(path)), []
    while reader.tell() < reader.size():
        found.append(pa.ipc.open_stream(reader).read_all())
    return found


def _mapped(path: Path) -> pa.Buffer:
    """What is in the file, which is open no longer: there may be more of them than a process may
    have open.
    """
    if not path.stat().st_size:
        return pa.py_buffer(b"")
    with pa.memory_map(str(path)) as file:
        return file.read_buffer()


IN_MEMORY = Spool(None)
