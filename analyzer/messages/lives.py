"""Which message does a line belong to? A queue id names a message only for a while.

A life is what one queue id meant from the line that began it to the one that ended it. Short ids
are used again, so (server, queue, id) alone would join strangers' mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.homes import at_home
from analyzer.messages.reused import begun
from analyzer.rows import Int32, Int64

Events = dict[str, pa.Table]  # by kind, each with the columns of EVENTS that it has

# Letters: since 8.10 an id holds the second, and comes again after 60 years.
UNIQUE_SENDMAIL_ID = 12
LOGGING = ["mta", "server", "instance", "daemon"]
TEXTS = pa.schema([(name, pa.string()) for name in LOGGING])
QUEUE_OWNERS = {"qmgr", "nqmgr", "oqmgr", "cleanup"}


@dataclass
class Lives:
    """All lives, in the order of (queue, first line), and what finds one.

    `key`: code of (server, queue, id); `begin`, `end`: ranks of its first and last line among all
    events; `order`: that of each rank.
    """

    key: Int64
    begin: Int64
    end: Int64
    queue_id: pa.Array
    server: pa.Array
    mta: pa.Array
    queue: Int64
    ids: pa.Array
    queues: int
    order: Int64

    def __len__(self) -> int:
        return len(self.key)

    def find(self, queue: Int64, queue_id: pa.Array, rank: Int64) -> Int64:
        """The life that each queue id names at a line: the one open there, else the next to begin;
        -1 for none.
        """
        if not len(self) or not len(queue_id):
            return np.full(len(queue_id), -1)
        code = (
            pc.fill_null(pc.index_in(queue_id.cast(pa.string()), self.ids), -1)
            .to_numpy()
            .astype(np.int64)
        )
        key = np.where((code >= 0) & (queue >= 0), code * self.queues + queue, -1)
        events = len(self.order)
        begins = self.key * events + self.begin
        at = np.searchsorted(begins, key * events + rank, "right") - 1
        before = np.maximum(at, 0)
        after = np.minimum(at + 1, len(self) - 1)
        here = (at >= 0) & (self.key[before] == key)
        open_here = here & (self.end[before] >= rank)
        next_fits = (key >= 0) & (self.key[after] == key) & (at + 1 < len(self))
        return np.where(open_here, before, np.where(next_fits, after, np.where(here, before, -1)))


def live(events: Events, of: Queues | None = None) -> tuple[Events, Lives]:
    """Give every event of a queue id its life.

    Args:
        events: By kind; `order` says what came first, over all evidence.
        of: The queues of the whole log, where these are some of its events.

    Returns:
        The events, each table with `rank` (place among all events, int64), `queue` (code of server
        and instance) and `life` (index into the lives; -1 without a queue id); and the lives.
    """
    names = sorted(events)
    if not names:
        empty = np.empty(0, np.int64)
        nothing = pa.array([], pa.string())
        return {}, Lives(empty, empty, empty, nothing, nothing, nothing, empty, nothing, 1, empty)
    lengths = [len(events[name]) for name in names]
    order = np.concatenate([events[name]["order"].to_numpy() for name in names])
    rank = _ranks(order)
    of = of or queues(events)
    code, ids = _ids(events, names)
    time = np.concatenate(
        [events[name]["time"].cast(pa.int64()).fill_null(0).to_numpy() for name in names]
    )
    lines = {"code": code.astype(np.int64), "rank": rank, "time": time}
    queue = _queue_of(events, names, of, lines)
    number = len(of.servers)
    key = np.where(code >= 0, lines["code"] * number + queue, -1)
    kind = np.repeat(np.arange(len(names), dtype=np.int16), lengths)
    unique = np.array([mta == "sendmail" for mta in of.mtas], np.bool_)[queue] & (code >= 0)
    length = pc.utf8_length(ids).to_numpy(zero_copy_only=False)
    unique[unique] = length[code[unique]] >= UNIQUE_SENDMAIL_ID
    life, first, last = _split(key, rank, kind, names, time, unique)
    at = np.cumsum([0, *lengths])
    tables = {
        name: events[name]
        .append_column("rank", pa.array(rank[a:b]))
        .append_column("queue", pa.array(queue[a:b]))
        .append_column("life", pa.array(life[a:b]))
        for name, a, b in zip(names, at[:-1], at[1:], strict=True)
    }
    of_queue = key[first] % number
    lives = Lives(
        key[first],
        rank[first],
        rank[last],
        ids.take(pa.array(key[first] // number)),
        pa.array(of.servers, pa.string()).take(pa.array(of_queue)),
        pa.array(of.mtas, pa.string()).take(pa.array(of_queue)),
        of_queue,
        ids,
        number,
        np.sort(order),
    )
    return tables, lives


def _ranks(order: Int64) -> Int64:
    rank = np.empty(len(order), np.int64)
    rank[np.argsort(order, kind="stable")] = np.arange(len(order))
    return rank


def _ids(events: Events, names: list[str]) -> tuple[Int32, pa.Array]:
    """Code of each event's queue id, -1 without one; and the ids."""
    chunks = [c for name in names for c in events[name]["queue_id"].cast(pa.string()).chunks]
    encoded = pa.chunked_array(chunks, pa.string()).dictionary_encode()
    codes = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in encoded.chunks]
    ids = encoded.chunk(0).dictionary if codes else pa.array([], pa.string())
    return np.concatenate([np.empty(0, np.int32), *codes]), ids


def _split(
    key: Int64,
    rank: Int64,
    kind: npt.NDArray[np.int16],
    names: list[str],
    time: Int64,
    unique: npt.NDArray[np.bool_],
) -> tuple[Int64, Int64, Int64]:
    """Life of each event, and the first and last event of each life; a *unique* id has only one."""
    rows = np.flatnonzero(key >= 0)
    rows = rows[np.argsort(key[rows] * len(key) + rank[rows])]
    k, kinds, times = key[rows], kind[rows], time[rows]
    other = np.concatenate([[True], k[1:] != k[:-1]])[: len(rows)]
    kind_of = {name: kinds == number for number, name in enumerate(names)}
    new = other | (begun(other, times, kind_of) & ~unique[rows])
    number = np.cumsum(new) - 1
    life = np.full(len(key), -1)
    life[rows] = number
    first = np.flatnonzero(new)
    last = np.concatenate([first[1:], [len(rows)]])[: len(first)] - 1
    return life, rows[first], rows[last]


@dataclass(frozen=True)
class Queues:
    """`code`: of each (mta, server, instance) that logs, its queue; of each queue its server and
    mail server software.
    """

    code: dict[tuple[str, str, str], int]
    servers: list[str]
    mtas: list[str]


def queues(events: Events) -> Queues:
    """The queues of a whole log.

    A service may log under a name of its own (`postfix-submission/smtpd`) and still feed the one
    queue of its server: a name that never logs as a queue manager belongs to the only name there
    that does. Where several do, `homes` asks line by line.
    """
    parts = [
        pa.Table.from_batches([chunk.select(LOGGING)]).group_by(LOGGING).aggregate([]).cast(TEXTS)
        for _, chunk in chunks(events)
    ]
    frame = pa.concat_tables([TEXTS.empty_table(), *parts]).to_pandas().fillna("")
    owning = frame["daemon"].isin(QUEUE_OWNERS).groupby([frame[key] for key in LOGGING[:3]]).any()
    owners: dict[tuple[str, str], list[str]] = {}
    logging = [(str(mta), str(server), str(instance)) for mta, server, instance in owning.index]
    for (mta, server, instance), owns in zip(logging, owning, strict=True):
        if owns:
            owners.setdefault((mta, server), []).append(instance)
    queue_of = {}
    for mta, server, instance in logging:
        mine = owners.get((mta, server), [])
        only = len(mine) == 1 and instance not in mine
        queue_of[mta, server, instance] = (mta, server, mine[0] if only else instance)
    codes = {queue: number for number, queue in enumerate(sorted(set(queue_of.values())))}
    code = {name: codes[queue] for name, queue in queue_of.items()}
    return Queues(code, [queue[1] for queue in codes], [queue[0] for queue in codes])


def chunks(events: Events) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The lines of each kind, a chunk at a time: each has dictionaries of its own."""
    for kind in sorted(events):
        for batch in events[kind].to_batches():
            yield kind, batch


def _queue_of(events: Events, names: list[str], of: Queues, lines: dict[str, Int64]) -> Int64:
    """Code of the queue of each event.

    Args:
        lines: What is known of each: `code` of its queue id, `rank`, `time`.
    """
    number, frame = _distinct([[events[name][key] for name in names] for key in LOGGING])
    codes = [of.code[mta, server, instance] for mta, server, instance, _ in frame.to_numpy()]
    queue = np.array(codes, np.int64)[number]
    server, _ = pd.factorize(pd.MultiIndex.from_arrays([of.mtas, of.servers]))
    if len(set(server)) == len(server):
        return queue
    owns = frame[3].isin(QUEUE_OWNERS).to_numpy(np.bool_)
    return at_home(lines | {"queue": queue}, owns[number], server.astype(np.int64))


def _distinct(columns: list[list[pa.ChunkedArray]]) -> tuple[Int64, pd.DataFrame]:
    """The distinct rows of columns that come in parts, and the number of each row's; null is ""."""
    key, found = np.zeros(sum(map(len, columns[0])), np.int64), []
    for parts in columns:
        words: dict[str, int] = {"": 0}
        codes = [coded(chunk, words) for part in parts for chunk in part.chunks]
        key = key * len(words) + np.concatenate(codes)
        found.append(np.array(list(words), object))
    number, keys = pd.factorize(key)
    rows = {}
    for n, texts in reversed([*enumerate(found)]):
        keys, place = np.divmod(keys, len(texts))
        rows[n] = texts[place]
    return number, pd.DataFrame(rows, dtype="str")[[*range(len(found))]]


def coded(chunk: pa.Array, words: dict[str, int]) -> Int32:
    """The place of each value among the words, to which new ones are added."""
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    known = [words.setdefault(word or "", len(words)) for word in encoded.dictionary.to_pylist()]
    indices = pc.fill_null(encoded.indices.cast(pa.int64()), len(known))
    codes: Int32 = np.array([*known, 0], np.int32)[indices.to_numpy()]
    return codes
