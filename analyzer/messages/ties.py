"""Which lines may be of one message? Those that one queue id ties, or that name each other's.

What is tied is joined together; what is not can be joined at another time. A tie too many costs
memory, one too few would tear a message apart: every word that a rule of joining compares is a tie,
whoever wrote it. The lines of an SMTP dialogue are no tie, or all mail of a busy filter were one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.hashes import Hashes, hashed
from analyzer.messages.links import ACCEPTED, FORWARDED, QUEUED
from analyzer.messages.lives import Events, chunks
from analyzer.rows import Int32, Int64

Numbers = TypeVar("Numbers", Int64, Hashes)
Coded = tuple[Int32, Hashes]  # of each text the place of its hash, -1 for null; and the hashes

OTHER_IDS = ["new_queue_id", "orig_queue_id"]
MESSAGE_IDS = ["message_id", "reference"]
OF_EXCHANGE = ["network_message_id", "session_id"]  # a line may have one, and no queue id
# What a reply calls the next leg, and the words before or after it: most replies have none.
NAMED = {"forwarded as": FORWARDED, "queued as": QUEUED, "Message accepted": ACCEPTED}


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
    own = [_coded(chunk["queue_id"]) for _, chunk in chunks(events)]
    ids = _distinct(own)
    words = _distinct(_coded(said) for _, chunk in chunks(events) for _, said in _said(chunk))
    node: dict[str, list[Int32]] = {kind: [np.empty(0, np.int32)] for kind in events}
    pairs = [np.empty((0, 2), np.int64)]
    own.reverse()
    for kind, chunk in chunks(events):
        # Its own id first; what was made ready of it is not kept.
        named = [_places(own.pop(), ids), *(_places(told, ids) for told in _names(chunk))]
        first = named[0]
        for other in named[1:]:
            first = np.where(first >= 0, first, other)
        for column, said in _said(chunk):
            mail = _places(_coded(said), words)
            named.append(np.where(mail >= 0, mail + np.int32(len(ids)), np.int32(-1)))
            if column in OF_EXCHANGE:
                first = np.where(first >= 0, first, named[-1])
        node[kind].append(first)
        for other in named:
            both = (first >= 0) & (other >= 0) & (first != other)
            if both.any():
                pairs.append(_pairs(first[both], other[both]))
    number = len(ids) + len(words)
    group = _groups(_pairs(*np.concatenate(pairs).T), number)
    return Ties({kind: _of(group, np.concatenate(of)) for kind, of in node.items()}, number)


def _columns(chunk: pa.RecordBatch, names: list[str]) -> Iterator[tuple[str, pa.Array]]:
    """Those that the chunk has, and not of nulls alone."""
    for name in names:
        if name in chunk.schema.names and chunk[name].null_count < len(chunk):
            yield name, chunk[name]


def _said(chunk: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    """What each line says of mails and sessions that are known by more than a queue id."""
    for name, texts in _columns(chunk, [*MESSAGE_IDS, *OF_EXCHANGE]):
        # The one log writes ids of sessions in capitals, the other does not.
        yield name, pc.utf8_upper(texts.cast(pa.string())) if name == "session_id" else texts


def _names(chunk: pa.RecordBatch) -> Iterator[Coded]:
    """What each line says of other queue ids than its own."""
    yield from (_coded(texts) for _, texts in _columns(chunk, OTHER_IDS))
    for _, replies in _columns(chunk, ["reply"]):
        told = _encoded(replies)
        for words, pattern in NAMED.items():
            there = np.flatnonzero(pc.match_substring(told.dictionary, words))
            if there.size:
                texts = told.dictionary.take(pa.array(there))
                found = pc.extract_regex(texts, pattern.replace("(", "(?P<id>", 1))
                named = pc.is_valid(found)
                code = np.full(len(told.dictionary) + 1, -1, np.int32)
                code[there[named]] = np.arange(pc.sum(named).as_py() or 0)
                yield code[_codes(told)], hashed(pc.struct_field(found.drop_null(), "id"))


def _encoded(texts: pa.Array) -> pa.DictionaryArray:
    words = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    return words.cast(pa.dictionary(pa.int32(), pa.string()))


def _codes(texts: pa.DictionaryArray) -> Int32:
    """Of each text its place in the dictionary, -1 for null."""
    codes: Int32 = texts.indices.fill_null(-1).to_numpy()
    return codes


def _coded(texts: pa.Array) -> Coded:
    words = _encoded(texts)
    return _codes(words), hashed(words.dictionary)


def _distinct(parts: Iterable[Coded]) -> Hashes:
    return once(np.concatenate([np.empty(0, np.uint64), *(hashes for _, hashes in parts)]))


def once(numbers: Numbers) -> Numbers:
    """Each number once, in order: `np.unique` asks a hash table, which is slow for millions."""
    ordered = np.sort(numbers)
    found: Numbers = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return found


def _places(texts: Coded, known: Hashes) -> Int32:
    """The place of each text among those known, -1 for none."""
    codes, hashes = texts
    order, at = np.argsort(hashes), np.empty(len(hashes), np.int32)
    at[order] = np.searchsorted(known, hashes[order])  # in order: else each step misses the cache
    at = np.minimum(at, max(len(known) - 1, 0))
    there = known[at] == hashes if len(known) else np.zeros(len(hashes), np.bool_)
    return np.append(np.where(there, at, np.int32(-1)), np.int32(-1))[codes]


def _pairs(first: npt.NDArray[np.signedinteger], second: npt.NDArray[np.signedinteger]) -> Int64:
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
