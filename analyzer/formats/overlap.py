"""Which lines of one log stand in another log too, and must not count twice?

A copy of yesterday and today's longer file, a file that begins in the middle of another, the same
lines from the journal and from a file: two rows are the same line if they say the same in every
column, in the same second or, where nothing fits better, in the next. Within one log nothing is
ever the same: two connects in one second are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.stamps import MISSING, SECOND

Int64 = npt.NDArray[np.int64]
Tables = dict[str, pa.Table]  # by kind
Span = tuple[int, int]  # seconds since 1970

PLACE = {"source", "line", "offset", "time", "second"}  # what is compared otherwise, or may differ


def once(
    logs: dict[str, Tables], names: Sequence[str]
) -> tuple[dict[str, Tables], dict[str, Counter[str]]]:
    """The logs without rows that a log before them has; and for each log how many, by that log.

    Args:
        logs: Each with `time` instead of the stamps as read.
        names: Of the logs; the first that has a line keeps it.
    """
    shared = _shared_spans(logs, names) if len(names) > 1 else {}
    kept = {name: dict(tables) for name, tables in logs.items()}
    told: dict[str, Counter[str]] = {name: Counter() for name in names}
    contested = [name for name in names if name in shared]
    for kind in sorted({kind for name in contested for kind in logs[name]}):
        parts = {name: logs[name][kind] for name in contested if kind in logs[name]}
        for name, (rows, before) in _repeated(parts, shared).items():
            keep = np.ones(len(parts[name]), np.bool_)
            keep[rows] = False
            if keep.any():
                kept[name][kind] = parts[name].filter(pa.array(keep))
            else:
                del kept[name][kind]
            told[name].update(before)
    return kept, {name: counts for name, counts in told.items() if counts}


def _shared_spans(logs: dict[str, Tables], names: Sequence[str]) -> dict[str, Span]:
    """Of each log that another of the same server and time may repeat, the time in which it may."""
    spans = {name: _spans(logs[name]) for name in names}
    shared: dict[str, Span] = {}
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            for server in spans[one].keys() & spans[other].keys():
                mine, theirs = spans[one][server], spans[other][server]
                first, last = max(mine[0], theirs[0]), min(mine[1], theirs[1])
                if first > last:
                    continue
                for name in (one, other):
                    known = shared.get(name, (first, last))
                    shared[name] = (min(known[0], first), max(known[1], last))
    return shared


def _spans(tables: Tables) -> dict[str, Span]:
    """First and last second of each server in a log."""
    spans: dict[str, Span] = {}
    for table in tables.values():
        grouped = pa.table({"server": _short(table["server"]), "second": _seconds(table)})
        known = grouped.filter(pc.not_equal(grouped["second"], int(MISSING) // SECOND))
        for row in (
            known.group_by("server").aggregate([("second", "min"), ("second", "max")]).to_pylist()
        ):
            span = spans.get(row["server"], (row["second_min"], row["second_max"]))
            spans[row["server"]] = (
                min(span[0], row["second_min"]),
                max(span[1], row["second_max"]),
            )
    return spans


def _repeated(parts: Tables, shared: dict[str, Span]) -> dict[str, tuple[Int64, Counter[str]]]:
    """Rows of one kind that a log before has, by log, and which logs those are."""
    rows = {
        name: np.flatnonzero(_within(_seconds(table), shared[name]))
        for name, table in parts.items()
    }
    names = [name for name in parts if len(rows[name])]
    if len(names) < 2:
        return {}
    some = pa.concat_tables(
        [
            parts[name]
            .take(pa.array(rows[name]))
            .append_column("second", pa.array(_seconds(parts[name])[rows[name]]))
            for name in names
        ],
        promote_options="default",
    )
    said = pd.DataFrame(
        {
            "log": np.repeat(np.arange(len(names)), [len(rows[name]) for name in names]),
            "said": _codes(some),
            "second": some["second"].to_numpy(),
            "row": np.concatenate([rows[name] for name in names]),
            "line": some["line"].to_numpy(),
        }
    ).sort_values(["log", "line"], kind="stable", ignore_index=True)
    before = _log_before(said)
    found = {}
    for number, name in enumerate(names):
        mine = said["log"].eq(number).to_numpy() & (before >= 0)
        times = np.bincount(before[mine], minlength=len(names))
        counts = {other: int(n) for other, n in zip(names, times, strict=True) if n}
        found[name] = (said["row"].to_numpy(np.int64)[mine], Counter(counts))
    return found


def _log_before(said: pd.DataFrame) -> Int64:
    """Of each row, the log before its own that has the line too; -1 for none.

    The second such line of one log is another line. What is left may be the same line a second
    apart: the journal takes its own time.
    """
    same = ["said", "second"]
    turn = said.groupby(["log", *same]).cumcount()
    each = said.assign(turn=turn).groupby([*same, "turn"])["log"]
    first, alone = each.transform("first"), each.transform("size").eq(1)
    before = np.where(first < said["log"], first, -1).astype(np.int64)
    left = said[alone].sort_values(["said", "second", "log"], kind="stable")
    near = (left["said"].eq(left["said"].shift()) & left["second"].diff().le(1)).to_numpy()[1:]
    number, log = left.index.to_numpy(np.int64), left["log"].to_numpy(np.int64)
    for mine, theirs in ((slice(1, None), slice(-1)), (slice(-1), slice(1, None))):
        later = near & (log[mine] > log[theirs])
        before[number[mine][later]] = log[theirs][later]
    return before


def _codes(table: pa.Table) -> Int64:
    """A number for what each row says: equal if and only if all columns are."""
    code = np.zeros(len(table), np.int64)
    for name in table.column_names:
        if name in PLACE:
            continue
        column = _short(table[name]) if name == "server" else _plain(table[name])
        values = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0)
        size = max(len(values.dictionary), 1)
        if size > 1:
            code, _ = pd.factorize(code * size + values.indices.to_numpy())
    return code.astype(np.int64)


def _short(server: pa.ChunkedArray) -> pa.ChunkedArray:
    """A central log has a host's whole name where its own log has the first part."""
    return pc.replace_substring_regex(_plain(server), r"^([A-Za-z][^.]*)\..*$", r"\1")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _seconds(table: pa.Table) -> Int64:
    micros = pc.fill_null(table["time"].cast(pa.int64()), int(MISSING)).to_numpy()
    seconds: Int64 = micros // SECOND
    return seconds


def _within(seconds: Int64, span: Span) -> npt.NDArray[np.bool_]:
    """In the span, or at no known time."""
    unknown = seconds == int(MISSING) // SECOND
    inside: npt.NDArray[np.bool_] = ((seconds >= span[0]) & (seconds <= span[1])) | unknown
    return inside
