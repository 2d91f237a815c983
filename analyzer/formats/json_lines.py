"""Which line of syslog stands in a JSON record of the journal, a container engine, a collector?

Known by its fields, whatever the file is called: `MESSAGE` and `__REALTIME_TIMESTAMP` (journalctl
-o json, json-seq and json-sse), `log` (Docker and what Kubernetes makes of it), those of `records`
(collectors).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from analyzer.formats import records
from analyzer.formats.records import Path
from analyzer.formats.wrapped import Wrapped, as_block, journal_lines, line_by_line, one_line

JOURNAL = (
    "__REALTIME_TIMESTAMP",
    "_HOSTNAME",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "SYSLOG_PID",
    "_PID",
    "MESSAGE",
)
ENGINE = ("time", "log")
LINES_TO_TELL = 20  # any may be damaged
LOOKED_AT = 64 << 10  # bytes
# A text that is no UTF-8, byte by byte.
_NUMBERS = re.compile(rb'"MESSAGE"[ \t]*:[ \t]*\[([0-9, \t]*)\]')
# Before each record (RFC 7464, events of a server), or before the first one of a file (Windows).
_MARKS = b"\x1e", b"data: ", b"\xef\xbb\xbf"
_BEFORE = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\x1e|data: )?(?=\{)", re.MULTILINE)
EXACT = 1e11  # from here on a number of seconds is one of thousandths, and has no fraction
_NUMERIC = {int: pa.int64(), float: pa.float64()}


@dataclass(frozen=True)
class _Kind:
    """What is read of each record, as bytes, and the lines that it makes.

    `paths`: by name; `types`: of those that are no text.
    """

    compose: Callable[[Mapping[str, pa.Array]], pa.Array]
    paths: Mapping[str, Path]
    types: Mapping[str, pa.DataType]


def unwrap(data: bytes) -> Wrapped | None:
    """The block as plain lines, one for each of its own; None if it is not JSON of a known kind.

    A line that is no such record stays as it is, and so becomes unread.
    """
    bare = _BEFORE.sub(b"", data) if _is_marked(data) else data
    kind = _kind(bare)
    if kind is None:
        return None
    told = _NUMBERS.sub(_text, bare) if kind.compose is _journal else bare
    lines = kind.compose(_told(told.split(b"\n")[:-1], kind))
    raw = pa.array(data.split(b"\n")[:-1], pa.binary())
    return line_by_line(as_block(pc.coalesce(lines, raw)), data)


def _is_marked(data: bytes) -> bool:
    """Does a mark stand before the records?"""
    return data[:64].lstrip().startswith(_MARKS)


def _kind(data: bytes) -> _Kind | None:
    """Told by the first records of the block, and some others."""
    if not data.lstrip().startswith(b"{"):
        return None
    found = [_record(line) for line in _some_lines(data)]
    first = [record for record in found if record is not None]
    for record in first:
        if "MESSAGE" in record and "__REALTIME_TIMESTAMP" in record:
            return _Kind(_journal, {name: (name,) for name in JOURNAL}, {})
        named = records.fields([record]) or {}
        if (
            isinstance(record.get("log"), str)
            and "message" not in record
            and "program" not in named
        ):
            return _Kind(_engine, {name: (name,) for name in ENGINE}, {})
    paths = records.fields(first) if 2 * len(first) > len(found) else None
    if paths is None:
        return None
    types = {name: _type(first, path) for name, path in paths.items()}
    return _Kind(records.lines, paths, types)


def _some_lines(data: bytes) -> list[bytes]:
    """The first lines of a block, and as many that lie evenly in it; blank ones left out."""
    first = data[:LOOKED_AT].split(b"\n")[:LINES_TO_TELL]
    places = (data.find(b"\n", n * len(data) // LINES_TO_TELL) + 1 for n in range(LINES_TO_TELL))
    later = [data[at : data.find(b"\n", at)] for at in places if 0 < at < len(data)]
    return [line for line in (*first, *later) if line.strip()]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _type(first: list[dict[str, Any]], path: Path) -> pa.DataType:
    values = (_at(record, path) for record in first)
    return next((_NUMERIC[type(one)] for one in values if type(one) in _NUMERIC), pa.string())


def _text(numbers: re.Match[bytes]) -> bytes:
    try:
        text = bytes(int(number) for number in numbers[1].split(b",")).decode(
            "utf-8", "backslashreplace"
        )
    except ValueError:
        return numbers[0]
    return b'"MESSAGE":' + json.dumps(text).encode()


def _journal(told: Mapping[str, pa.Array]) -> pa.Array:
    time, host, program, command, logged_pid, pid, text = (told[name] for name in JOURNAL)
    return journal_lines(
        time, host, pc.coalesce(program, command), pc.coalesce(logged_pid, pid), text
    )


def _engine(told: Mapping[str, pa.Array]) -> pa.Array:
    """As Kubernetes writes it to a file: the engine's stamp, the stream, whole or part."""
    text = one_line(told["log"])
    stamped = pc.binary_join_element_wise(told["time"], b" stdout F ", text, b"")
    return pc.coalesce(stamped, text)


def _told(lines: list[bytes], kind: _Kind) -> dict[str, pa.Array]:
    """The fields of each line, null where it has none or is no record."""
    options = pj.ParseOptions(explicit_schema=_schema(kind), unexpected_field_behavior="ignore")
    binary = pa.schema([(name, pa.binary()) for name in kind.paths])

    def read(part: list[bytes]) -> list[pa.Table]:
        """Arrow refuses all lines for the sake of one: halve until it stands alone."""
        text = b"\n".join(part) + b"\n"
        try:
            whole = pj.ReadOptions(use_threads=False, block_size=len(text) + 1)
            table = pj.read_json(pa.BufferReader(text), whole, options)
            if len(table) == len(part):
                columns = {name: _within(table, path) for name, path in kind.paths.items()}
                return [pa.table(columns, binary)]
        except pa.ArrowInvalid:
            pass
        if len(part) == 1:
            return [pa.Table.from_pylist([_patiently(part[0], kind.paths)], binary)]
        middle = len(part) // 2
        return read(part[:middle]) + read(part[middle:])

    table = pa.concat_tables(read(lines)).combine_chunks()
    return {name: table[name].combine_chunks() for name in kind.paths}


def _schema(kind: _Kind) -> pa.Schema:
    """Arrow's schema of the fields that are read, one within the other."""
    tree: dict[str, Any] = {}
    for name, path in kind.paths.items():
        place = tree
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = kind.types.get(name, pa.string())
    return pa.schema(_fields(tree))


def _fields(tree: Mapping[str, Any]) -> list[tuple[str, pa.DataType]]:
    return [
        (name, pa.struct(_fields(inner)) if isinstance(inner, dict) else inner)
        for name, inner in tree.items()
    ]


def _within(table: pa.Table, path: Path) -> pa.ChunkedArray:
    column = table[path[0]]
    for step in path[1:]:
        column = pc.struct_field(column, step)
    if pa.types.is_floating(column.type):  # whose text would have an exponent
        whole = pc.floor(column).cast(pa.int64(), safe=False).cast(pa.string())
        column = pc.if_else(pc.less(pc.abs(column), EXACT), column.cast(pa.string()), whole)
    return column.cast(pa.string()).cast(pa.binary())


def _patiently(line: bytes, paths: Mapping[str, Path]) -> dict[str, bytes | None]:
    """What Arrow does not take: a field that is given twice is a list, a number may be a number."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    return {name: _bytes(_at(record, path)) for name, path in paths.items()}


def _at(record: Any, path: Path) -> Any:
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return record


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).encode("utf-8", "backslashreplace")
