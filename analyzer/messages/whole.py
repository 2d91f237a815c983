"""What do all parts of a log tell together? Their tables in order, lives numbered over all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.messages.joining import LIVES, ORDER, Joined
from analyzer.messages.legs import PLACE
from analyzer.messages.merging import merged
from analyzer.rows import Int64
from analyzer.schema import as_in_memory
from analyzer.spool import Spool, mapped

# By what the rows of each table are in order, and which columns number lives.
SORTED = {"rows": ORDER, "messages": ORDER, "attempts": ["order"], "tried": ["order"]}
SORTED["sessions"] = PLACE[:2]
PARTS_AT_ONCE = 4  # of which rows lie near each other
NUMBERED = {"rows": LIVES, "messages": ["life"], "tried": ["life"]}


@dataclass(frozen=True)
class Resting:
    """What a part tells, as of `Joined`, in the files of a spool."""

    tables: dict[str, pa.Table]
    hand_overs: pd.DataFrame
    begins: Int64

    @classmethod
    def of(cls, path: Path) -> Resting:
        """What `at_rest` wrote."""
        *tables, hand_overs, begins = mapped(path)
        of = dict(zip(SORTED, tables, strict=True))
        return cls(of, hand_overs.to_pandas(), begins["begins"].to_numpy())


def at_rest(spool: Spool, key: str, join: Callable[[], Joined]) -> Path:
    """The file with a part, joined now or by a run that was stopped."""
    path = spool.keep(key, lambda: ([table] for table in _tables(join())))
    pa.default_memory_pool().release_unused()
    return path


def _tables(joined: Joined) -> Iterator[pa.Table]:
    for name in (*SORTED, "hand_overs"):
        told = getattr(joined, name)
        if isinstance(told, pd.DataFrame):
            table = pa.Table.from_pandas(told, preserve_index=False)
            told = table.cast(as_in_memory(table.schema))
        yield told
    yield pa.table({"begins": joined.begins})


def together(parts: Sequence[Resting], spool: Spool) -> Joined:
    """All parts as one."""
    begins = np.sort(np.concatenate([part.begins for part in parts]))

    @lru_cache(PARTS_AT_ONCE)
    def lives(number: int) -> Int64:
        """The number over all parts of each life of one, and of none."""
        return np.append(np.searchsorted(begins, parts[number].begins), -1)

    def numbered(name: str, number: int, table: pa.Table) -> pa.Table:
        for column in NUMBERED.get(name, []):
            place = table.schema.get_field_index(column)
            life = lives(number)[table[column].to_numpy()]
            table = table.set_column(place, column, pa.array(life))
        return table

    def one(name: str) -> Iterator[pa.Table]:
        tables = [part.tables[name] for part in parts]
        keys = [_sortable([table[key] for table in tables]) for key in reversed(SORTED[name])]
        return merged(tables, np.lexsort(keys), partial(numbered, name))

    return Joined(
        **{name: spool.frame(name, one(name)) for name in ("rows", "tried")},
        **{name: spool.at_rest(name, one(name)) for name in ("messages", "attempts", "sessions")},
        hand_overs=_stacked([part.hand_overs for part in parts]),
        begins=begins,
    )


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows; a frame without any tells no types."""
    return pd.concat([rows for rows in frames if len(rows)] or frames[:1], ignore_index=True)


def _sortable(columns: Sequence[pa.ChunkedArray]) -> npt.NDArray[Any]:
    """Numbers or times in the order of the values, null last."""
    if not pa.types.is_large_string(columns[0].type) and not pa.types.is_string(columns[0].type):
        return np.concatenate([column.to_numpy() for column in columns])
    chunks = [chunk for column in columns for chunk in column.dictionary_encode().chunks]
    words = sorted({word for chunk in chunks for word in chunk.dictionary.to_pylist()})
    place = {word: number for number, word in enumerate(words)}
    parts = [np.empty(0, np.int32)]
    for chunk in chunks:
        of = np.array([*map(place.get, chunk.dictionary.to_pylist()), len(words)], np.int32)
        parts.append(of[chunk.indices.fill_null(len(of) - 1).to_numpy()])
    return np.concatenate(parts)
