"""Which line of syslog stands in a JSON record of the journal, a container engine, a collector?

Known by its fields, whatever the file is called: `MESSAGE` (journalctl -o json), `log` (Docker and
what Kubernetes makes of it), `message` (collectors).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from analyzer.formats.wrapped import Wrapped, as_block, journal_lines, one_line

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
COLLECTOR = ("message",)
LINES_TO_TELL = 20  # the first of a block may be damaged
_NUMBERS = re.compile(
    rb'"MESSAGE"[ \t]*:[ \t]*\[([0-9, \t]*)\]'
)  # a text that is no UTF-8, byte by byte


def unwrap(data: bytes) -> Wrapped | None:
    """The block as plain lines, one for each of its own; None if it is not JSON of a known kind.

    A line that is no such record stays as it is, and so becomes unread.
    """
    known = _kind(data)
    if known is None:
        return None
    fields, compose = known
    newline = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    start = np.concatenate([[0], newline[:-1] + 1]).astype(np.int64)
    told = _NUMBERS.sub(_text, data) if fields is JOURNAL else data
    lines = compose(_table(told.split(b"\n")[:-1], fields))
    raw = pa.array(data.split(b"\n")[:-1], pa.binary())
    lines = pc.coalesce(lines.combine_chunks(), raw)
    row = np.arange(len(newline), dtype=np.int64)
    return Wrapped(as_block(lines), row, start, newline.astype(np.int64), len(newline))


def _kind(data: bytes) -> tuple[tuple[str, ...], Callable[[pa.Table], pa.ChunkedArray]] | None:
    begin = 0
    for _ in range(LINES_TO_TELL):
        end = data.find(b"\n", begin)
        line = data[begin:end].strip()
        if end < 0 or (line and not line.startswith(b"{")):
            return None
        try:
            record = json.loads(line) if line else None
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            if "MESSAGE" in record and "__REALTIME_TIMESTAMP" in record:
                return JOURNAL, _journal
            if "log" in record:
                return ENGINE, _engine
            if "message" in record:
                return COLLECTOR, lambda table: one_line(table["message"])
        begin = end + 1
    return None


def _text(numbers: re.Match[bytes]) -> bytes:
    try:
        text = bytes(int(number) for number in numbers[1].split(b",")).decode(
            "utf-8", "backslashreplace"
        )
    except ValueError:
        return numbers[0]
    return b'"MESSAGE":' + json.dumps(text).encode()


def _journal(table: pa.Table) -> pa.ChunkedArray:
    time, host, program, command, logged_pid, pid, text = (table[name] for name in JOURNAL)
    return journal_lines(
        time, host, pc.coalesce(program, command), pc.coalesce(logged_pid, pid), text
    )


def _engine(table: pa.Table) -> pa.ChunkedArray:
    """As Kubernetes writes it to a file: the engine's stamp, the stream, whole or part."""
    text = one_line(table["log"])
    stamped = pc.binary_join_element_wise(table["time"], b" stdout F ", text, b"")
    return pc.coalesce(stamped, text)


def _table(lines: list[bytes], fields: tuple[str, ...]) -> pa.Table:
    """The fields of each line, null where it has none or is no record."""
    schema = pa.schema([(name, pa.string()) for name in fields])
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")

    def read(part: list[bytes]) -> list[pa.Table]:
        """Arrow refuses all lines for the sake of one: halve until it stands alone."""
        text = b"\n".join(part) + b"\n"
        try:
            whole = pj.ReadOptions(use_threads=False, block_size=len(text) + 1)
            table = pj.read_json(pa.BufferReader(text), whole, options).select(fields)
            if len(table) == len(part):
                return [table.cast(binary)]
        except pa.ArrowInvalid:
            pass
        if len(part) == 1:
            return [pa.Table.from_pylist([_patiently(part[0], fields)], binary)]
        middle = len(part) // 2
        return read(part[:middle]) + read(part[middle:])

    binary = pa.schema([(name, pa.binary()) for name in fields])
    return pa.concat_tables(read(lines))


def _patiently(line: bytes, fields: tuple[str, ...]) -> dict[str, bytes | None]:
    """What Arrow does not take: a field that is given twice is a list, a number may be a number."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    known: dict[str, Any] = record if isinstance(record, dict) else {}
    return {name: _bytes(known.get(name)) for name in fields}


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).encode("utf-8", "backslashreplace")
