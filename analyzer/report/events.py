"""Where are the lines that messages are made of? In `events/`, where a message stays together.

A part holds the queue ids of one hash value, in groups of rows, in their order: whoever looks for
one id opens one part, and of that the one group in whose bounds, which the file names, it lies.
Until a group is written, the lines of each kind lie apart: they have few of the many columns.
"""

from __future__ import annotations

import bisect
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzer.schema import EVENTS, fit

ROWS_A_PART = 1 << 17
ROWS_A_GROUP = 1 << 14  # about what is read to find one id
AT_ONCE = 1 << 16  # lines of one kind that lie in memory together
# Of other columns a dictionary of words makes larger files, more slowly.
WORDS = ["source", "mta", "server", "instance", "service", "daemon", "kind", "status", "dsn"]
BOUNDED = ["time", "queue_id"]  # columns of which the file says between what they lie
WORD = pa.dictionary(pa.int32(), pa.string())
KEY = pa.schema([("server", WORD), ("instance", WORD), ("queue_id", pa.string())])
QUEUES = "queues"  # where each file names [server, instance] of all queues
PACKED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # batches are small
UNPACKED = pa.ipc.IpcReadOptions(use_threads=False)


class Laid(NamedTuple):
    """The lines of one kind, laid beside others of their part."""

    kind: str
    file: pa.RecordBatchFileReader  # with the columns of EVENTS that are not null in all lines
    piles: npt.NDArray[np.int64]  # of each batch: see `_laid`

    def pile(self, number: int) -> Iterator[pa.RecordBatch]:
        """The batches of a pile, in order of writing."""
        return map(self.file.get_batch, np.flatnonzero(self.piles == number))


def write_events(events: Mapping[str, pa.Table], folder: Path) -> None:
    """Write events as a dataset of EVENTS, parted by a stable hash of (server, instance, queue_id).

    There may be hundreds of parts, and more lines than fit into memory: each line is read once and
    laid beside others of its kind and part, in files that are gone at the end.

    Args:
        events: By kind, with the columns of EVENTS that the kind has, and `order`: what was written
            first, ascending.
    """
    parts = max(1, -(-sum(map(len, events.values())) // ROWS_A_PART))
    place = folder / "events"
    place.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=place) as aside:
        laid, queues = _laid(events, parts, aside)
        for number in range(parts):
            inside = place / f"part={number}"
            inside.mkdir()
            named, others = _named(laid, 2 * number), _others(laid, 2 * number + 1)
            with _writer(inside / "events.parquet") as file:
                for rows in itertools.chain(named, others):
                    file.write_table(rows, 2 * ROWS_A_GROUP)
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


def _part(
    stretch: Iterable[pa.Table], parts: int
) -> tuple[npt.NDArray[np.uint32], set[tuple[str, str]]]:
    """The part of each row, and the queues. Each key is hashed once: a message has many lines."""
    rows = pa.concat_tables(table.select(KEY.names).cast(KEY) for table in stretch)
    servers, server = _numbered(rows["server"])
    instances, instance = _numbered(rows["instance"])
    ids, queue_id = _numbered(rows["queue_id"])
    queue, queues = pd.factorize(server * len(instances) + instance)
    key, keys = pd.factorize(queue * len(ids) + queue_id)
    of, names = np.divmod(keys, len(ids))
    first, second = np.divmod(queues, len(instances))
    pairs = servers.take(pa.array(first)), instances.take(pa.array(second))
    texts = [*(words.take(pa.array(of)) for words in pairs), ids.take(pa.array(names))]
    joined = pc.binary_join_element_wise(*texts, "/").to_pandas().to_numpy(object)
    return _hash(joined, parts)[key], set(zip(*(p.to_pylist() for p in pairs), strict=True))


def _numbered(texts: pa.ChunkedArray) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Words, and the number of each row's word. Null is the empty one."""
    column = texts.combine_chunks().dictionary_encode()
    words = pa.concat_arrays([column.dictionary, pa.array([""])])
    return words, pc.fill_null(column.indices, len(words) - 1).to_numpy().astype(np.int64)


def _hashed(keys: Sequence[tuple[str, str, str]], parts: int) -> npt.NDArray[np.uint32]:
    return _hash(np.array(["/".join(key) for key in keys], object), parts)


def _hash(keys: npt.NDArray[np.object_], parts: int) -> npt.NDArray[np.uint32]:
    hashed = pd.util.hash_array(keys, categorize=False)
    return (hashed % np.uint64(parts)).astype(np.uint32)


def _laid(
    events: Mapping[str, pa.Table], parts: int, aside: str
) -> tuple[list[Laid], list[tuple[str, str]]]:
    """Lay the lines of each kind into a file: those of a stretch of time in piles, each a batch.

    The pile of a batch is twice the number of its part, and 1 more where no line has a queue id.
    Such lines may be most of a log, and all of one part: they stay in order of writing.

    Returns:
        The files; and server and instance of each queue.
    """
    piles: dict[str, list[int]] = {kind: [] for kind in events}
    queues: set[tuple[str, str]] = set()
    schemas = {kind: _told(table) for kind, table in events.items()}
    paths = {kind: f"{aside}/{kind}.arrow" for kind in events}
    with ExitStack() as stack:
        files = {
            kind: stack.enter_context(pa.ipc.new_file(path, schemas[kind], options=PACKED))
            for kind, path in paths.items()
        }
        for stretch in _stretches(events):
            part, pairs = _part(stretch.values(), parts)
            queues |= pairs
            ends = np.cumsum([len(rows) for rows in stretch.values()])
            for (kind, rows), mine in zip(stretch.items(), np.split(part, ends), strict=False):
                pile = 2 * mine.astype(np.int64) + rows["queue_id"].is_null().to_numpy()
                order = _ascending(pile)
                batch = _taken(fit(rows, schemas[kind]), order).to_batches()[0]
                numbers, begins = np.unique(pile[order], return_index=True)
                for begin, end in itertools.pairwise([*begins.tolist(), len(rows)]):
                    files[kind].write_batch(batch.slice(begin, end - begin))
                piles[kind] += numbers.tolist()
    laid = [
        Laid(
            kind,
            pa.ipc.open_file(pa.memory_map(paths[kind]), options=UNPACKED),
            np.array(piles[kind], np.int64),
        )
        for kind in sorted(events)
    ]
    return laid, sorted(queues)


def _told(rows: pa.Table) -> pa.Schema:
    """The columns of EVENTS that are not null in all rows, and what parts the rows."""
    names = {name for name in rows.column_names if rows[name].null_count < len(rows)}
    return pa.schema([field for field in EVENTS if field.name in names | {"queue_id"}])


def _stretches(events: Mapping[str, pa.Table]) -> Iterator[dict[str, pa.Table]]:
    """Lines that were written one after the other, of each kind a few."""
    orders = {kind: table["order"] for kind, table in events.items() if len(table)}
    begins = dict.fromkeys(orders, 0)
    while left := [kind for kind, begin in begins.items() if begin < len(orders[kind])]:
        ends = [min(begins[kind] + AT_ONCE, len(orders[kind])) for kind in left]
        last = min(orders[kind][end - 1].as_py() for kind, end in zip(left, ends, strict=True))
        stretch = {}
        for kind in left:
            begin = begins[kind]
            end = bisect.bisect_right(orders[kind], last, begin, key=pa.Int64Scalar.as_py)
            if end > begin:
                stretch[kind] = events[kind].slice(begin, end - begin)
            begins[kind] = end
        yield stretch


def _named(laid: Iterable[Laid], pile: int) -> Iterator[pa.Table]:
    """The lines of a pile in groups of whole queue ids; in a group by kind, then id, as written."""
    read = ((of.kind, pa.Table.from_batches(of.pile(pile), of.file.schema)) for of in laid)
    of_kind = {kind: rows for kind, rows in read if len(rows)}
    if not of_kind:
        return
    ids = pa.concat_tables(rows.select(["queue_id"]) for rows in of_kind.values())["queue_id"]
    words = ids.combine_chunks().dictionary_encode()
    rank = np.empty(len(words.dictionary), np.int64)
    rank[pc.array_sort_indices(words.dictionary).to_numpy()] = np.arange(len(rank))
    ranks = rank[words.indices.to_numpy()]
    group = (np.bincount(ranks).cumsum() - 1) // ROWS_A_GROUP
    firsts = np.flatnonzero(np.diff(group, prepend=-1))  # ids that a group begins with
    slices: list[list[pa.Table]] = [[] for _ in firsts]
    ends = np.cumsum([len(rows) for rows in of_kind.values()])
    for kind, mine in zip([*of_kind], np.split(ranks, ends[:-1]), strict=True):
        order = _ascending(mine)
        rows = _whole(_taken(of_kind.pop(kind), order), kind)
        cuts = [*np.searchsorted(mine[order], firsts).tolist(), len(mine)]
        for some, (begin, end) in zip(slices, itertools.pairwise(cuts), strict=True):
            some.append(rows.slice(begin, end - begin))
    yield from map(pa.concat_tables, slices)


def _others(laid: Iterable[Laid], pile: int) -> Iterator[pa.Table]:
    """The lines of a pile, kind after kind, in tables that are written as one group of rows."""
    left, rows = [], 0
    for of in laid:
        for batch in of.pile(pile):
            left.append(_whole(pa.Table.from_batches([batch]), of.kind))
            rows += len(batch)
            if rows >= ROWS_A_GROUP:
                yield pa.concat_tables(left)
                left, rows = [], 0
    if left:
        yield pa.concat_tables(left)


def _whole(rows: pa.Table, kind: str) -> pa.Table:
    return fit(rows.append_column("kind", pa.repeat(kind, len(rows))), EVENTS)


def _ascending(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where they lie in their order; equal ones as they are. Short numbers are sorted faster."""
    return np.argsort(numbers.astype(np.min_scalar_type(numbers.max())), kind="stable")


def _taken(rows: pa.Table, order: npt.NDArray[np.int64]) -> pa.Table:
    """The rows in this order, column by column: never twice in memory as a whole."""
    columns = [column.combine_chunks().take(pa.array(order)) for column in rows.columns]
    return pa.table(columns, schema=rows.schema)
