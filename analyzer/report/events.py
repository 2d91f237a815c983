"""Where are the lines that messages are made of? In `events/`, where a message stays together.

A part holds the queue ids of one hash value, in their order: whoever looks for one id opens one
part, and of that the few rows whose bounds the file names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzer.schema import EVENTS

ROWS_A_PART = 1_000_000  # a part fits in memory many times over
ROWS_A_GROUP = 1 << 14  # what is read at least to find one id


def write_events(events: pa.Table, folder: Path) -> None:
    """Write EVENTS as a dataset parted by a stable hash of (server, instance, queue_id)."""
    parts = max(1, -(-len(events) // ROWS_A_PART))
    order = _by_id(events)
    part = _part(events, parts)[order]
    for number in range(parts):
        inside = folder / "events" / f"part={number}"
        inside.mkdir(parents=True)
        pq.write_table(
            events.take(pa.array(order[part == number])).cast(EVENTS),
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
        pairs = table.group_by(["server", "instance"]).aggregate([])
        names |= {(row["server"], row["instance"] or "") for row in pairs.to_pylist()}
    return sorted(names)


def _part(events: pa.Table, parts: int) -> npt.NDArray[np.uint64]:
    """The part of each row. Each key is hashed once: a message has many lines."""
    if parts == 1:
        return np.zeros(len(events), np.uint64)
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


def _hashed(keys: Sequence[tuple[str, str, str]], parts: int) -> npt.NDArray[np.uint64]:
    return _hash(np.array(["/".join(key) for key in keys], object), parts)


def _hash(keys: npt.NDArray[np.object_], parts: int) -> npt.NDArray[np.uint64]:
    hashed = pd.util.hash_array(keys, categorize=True)
    return np.asarray(hashed % np.uint64(parts), np.uint64)


def _by_id(rows: pa.Table) -> npt.NDArray[np.intp]:
    """The order of the rows by queue id; the lines of one id as they were written."""
    ids = rows["queue_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    rank = np.empty(len(ids.dictionary), np.int64)
    rank[pc.array_sort_indices(ids.dictionary).to_numpy()] = np.arange(len(rank))
    known = ids.indices.is_valid().to_numpy(zero_copy_only=False)
    code = ids.indices.fill_null(0).to_numpy()
    place = np.where(known, rank[code], len(rank)) if len(rank) else np.zeros(len(rows), np.int64)
    return np.argsort(place, kind="stable")
