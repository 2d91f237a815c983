"""Which rows of a table did Exchange write, and what do they share?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.rows import Flags

KINDS = ("received", "addressed", "readdressed", "delivery")  # in the order of one moment
WHERE = ["server", "queue_id"]
STEPS = 8  # of groups in groups, and forwards of forwards


def of_exchange(events: Events) -> bool:
    """Has Exchange's tracking written any of them?"""
    return any(by_exchange(events[kind]).any() for kind in KINDS if kind in events)


def by_exchange(table: pa.Table) -> Flags:
    """Which of the rows Exchange's tracking wrote."""
    if "mta" not in table.column_names:
        return np.zeros(len(table), np.bool_)
    found = [np.empty(0, np.bool_)]
    for chunk in table["mta"].chunks:
        words = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        is_exchange = np.array(
            [word == "exchange" for word in words.dictionary.to_pylist()] + [False]
        )
        found.append(is_exchange[words.indices.fill_null(-1).to_numpy()])
    return np.concatenate(found)


def read(events: Events, kind: str, columns: list[str]) -> pd.DataFrame:
    """Exchange's events of a kind in their own order, with `row`, their place in the table."""
    if kind not in events:
        return pd.DataFrame(columns=[*columns, "row", "order"])
    table = events[kind].append_column("row", pa.array(np.arange(len(events[kind]))))
    rows = frame({kind: table}, kind, [*columns, "row", "order"])
    return rows[by_exchange(table)].sort_values("order", kind="stable", ignore_index=True)


def text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of text without a dictionary; nulls where the table has none."""
    return (
        table[name].cast(pa.string())
        if name in table.column_names
        else pa.chunked_array([pa.nulls(len(table), pa.string())])
    )


def with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with this column instead of the one of its name, or as a further one."""
    if name not in table.column_names:
        return table.append_column(name, values)
    return table.set_column(table.column_names.index(name), name, values)


def short_name(name: str | None) -> str:
    """A server as Exchange names itself: first label, in capitals."""
    return (name or "").partition(".")[0].upper()


def mail_of(rows: pd.DataFrame) -> pd.Series:
    """What rows of one mail share: its id on all servers, else its id on this one."""
    known = rows["network_message_id"].notna()
    if known.all():
        return rows["network_message_id"]
    here = rows["server"].fillna("") + "/" + rows["queue_id"].fillna("")
    return rows["network_message_id"].where(known, here)
