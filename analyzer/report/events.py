"""Where are the lines that messages are made of? In `events/`, where a message stays together.

A part holds the queue ids of one hash value, in their order: whoever looks for one id opens one
part, and of that the few rows whose bounds the file names.
"""

from __future__ import annotations

import bisect
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzer.schema import EVENTS, fit

ROWS_A_PART = 1 << 17
ROWS_A_GROUP = 1 << 14  # what is read at least to find one id
AT_ONCE = 1 << 15  # lines of one kind that lie in memory together
# Of other columns a dictionary of words makes larger files, more slowly.
WORDS = ["source", "mta", "server", "instance", "service", "daemon", "kind", "status", "dsn"]
BOUNDED = ["time", "queue_id"]  # columns of which the file says between what they lie
QUEUES = "queues"  # where each file names [server, instance] of all queues
PACKED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # batches are small
UNPACKED = pa.ipc.IpcReadOptions(use_threads=False)


def write_events(events: Mapping[str, pa.Table], folder: Path) -> None:
    """Write events as a dataset of EVENTS, parted by a stable hash of (server, instance, queue_id).

    There may be hundreds of parts, and more lines than fit into memory: each line is read once and
    laid beside others of its part, in a file that is gone at the end.

    Args:
        events: By kind, with the columns of EVENTS that the kind has, and `order`: what was written
            first.
    """
    parts = max(1, -(-sum(map(len, events.values())) // ROWS_A_PART))
    place = folder / "events"
    place.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=place) as aside:
        path = f"{aside}/lines.arrow"
        piles, queues = _laid(events, parts, path)
        laid = pa.ipc.open_file(pa.memory_map(path), options=UNPACKED)
        for number in range(parts):
            inside = place / f"part={number}"
            inside.mkdir()
            with _writer(inside / "events.parquet") as file:
                for rows in _in_groups(_of_part(laid, piles, number)):
                    file.write_table(fit(rows, EVENTS), ROWS_A_GROUP)
                file.add_key_value_metadata({QUEUES: json.dumps(queues)})


def _writer(path: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path, EVENTS, compression="zstd", use_dictionary=WORDS, write_statistics=BOUNDED
    )


def read_events(folder: Path, ids: Iterable[tuple[str, str]]) -> pa.Table:
    """The lines of these (server, queue id), as EVENTS, in order of their places."""
    wanted = sorted(set(ids))
    files = sorted((folder / "events").rglob("*.parquet"), key=_number)
    queues = json.loads(pq.read_metadata(files[0]).metadata[QUEUES.encode()]) if files else []
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


def _part(events: pa.Table, parts: int) -> tuple[npt.NDArray[np.uint32], set[tuple[str, str]]]:
    """The part of each row, and the queues. Each key is hashed once: a message has many lines."""
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
    queues = pa.table(names[:2], ["server", "instance"]).group_by(["server", "instance"])
    pairs = {(row["server"], row["instance"]) for row in queues.aggregate([]).to_pylist()}
    return _hash(keys, parts)[key], pairs


def _hashed(keys: Sequence[tuple[str, str, str]], parts: int) -> npt.NDArray[np.uint32]:
    return _hash(np.array(["/".join(key) for key in keys], object), parts)


def _hash(keys: npt.NDArray[np.object_], parts: int) -> npt.NDArray[np.uint32]:
    hashed = pd.util.hash_array(keys, categorize=False)  # they are distinct
    return (hashed % np.uint64(parts)).astype(np.uint32)


def _laid(
    events: Mapping[str, pa.Table], parts: int, path: str
) -> tuple[npt.NDArray[np.int64], list[tuple[str, str]]]:
    """Lay the lines into a file: those of a stretch of time in piles, each a batch.

    Returns:
        The pile of each batch: twice the number of its part, and 1 more where no line has a queue
        id. Such lines may be most of a log, and all of one part: they stay in order of writing. And
        server and instance of each queue.
    """
    piles: list[int] = []
    queues: set[tuple[str, str]] = set()
    names = {name for table in events.values() for name in table.column_names}
    schema = pa.schema([*(f for f in EVENTS if f.name in names | {"kind"}), ("order", pa.int64())])
    with pa.ipc.new_file(path, schema, options=PACKED) as file:
        for rows in _stretches(events, schema):
            part, pairs = _part(rows, parts)
            queues |= pairs
            pile = 2 * part.astype(np.int64) + rows["queue_id"].is_null().to_numpy()
            order = np.lexsort((rows["order"].to_numpy(), pile))
            batch = _taken(rows, order).to_batches()[0]
            numbers, begins = np.unique(pile[order], return_index=True)
            for begin, end in itertools.pairwise([*begins.tolist(), len(rows)]):
                file.write_batch(batch.slice(begin, end - begin))
            piles += numbers.tolist()
    return np.array(piles, np.int64), sorted(queues)


def _stretches(events: Mapping[str, pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Lines that were written one after the other, of each kind a few."""
    orders = {kind: table["order"] for kind, table in events.items() if len(table)}
    begins = dict.fromkeys(orders, 0)
    while left := [kind for kind, begin in begins.items() if begin < len(orders[kind])]:
        ends = [min(begins[kind] + AT_ONCE, len(orders[kind])) for kind in left]
        last = min(orders[kind][end - 1].as_py() for kind, end in zip(left, ends, strict=True))
        parts = []
        for kind in left:
            begin = begins[kind]
            end = bisect.bisect_right(orders[kind], last, begin, key=pa.Int64Scalar.as_py)
            rows = events[kind].slice(begin, end - begin)
            parts.append(fit(rows.append_column("kind", pa.repeat(kind, len(rows))), schema))
            begins[kind] = end
        yield pa.concat_tables(parts)


def _of_part(
    laid: pa.RecordBatchFileReader, piles: npt.NDArray[np.int64], part: int
) -> Iterator[pa.Table]:
    """The lines of a part by queue id, those of one id as they were written; then those without."""
    named, others = (
        map(laid.get_batch, np.flatnonzero(piles == 2 * part + without)) for without in (0, 1)
    )
    yield _by_id(pa.Table.from_batches(named, laid.schema))
    yield from (pa.Table.from_batches([batch]) for batch in others)


def _by_id(rows: pa.Table) -> pa.Table:
    ids = rows["queue_id"].combine_chunks().dictionary_encode()
    rank = np.empty(len(ids.dictionary), np.int64)
    rank[pc.array_sort_indices(ids.dictionary).to_numpy()] = np.arange(len(rank))
    return _taken(rows, np.lexsort((rows["order"].to_numpy(), rank[ids.indices.to_numpy()])))


def _taken(rows: pa.Table, order: npt.NDArray[np.int64]) -> pa.Table:
    """The rows in this order, column by column: never twice in memory as a whole."""
    columns = [column.combine_chunks().take(pa.array(order)) for column in rows.columns]
    return pa.table(columns, schema=rows.schema)


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables that are written as row groups of the same size, but for the last."""
    left = None
    for table in tables:
        rows = pa.concat_tables([left, table]) if left is not None else table
        whole = len(rows) // ROWS_A_GROUP * ROWS_A_GROUP
        left = rows.slice(whole)
        if whole:
            yield rows.slice(0, whole).combine_chunks()
    if left is not None and len(left):
        yield left.combine_chunks()
