"""Which server has two names in the logs, and how much later does a copy of its lines say it is?

A central log names a server as the relay of the lines knows it, by its address perhaps, and may
give a line the time at which it came in. Queue ids tell: that some stand in both logs, within a
minute, is no chance.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from math import ceil, log

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.stamps import SECOND

Tables = Mapping[str, pa.Table]  # by kind

TELL = ("queued", "received")  # kinds of lines of which each message has one: Postfix, Sendmail
LATEST = 60  # seconds between the two
SOME = 5  # ids in common
PLENTY = 1 << 17  # lines that are compared at once; of more, those whose id ends with a figure
EXACT = 1  # second by which the same line may differ wherever it lies: the journal takes its time


def one_name_each(logs: Mapping[str, Tables]) -> tuple[dict[str, dict[str, pa.Table]], int]:
    """The logs with one name for each server; and the seconds by which copies of a line differ.

    Args:
        logs: By file, each with `time` instead of the stamps as read.
    """
    pairs = _pairs(logs) if len(logs) > 1 else pd.DataFrame()
    named = {name: dict(tables) for name, tables in logs.items()}
    if not len(pairs):
        return named, EXACT
    names = _names(pairs)
    if names:
        named = {
            name: {kind: _renamed(table, names) for kind, table in tables.items()}
            for name, tables in named.items()
        }
    return named, max(EXACT, int(pairs["apart"].quantile(0.99, "higher")))


def _pairs(logs: Mapping[str, Tables]) -> pd.DataFrame:
    """Two lines of two logs about one queue id: `server_x`, `server_y` and the seconds `apart`;
    none where there are only some of two servers.
    """
    lines = pd.concat([pd.DataFrame(columns=["queue_id"]), *_lines(logs)], ignore_index=True)
    lines = lines[lines["queue_id"].isin(lines.loc[lines["queue_id"].duplicated(), "queue_id"])]
    lines = lines.drop_duplicates(["log", "server", "queue_id"])
    if not len(lines):
        return lines
    pairs = lines.merge(lines, on="queue_id")
    pairs = pairs[pairs["log_x"] < pairs["log_y"]]
    pairs = pairs.assign(apart=(pairs["second_x"] - pairs["second_y"]).abs())
    pairs = pairs[pairs["apart"] <= LATEST]
    enough = pairs.groupby(["server_x", "server_y"])["apart"].transform("size") >= SOME
    return pairs[enough]


def _lines(logs: Mapping[str, Tables]) -> Iterator[pd.DataFrame]:
    told = {
        number: [tables[kind] for kind in TELL if kind in tables]
        for number, tables in enumerate(logs.values())
    }
    length = sum(map(len, (table for tables in told.values() for table in tables)))
    ending = "7" * max(0, ceil(log(max(length, 1) / PLENTY, 16)))  # the same ids in all logs
    for number, tables in told.items():
        for table in tables:
            for chunk in table.select(["server", "queue_id", "time"]).to_batches():
                some = chunk.filter(pc.ends_with(_plain(chunk["queue_id"]), ending))
                texts = {name: _plain(some[name]) for name in ("server", "queue_id")}
                second = pc.divide(some["time"].cast(pa.int64()), SECOND)
                frame = pa.table({**texts, "second": second}).to_pandas()
                yield frame.dropna().assign(log=number)


def _names(pairs: pd.DataFrame) -> dict[str, str]:
    """For each further name of a server the one that stands for it: a host name, not an address."""
    names: dict[str, str] = {}
    known = pairs[["server_x", "server_y"]].drop_duplicates().sort_values(["server_x", "server_y"])
    for one, other in known.itertuples(index=False, name=None):
        first, *more = sorted({names.get(one, one), names.get(other, other)}, key=_worth)
        for name in more:
            names |= {name: first} | {key: first for key, old in names.items() if old == name}
    return names


def _worth(name: str) -> tuple[bool, int, str]:
    """The shortest name first, as a host mostly calls itself; addresses last."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False, name.count("."), name
    return True, 0, name


def _renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The table with other names of servers; nothing else of it is copied."""
    place = table.schema.get_field_index("server")
    chunks = [_with_names(chunk, names) for chunk in table["server"].chunks]
    return table.set_column(place, table.schema.field(place), pa.chunked_array(chunks))


def _with_names(chunk: pa.Array, names: Mapping[str, str]) -> pa.Array:
    """A chunk of `server`; its numbers of words stay where they are, unless two become one."""
    coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    words = coded.dictionary.to_pylist()
    texts = [names.get(word, word) for word in words]
    distinct = list(dict.fromkeys(texts))
    codes = coded.indices
    if len(distinct) < len(words):
        codes = pc.take(pa.array([distinct.index(text) for text in texts], codes.type), codes)
    renamed = pa.DictionaryArray.from_arrays(codes, pa.array(distinct, pa.string()))
    return renamed if chunk.type == renamed.type else renamed.cast(chunk.type)


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column
