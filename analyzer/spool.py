"""Where do tables lie that memory need not hold? In mapped files: the system lets go of their pages
when memory is short, and reads them again when somebody looks.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from analyzer.errors import EnvironmentTrouble


class Spool:
    """A folder for tables; without one they stay in memory, as they come."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

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


def write(path: Path, runs: Iterable[Iterable[pa.Table]]) -> None:
    """Each run of tables of one schema becomes one table of the file.

    Raises:
        EnvironmentTrouble: the file cannot be written.
    """
    try:
        with path.open("wb") as file:
            for tables in map(iter, runs):
                first = next(tables)
                with pa.ipc.new_stream(file, first.schema) as stream:
                    for table in itertools.chain([first], tables):
                        stream.write_table(table)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise EnvironmentTrouble(
            f"cannot be written: {error.strerror or error}",
            path.parent,
            "Free some space there, or give --case a folder on a larger disk.",
        ) from error


def mapped(path: Path) -> list[pa.Table]:
    """The tables of a file, none of which is in memory.

    Raises:
        pyarrow.ArrowInvalid, OSError: it is not what `write` wrote.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    reader, found = pa.BufferReader(pa.py_buffer(data)), []
    while reader.tell() < reader.size():
        found.append(pa.ipc.open_stream(reader).read_all())
    return found
