"""In which order did Exchange's servers write their rows?

Services and servers log the same mail side by side, in files of their own: rows are put in order of
time, each under the server that logged it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import among
from analyzer.messages.exchange_rows import (
    KINDS,
    by_exchange,
    of_exchange,
    short_name,
    text,
    with_column,
)
from analyzer.messages.lives import Events
from analyzer.rows import Int64


def in_order_of_time(events: Events) -> Events:
    """The events, Exchange's rows under the server that logged them, placed in order of time among
    all (`order`).

    Args:
        events: By kind; of columns of text a chunk at a time is in memory.
    """
    if not of_exchange(events):
        return events
    return _in_order_of_time(_by_servers_of_ours(events))


def _by_servers_of_ours(events: Events) -> Events:
    """Some versions name the logging server of a failure in the other pair of columns."""
    if "received" not in events or "delivery" not in events:
        return events
    received = events["received"]
    ours = pc.unique(received["server"].cast(pa.string()).filter(pa.array(by_exchange(received))))
    parts = [
        _by_server(pa.Table.from_batches([rows]), ours) for rows in events["delivery"].to_batches()
    ]
    mended = pa.concat_tables([events["delivery"].schema.empty_table(), *parts])
    return {**events, "delivery": mended}


def _by_server(table: pa.Table, ours: pa.Array) -> pa.Table:
    server, relay = text(table, "server").to_pandas(), text(table, "relay").to_pandas()
    other = relay.map({name: short_name(name) for name in relay.dropna().unique()})
    wrong = by_exchange(table) & ~among(server, ours) & among(other, ours)
    if not wrong.any():
        return table
    mended = pa.array(server.mask(wrong, other), pa.string()).dictionary_encode()
    table = with_column(table, "server", mended)
    return with_column(table, "relay", pa.array(relay.mask(wrong, server), pa.string()))


def _in_order_of_time(events: Events) -> Events:
    """The places of Exchange's rows among all events, in order of time; no two share one."""
    names = list(events)
    lengths = [len(events[name]) for name in names]
    order = np.concatenate([events[name]["order"].to_numpy() for name in names])
    time = np.concatenate([_micros(events[name]) for name in names])
    mine = np.concatenate([by_exchange(events[name]) for name in names])
    phase = np.repeat(np.array([(*KINDS, name).index(name) for name in names], np.int8), lengths)
    place = np.empty(len(order), np.int64)
    place[np.argsort(order, kind="stable")] = np.arange(len(order))
    rows = np.flatnonzero(mine)
    in_time = rows[np.lexsort([order[rows], phase[rows], time[rows]])]
    place[in_time] = np.sort(place[rows])
    ends = np.cumsum(lengths)
    return {
        name: with_column(events[name], "order", pa.array(place[end - length : end]))
        for name, length, end in zip(names, lengths, ends, strict=True)
    }


def _micros(table: pa.Table) -> Int64:
    micros: Int64 = table["time"].cast(pa.int64()).fill_null(0).to_numpy()
    return micros
