"""What do lines say in the order they were written, whatever their kind, with few in memory?

The tables of a log lie on disk, as chunks that each hold the lines of one kind in one block. What
looks at a whole log is given a hundred thousand lines or so at a time, and keeps what it must of
those before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.formats.pieces import Rows

Codes = npt.NDArray[np.int32]

LINES_AT_A_TIME = 1 << 17  # numbers of lines; at some 100 bytes each while they are looked at
COLUMNS = ["server", "line", "offset", "time"]


def in_turn(tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The lines of each server: first those of all servers among the first lines of the file, then
    the next. Each time with `line`, `offset` and `time` (microseconds of UTC), in order of line.

    Lines without a time or server are left out.
    """
    chunks = [
        chunk
        for table in tables.values()
        for chunk in table.select(COLUMNS).to_batches()
        if len(chunk)
    ]
    names: dict[str, int] = {}
    for _, met in by_line(chunks):
        parts = [_some(chunks[number], rows, names) for number, rows in met]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
        lines = pd.DataFrame(columns).sort_values("line", kind="stable")
        for code, rows in lines.groupby("server", sort=False):
            yield list(names)[int(str(code))], rows.drop(columns="server")


def by_line(chunks: Sequence[pa.RecordBatch]) -> Iterator[tuple[int, list[tuple[int, Rows]]]]:
    """The number of the last of the first lines of a file, and which rows of which chunks are among
    them; then of the next lines.
    """
    lines = [chunk["line"].to_numpy() for chunk in chunks]
    first = np.array([line.min() for line in lines], np.int64)
    last = np.array([line.max() for line in lines], np.int64)
    for begin in range(first.min(initial=1), last.max(initial=0) + 1, LINES_AT_A_TIME):
        end = begin + LINES_AT_A_TIME
        asked = np.flatnonzero((first < end) & (last >= begin))
        met = [(int(n), np.flatnonzero((lines[n] >= begin) & (lines[n] < end))) for n in asked]
        if met:
            yield end - 1, met


def servers(chunk: pa.RecordBatch, names: dict[str, int]) -> Codes:
    """The number of each line's server, by the names, to which new ones are added; -1: none."""
    column = chunk["server"]
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    told = coded.dictionary.to_pylist()
    known = [-1 if name is None else names.setdefault(name, len(names)) for name in told]
    where = coded.indices.fill_null(len(told)).to_numpy()
    codes: Codes = np.array([*known, -1], np.int32)[where]
    return codes


def some(chunk: pa.RecordBatch, rows: Rows) -> pa.RecordBatch:
    return chunk if len(rows) == len(chunk) else chunk.take(pa.array(rows))


def _some(chunk: pa.RecordBatch, rows: Rows, names: dict[str, int]) -> dict[str, npt.NDArray[Any]]:
    chunk = some(chunk, rows)
    server = servers(chunk, names)
    known = (server >= 0) & chunk["time"].is_valid().to_numpy(zero_copy_only=False)
    micros = chunk["time"].cast(pa.int64()).fill_null(0)
    table = {
        "server": server,
        "line": chunk["line"].to_numpy(),
        "offset": chunk["offset"].to_numpy(),
        "time": micros.to_numpy(),
    }
    return {name: column[known] for name, column in table.items()}
