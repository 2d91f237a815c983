"""Which lines may be of one message? Those that one queue id ties, or that name each other's.

What is tied is joined together; what is not can be joined at another time. A tie too many costs
memory, one too few would tear a message apart: every word that a rule of joining compares is a tie,
whoever wrote it. The lines of an SMTP dialogue are no tie, or all mail of a busy filter were one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.links import ACCEPTED, FORWARDED, QUEUED
from analyzer.messages.lives import Events, chunks

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Numbers = TypeVar("Numbers", Int64, Hashes)

IDS = ["queue_id", "new_queue_id", "orig_queue_id"]
MESSAGE_IDS = ["message_id", "reference"]
OF_EXCHANGE = ["network_message_id", "session_id"]  # a line may have one, and no queue id
NAMED = [FORWARDED, QUEUED, ACCEPTED]  # what a reply calls the next leg


@dataclass(frozen=True)
class Ties:
    """`of`: the number of each line's group of tied lines, by kind, -1 for none; `groups`: how
    many there are.
    """

    of: dict[str, Int32]
    groups: int


def tied(events: Events) -> Ties:
    """The groups of lines that must be joined together.

    Args:
        events: By kind; of each column of text a chunk at a time is in memory.
    """
    ids = _distinct(_hashes(chunk["queue_id"]) for _, chunk in chunks(events))
    words = _distinct(_hashes(texts) for _, chunk in chunks(events) for _, texts in _words(chunk))
    node: dict[str, list[Int32]] = {kind: [np.empty(0, np.int32)] for kind in events}
    pairs = [np.empty((0, 2), np.int64)]
    for kind, chunk in chunks(events):
        named = [_places(texts, ids) for texts in _names(chunk)]
        first = named[0]
        for other in named[1:]:
            first = np.where(first >= 0, first, other)
        for column, texts in _words(chunk):
            place = _places(texts, words)
            named.append(np.where(place >= 0, place + len(ids), -1))
            if column in OF_EXCHANGE:
                first = np.where(first >= 0, first, named[-1])
        node[kind].append(first.astype(np.int32))
        for other in named:
            both = (first >= 0) & (other >= 0) & (first != other)
            if both.any():
                pairs.append(_pairs(first[both], other[both]))
    number = len(ids) + len(words)
    group = _groups(_pairs(*np.concatenate(pairs).T), number)
    return Ties({kind: _of(group, np.concatenate(of)) for kind, of in node.items()}, number)


def _columns(chunk: pa.RecordBatch) -> list[str]:
    names: list[str] = chunk.schema.names
    return names


def _names(chunk: pa.RecordBatch) -> Iterator[pa.Array]:
    """What each line says of queue ids, its own first."""
    for column in IDS:
        if column in _columns(chunk):
            yield chunk[column]
    if "reply" in _columns(chunk):
        reply = chunk["reply"].cast(pa.string())
        for pattern in NAMED:
            found = pc.extract_regex(reply, pattern.replace("(", "(?P<id>", 1))
            yield pc.struct_field(found, "id")


def _words(chunk: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    """What each line says of mails and sessions that are known by more than a queue id."""
    for column in (*MESSAGE_IDS, *OF_EXCHANGE):
        if column in _columns(chunk):
            # The one log writes ids of sessions in capitals, the other does not.
            small = column == "session_id"
            yield column, pc.utf8_upper(chunk[column].cast(pa.string())) if small else chunk[column]


def _hashes(texts: pa.Array) -> Hashes:
    """A number for each different text. Two texts with one number are tied, which harms nothing."""
    words = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    return _hashed(words.dictionary)


def _hashed(words: pa.Array) -> Hashes:
    texts = words.fill_null("").to_numpy(zero_copy_only=False)
    numbers: Hashes = pd.util.hash_array(texts, categorize=False)
    return numbers


def _distinct(parts: Iterator[Hashes]) -> Hashes:
    return once(np.concatenate([np.empty(0, np.uint64), *parts]))


def once(numbers: Numbers) -> Numbers:
    """Each number once, in order: `np.unique` asks a hash table, which is slow for millions."""
    ordered = np.sort(numbers)
    found: Numbers = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return found


def _places(texts: pa.Array, known: Hashes) -> Int64:
    """The place of each text among those known, -1 for none."""
    words = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    hashed = _hashed(words.dictionary)
    order, at = np.argsort(hashed), np.empty(len(hashed), np.int64)
    at[order] = np.searchsorted(known, hashed[order])  # in order: else each step misses the cache
    at = np.minimum(at, max(len(known) - 1, 0))
    there = known[at] == hashed if len(known) else np.zeros(len(hashed), np.bool_)
    place = np.append(np.where(there, at, -1), -1)
    rows: Int64 = place[words.indices.fill_null(len(hashed)).to_numpy()]
    return rows


def _pairs(first: Int64, second: Int64) -> Int64:
    """Pairs, each once, the smaller number first."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    key = once((low.astype(np.uint64) << np.uint64(32)) | high.astype(np.uint64))
    return np.stack([key >> np.uint64(32), key & np.uint64(0xFFFFFFFF)], axis=1).astype(np.int64)


def _groups(pairs: Int64, number: int) -> Int32:
    """The least number of each one's group, of so many that the pairs tie."""
    group = np.arange(number, dtype=np.int32)
    first, second = pairs.T.astype(np.int32)
    while True:
        a, b = group[first], group[second]
        apart = a != b
        if not apart.any():
            return group
        first, second, a, b = first[apart], second[apart], a[apart], b[apart]
        np.minimum.at(group, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(further := group[group], group):
            group = further


def _of(group: Int32, node: Int32) -> Int32:
    return np.where(node >= 0, group[np.maximum(node, 0)], np.int32(-1)) if len(group) else node
