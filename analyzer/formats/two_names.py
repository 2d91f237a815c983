"""Which server has two names in the logs, and how much later does a copy of its lines say it is?

A central log names a server as the relay of the lines knows it, by its address perhaps, and may
give a line the time at which it came in. It may know it on two ways, by two names. Queue ids tell:
that half of them stand in both logs, or under both names, within a minute, is no chance.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import plain
from analyzer.formats.stamps import SECOND

Tables = Mapping[str, pa.Table]  # by kind

TELL = ("queued", "received")  # kinds of lines of which each message has one: Postfix, Sendmail
LATEST = 60  # seconds between the two
SOME, SHARE = 5, 0.5  # ids in common; of those of either server in the time of both
PLENTY = 1 << 17  # lines that are compared; of more, some
WHO = ["log", "server"]


def one_name_each(
    logs: Mapping[str, Tables], twice: Collection[str]
) -> tuple[dict[str, dict[str, pa.Table]], dict[str, int], dict[str, int]]:
    """The logs with one name for each server; by server the seconds by which copies of a line
    differ, where they are more than one; and by how many seconds the lines of each log are later
    than in another, all together.

    Args:
        logs: By file, each with `time` instead of the stamps as read.
        twice: Logs that have queue ids of theirs twice.
    """
    pairs = _pairs(logs, twice) if len(logs) > 1 or twice else pd.DataFrame()
    named = {name: dict(tables) for name, tables in logs.items()}
    if not len(pairs):
        return named, {}, {}
    names = _names(pairs)
    if names:
        named = {
            name: {kind: _renamed(table, names) for kind, table in tables.items()}
            for name, tables in named.items()
        }
    server = pd.Series([names.get(name, name) for name in pairs["server"]], pairs.index)
    slack = pairs["apart"].groupby(server).quantile(0.99, "higher")
    late = (
        pairs.groupby("log")["apart"]
        .sum()
        .sub(pairs.groupby("other_log")["apart"].sum(), fill_value=0)
    )
    return (
        named,
        {str(name): int(of) for name, of in slack[slack.gt(1)].items()},
        {name: int(late.get(number, 0)) for number, name in enumerate(logs)},
    )


def _pairs(logs: Mapping[str, Tables], twice: Collection[str]) -> pd.DataFrame:
    """Two lines of two logs, or names in one, about one queue id: `server`, `other` and the seconds
    `apart`; none where the two have few in common.
    """
    lines = pd.concat([pd.DataFrame(columns=["queue_id"]), *_lines(logs)], ignore_index=True)
    if not len(lines):
        return lines
    lines = lines.drop_duplicates([*WHO, "queue_id"]).sort_values(
        ["queue_id", "second", "log"], kind="stable", ignore_index=True
    )
    before = lines.shift()
    apart = lines["second"] - before["second"]
    in_one = lines["log"].isin([number for number, name in enumerate(logs) if name in twice])
    other = lines["log"].ne(before["log"]) | (in_one & lines["server"].ne(before["server"]))
    same = lines["queue_id"].eq(before["queue_id"]) & other
    same &= apart.le(LATEST)
    pairs = lines[same].assign(
        other_log=before["log"], other=before["server"], apart=apart.astype("Int64")
    )
    told = [
        pair
        for who, pair in pairs.groupby([*WHO, "other_log", "other"])
        if len(pair) >= max(SOME, SHARE * _in_the_time_of_both(lines, *who))
    ]
    return pd.concat(told) if told else pairs.iloc[:0]


def _in_the_time_of_both(
    lines: pd.DataFrame, log: Any, server: Any, other_log: Any, other: Any
) -> int:
    """Of the ids of two servers, each in a log, those of the one that has fewer."""
    both = [
        lines.loc[lines["log"].eq(number) & lines["server"].eq(name), "second"]
        for number, name in ((log, server), (other_log, other))
    ]
    first, last = max(of.min() for of in both), min(of.max() for of in both)
    return min(int(of.between(first - LATEST, last + LATEST).sum()) for of in both)


def _lines(logs: Mapping[str, Tables]) -> Iterator[pd.DataFrame]:
    told = [
        (number, tables[kind])
        for number, tables in enumerate(logs.values())
        for kind in TELL
        if kind in tables
    ]
    one_in = sum(len(table) for _, table in told) // PLENTY + 1
    for number, table in told:
        for chunk in table.select(["server", "queue_id", "time"]).to_batches():
            ids = plain(chunk["queue_id"]).to_numpy(zero_copy_only=False)
            some = chunk.filter(pa.array(pd.util.hash_array(ids) % one_in == 0))
            texts = {name: plain(some[name]) for name in ("server", "queue_id")}
            second = pc.divide(some["time"].cast(pa.int64()), SECOND)
            frame = pa.table({**texts, "second": second}).to_pandas()
            yield frame.dropna().assign(log=number)


def _names(pairs: pd.DataFrame) -> dict[str, str]:
    """For each further name of a server the one that stands for it: a host name, not an address."""
    names: dict[str, str] = {}
    known = pairs[["server", "other"]].drop_duplicates().sort_values(["server", "other"])
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
    field = table.schema.field("server")
    chunks = [_with_names(chunk, names) for chunk in table["server"].chunks]
    place = table.schema.get_field_index("server")
    return table.set_column(place, field, pa.chunked_array(chunks, field.type))


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
