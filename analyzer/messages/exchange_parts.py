"""How are Exchange's rows made ready for joining, where there are more than fit into memory?

Rows that are tied, a part of them at a time: the events are then in files, and may be divided anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from analyzer.messages.exchange import prepared
from analyzer.messages.exchange_order import in_order_of_time
from analyzer.messages.exchange_rows import of_exchange
from analyzer.messages.exchange_unlinked import with_references
from analyzer.messages.lives import Events
from analyzer.messages.parts import Divided
from analyzer.schema import EVENTS
from analyzer.spool import Spool, mapped

Each = Callable[[Callable[[int], Path], Iterable[int]], Iterator[Path]]
KIND = b"kind"


def made_ready(events: Events, number: int, spool: Spool, each: Each) -> Events:
    """The events in order of time, Exchange's own made ready.

    Args:
        number: Of the parts, one of which is in memory at a time.
        each: What makes the parts ready, as `map` does: some of them at once, perhaps.
    """
    if not of_exchange(events):
        return events
    events = with_references(in_order_of_time(events))
    if number == 1:
        return prepared(events)
    log = Divided.of(events, number)

    def at_rest(part: int) -> Path:
        key = f"rows {part} of {number}"
        return spool.keep(key, lambda: ([table] for table in _named(prepared(_own(log, part)))))

    parts: dict[str, list[pa.Table]] = {}
    for path in each(at_rest, range(number)):
        for table in mapped(path):
            kind = table.schema.metadata[KIND].decode()
            parts.setdefault(kind, []).append(table.replace_schema_metadata())
    return {kind: pa.concat_tables(rows, promote_options="default") for kind, rows in parts.items()}


def _own(log: Divided, number: int) -> Events:
    """The lines of a part that are of no other."""
    part = log.part(number)
    assert part.lines is not None
    own = {
        kind: table.filter(pa.array(np.isin(table["order"].to_numpy(), part.lines)))
        for kind, table in part.events.items()
    }
    return {
        kind: table.drop_columns([name for name in ("dialogue",) if name in table.column_names])
        for kind, table in own.items()
        if len(table)
    }


def _named(events: Events) -> Iterator[pa.Table]:
    """Each kind's rows under its name, of the same types in all parts."""
    for kind, table in events.items():
        types = [
            EVENTS.field(field.name).remove_metadata() if field.name in EVENTS.names else field
            for field in table.schema
        ]
        yield table.cast(pa.schema(types, {KIND: kind}))
