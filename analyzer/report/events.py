"""Where are the lines that messages are made of? In `events/`, where a message stays together.

A part holds the queue ids of one hash value, in their order: whoever looks for one id opens one
part, and of that the few rows whose bounds the file names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzer.schema import EVENTS, fit

ROWS_A_PART = 1 << 17  # what lies in memory at once while a case is written
ROWS_A_GROUP = 1 << 14  # what is read at least to find one id


def write_events(events: Mapping[str, pa.Table], folder: Path) -> None:
    """Write events as a dataset of EVENTS, parted by a stable hash of (server, instance, queue_id).

    Args:
        events: By kind, with the columns of EVENTS that the kind has, and `order`: what was written
            first.
    """
    parts = max(1, -(-sum(map(len, events.values())) // ROWS_A_PART))
    part = {kind: _part(table, parts) for kind, table in events.items()}
    for number in range(parts):
        inside = folder / "events" / f"part={number}"
        inside.mkdir(parents=True)
        pq.write_table(
            _by_id([_of(table, kind, part[kind] == number) for kind, table in events.items()]),
            inside / "events.parquet",
            compression="zstd",
            row_group_size=ROWS_A_GROUP,
        )


def read_events(folder: Path, ids: Iterable[tuple[str, str]]) -> pa.Table:
    """The lines of these (server, queue id), as EVENTS, in order of their places."""
    wanted = sorted(set(ids))
    files = sorted((folder / "events").rglob("*.parquet"), key=_number)
    queues = _queues(files)
    found = [EVENTS.empty_table()]
    of_part: dict[int, set[str]] = {}
    for server, queue_id in wanted:
        keys = [(server, instance, queue_id) for of, instance in queues if of == server]
        for number in _hashed(keys, len(files)):
            of_part.setdefault(int(number), set()).add(queue_id)
    for number, asked in sorted(of_part.items()):
        lowest, highest = min(asked), max(asked)
        field = pc.field("queue_id")
        bounds = (field >= lowest) & (field <= highest)
        exact = field.isin(sorted(asked)) if len(asked) > 1 else field == lowest
        found.append(ds.dataset(files[number]).to_table(filter=bounds & exact).cast(EVENTS))
    table = pa.concat_tables(found)
    mine = pd.MultiIndex.from_arrays(
        [table["server"].to_pandas(), table["queue_id"].to_pandas()]
    ).isin(wanted)
    return table.filter(pa.array(mine)).sort_by([("source", "ascending"), ("line", "ascending")])


def _number(path: Path) -> int:
    return int(path.parent.name.removeprefix("part="))


def _queues(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Server and instance of all queues: every part holds some ids of each that is not tiny."""
    names: set[tuple[str, str]] = set()
    for path in files[:2]:
        table = pq.read_table(
            path, columns=["server", "instance"], read_dictionary=["server", "instance"]
        )
        pairs = table.unify_dictionaries().group_by(["server", "instance"]).aggregate([])
        names |= {(row["server"], row["instance"] or "") for row in pairs.to_pylist()}
    return sorted(names)


def _part(events: pa.Table, parts: int) -> npt.NDArray[np.uint32]:
    """The part of each row. Each key is hashed once: a message has many lines."""
    if parts == 1:
        return np.zeros(len(events), np.uint32)
    key, words = np.zeros(len(events), np.int64), []
    for name in ("server", "instance", "queue_id"):
        texts = pc.fill_null(events[name].cast(pa.string()), "").combine_chunks()
        column = texts.dictionary_encode()
        words.append((column.dictionary, column.indices))
        key, _ = pd.factorize(key * len(column.dictionary) + column.indices.to_numpy())
    _, first = np.unique(key, return_index=True)
    rows = pa.array(first)
    names = [dictionary.take(indices.take(rows)) for dictionary, indices in words]
    keys = pc.binary_join_element_wise(*names, "/").to_pandas().to_numpy(object)
    return _hash(keys, parts)[key]


def _hashed(keys: Sequence[tuple[str, str, str]], parts: int) -> npt.NDArray[np.uint32]:
    return _hash(np.array(["/".join(key) for key in keys], object), parts)


def _hash(keys: npt.NDArray[np.object_], parts: int) -> npt.NDArray[np.uint32]:
    hashed = pd.util.hash_array(keys, categorize=False)  # they are distinct
    return (hashed % np.uint64(parts)).astype(np.uint32)


def _of(events: pa.Table, kind: str, which: npt.NDArray[np.bool_]) -> pa.Table:
    """Some events of one kind, with it: what they have of EVENTS, and `order`."""
    rows = events if which.all() else events.filter(pa.array(which))
    plain = {name: _plain(rows[name]) for name in rows.column_names}
    return pa.table({**plain, "kind": pa.repeat(pa.scalar(kind), len(rows))})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    of_words = pa.types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if of_words else column


def _by_id(parts: Sequence[pa.Table]) -> pa.Table:
    """All rows by queue id; the lines of one id as they were written."""
    rows = pa.concat_tables([EVENTS.empty_table(), *parts], promote_options="default")
    rows = rows.combine_chunks()
    ids = rows["queue_id"].combine_chunks().dictionary_encode()
    rank = np.empty(len(ids.dictionary) + 1, np.int64)
    rank[pc.array_sort_indices(ids.dictionary).to_numpy()] = np.arange(len(ids.dictionary))
    rank[-1] = len(ids.dictionary)  # without an id: at the end
    place = rank[ids.indices.fill_null(len(ids.dictionary)).to_numpy()]
    order = np.lexsort((rows["order"].to_numpy(), place))
    return fit(rows.take(pa.array(order)), EVENTS)
