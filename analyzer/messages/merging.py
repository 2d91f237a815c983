"""How do the tables of all parts become one? In order, some rows in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from analyzer.rows import Int64

AT_ONCE = 1 << 17  # rows


def merged(
    tables: Sequence[pa.Table], order: Int64, finished: Callable[[int, pa.Table], pa.Table]
) -> Iterator[pa.Table]:
    """The rows of all tables in this order, some at a time; at least one table.

    Args:
        tables: Each in order; columns may differ in type where one has null alone.
        order: Of each row its place among the rows of all tables, one after the other.
        finished: What to make of some rows of a table, by the table's number.
    """
    schema = _of_all([finished(n, table.slice(0, 0)).schema for n, table in enumerate(tables)])
    begins = np.cumsum([0, *map(len, tables)])
    for begin in range(0, max(len(order), 1), AT_ONCE):
        wanted = order[begin : begin + AT_ONCE]
        there = np.sort(wanted)
        pieces = []
        borders = np.searchsorted(there, begins)
        for number in np.flatnonzero(np.diff(borders)).tolist():
            mine = there[borders[number] : borders[number + 1]] - begins[number]
            rows = tables[number].slice(mine[0], mine[-1] + 1 - mine[0])
            if len(rows) > len(mine):
                rows = rows.take(pa.array(mine - mine[0]))
            pieces.append(finished(number, rows).cast(schema))
        found = pa.concat_tables(pieces or [schema.empty_table()]).combine_chunks()
        same = (wanted[1:] > wanted[:-1]).all()
        yield found if same else found.take(pa.array(np.searchsorted(there, wanted)))


def _of_all(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """A schema that holds the rows of each, as pandas does: null alone as text, and whole numbers
    among which there are nulls as floating ones.
    """
    whole = pa.unify_schemas(schemas, promote_options="permissive")
    with_nulls = {f.name for schema in schemas for f in schema if pa.types.is_null(f.type)}

    def kind(field: pa.Field) -> pa.DataType:
        if pa.types.is_null(field.type):
            return pa.large_string()
        whole_numbers = pa.types.is_integer(field.type) and field.name in with_nulls
        return pa.float64() if whole_numbers else field.type

    return pa.schema([f.with_type(kind(f)) for f in whole], schemas[0].metadata)
