"""How is a table that lies on disk put in order or under another, without a copy of it in memory?

It is cut into chunks, block by block, and nearly all of them are in order as they were read. (A
search's answer may begin with what was written last.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

STEPS = 10  # from one line to the next of its kind, that tell which way a log runs


def newest_first(tables: Mapping[str, pa.Table]) -> bool:
    """Whether nearly all lines of a log are older than the line of their kind before.

    Args:
        tables: By kind, with `time`, in the order of their lines.
    """
    rising = falling = 0
    for table in tables.values():
        for chunk in table.select(["time"]).to_batches():
            known = chunk["time"].drop_null().cast(pa.int64()).to_numpy()
            steps = np.sign(np.diff(known))
            rising, falling = rising + int((steps > 0).sum()), falling + int((steps < 0).sum())
    return falling > STEPS * rising and falling >= STEPS


def in_order(table: pa.Table, by: str) -> pa.Table:
    """Sorted by a column of numbers; rows of the same number stay as they are. Chunks that are in
    order, and reach into no other, stay where they lie.
    """
    chunks = [chunk for chunk in table.select([by]).to_batches() if len(chunk)]
    numbers = [chunk[by].to_numpy() for chunk in chunks]
    least = np.array([n.min() for n in numbers], np.int64)
    most = np.array([n.max() for n in numbers], np.int64)
    rising = np.array([(n[1:] >= n[:-1]).all() for n in numbers], np.bool_)
    # Cut where all before is less than all from there on.
    apart = np.maximum.accumulate(most)[:-1] <= np.minimum.accumulate(least[::-1])[::-1][1:]
    if rising.all() and apart.all():
        return table
    cuts = [0, *(np.flatnonzero(apart) + 1), len(chunks)]
    ends = np.cumsum([0, *map(len, chunks)])
    parts = []
    for first, end in pairwise(cuts):
        part = table.slice(ends[first], ends[end] - ends[first])
        settled = end - first == 1 and rising[first]
        parts.append(part if settled else part.unify_dictionaries().sort_by(by))
    return pa.concat_tables(parts)


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """One under another; for what a table lacks, the same few nulls stand again and again."""
    if len(tables) == 1:
        return tables[0]
    schema = pa.unify_schemas([table.schema for table in tables])
    return pa.concat_tables([_completed(table, schema) for table in tables])


def _completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    lengths = [len(chunk) for chunk in table.column(0).chunks]
    columns = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        if name in table.column_names and table[name].type == kind:
            columns.append(table[name])
        else:
            nulls = pa.nulls(max(lengths, default=0), kind)
            columns.append(pa.chunked_array([nulls.slice(0, n) for n in lengths], kind))
    return pa.table(columns, schema=schema)
