"""Which line of syslog stands in each record of a journal export (`journalctl -o export`)?

A record is one field a line, NAME=value, up to a blank line. A value that is no plain text comes
as the name alone, eight bytes of length, and the bytes, whatever they are. Source: systemd,
Journal Export Formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.lines import next_after
from analyzer.formats.pieces import PADDING, Positions, eight_bytes, pieces
from analyzer.formats.wrapped import Wrapped, as_block, journal_lines
from analyzer.rows import Flags

BEGIN = b"__CURSOR="
LONGEST_RECORD = 4 << 20  # bytes; nothing longer is kept for the next block


class Block(Protocol):
    """Whole lines of evidence."""

    @property
    def offset(self) -> int: ...
    @property
    def data(self) -> bytes: ...


Blocks = TypeVar("Blocks", bound=Block)


def whole_records(blocks: Iterable[Blocks]) -> Iterator[Blocks]:
    """The blocks, cut so that no record of an export is in two of them; others as they are."""
    rest: Any = None
    for given in blocks:
        block: Any = given
        if rest is not None and rest.offset + len(rest.data) == block.offset:
            block = replace(
                block, first_line=rest.first_line, offset=rest.offset, data=rest.data + block.data
            )
        elif rest is not None:
            yield rest
        rest = None
        end = _end_of_records(block.data)
        if end < len(block.data):
            first_line = block.first_line + block.data.count(b"\n", 0, end)
            rest = replace(
                block, first_line=first_line, offset=block.offset + end, data=block.data[end:]
            )
            block = replace(block, data=block.data[:end])
        if block.data:
            yield block
    if rest is not None:
        yield rest


def _end_of_records(data: bytes) -> int:
    """Where the last whole record of an export ends; the end of all where it cannot be told."""
    if not data.startswith(BEGIN):
        return len(data)
    longest = max(len(data) - LONGEST_RECORD, 0)
    end = data.rfind(b"\n\n", longest) + 2
    return end if end >= 2 else len(data) if longest else 0


def unwrap(data: bytes) -> Wrapped | None:
    """One plain line for each record that has a text; None if it is no journal export."""
    if not data.lstrip(b"\n").startswith(BEGIN):
        return None
    padded = data + PADDING
    byte = np.frombuffer(padded, np.uint8)
    newline = np.flatnonzero(byte[: len(data)] == 10).astype(np.int32)
    start = np.concatenate([np.zeros(1, np.int32), newline + np.int32(1)])[:-1]
    inside, binary = _binary_values(data, byte, start, newline)
    row = np.flatnonzero(~inside)
    start, binary = start[row], binary[row]
    end = newline[np.append(row[1:], len(newline)) - 1]  # a binary value takes up several lines
    blank = start == end
    record = np.cumsum(blank)  # the record that each line belongs to
    fields = _Fields(padded, start, end, binary, record)
    pid = pc.coalesce(fields.of("SYSLOG_PID"), fields.of("_PID"))
    program = pc.coalesce(fields.of("SYSLOG_IDENTIFIER"), fields.of("_COMM"))
    time, host, text = (
        fields.of(name) for name in ("__REALTIME_TIMESTAMP", "_HOSTNAME", "MESSAGE")
    )
    lines = journal_lines(time, host, program, pid, text)
    at = fields.line_of("MESSAGE")[lines.is_valid().to_numpy(zero_copy_only=False)]
    return Wrapped(
        as_block(lines.drop_null()),
        row[at].astype(np.int64),
        start[at].astype(np.int64),
        end[at].astype(np.int64),
        len(newline),
        int(blank.sum()),
        len(newline) - int(blank.sum()) - len(at),
    )


def _binary_values(
    data: bytes, byte: npt.NDArray[np.uint8], start: Positions, newline: Positions
) -> tuple[Flags, Flags]:
    """Which lines are inside a binary value, and which begin one. Rare, so looked at one by one."""
    inside, begins = np.zeros(len(start), np.bool_), np.zeros(len(start), np.bool_)
    equals = np.flatnonzero(byte == ord("=")).astype(np.int32)
    without = np.flatnonzero((next_after(equals, start, len(data)) >= newline) & (start < newline))
    past = 0
    for row in without:
        if start[row] < past:
            continue
        name = data[start[row] : newline[row]]
        if not (name.replace(b"_", b"").isalnum() and name.isupper()):
            continue
        size_at = int(newline[row]) + 1
        past = size_at + 8 + int.from_bytes(data[size_at : size_at + 8], "little")
        if past >= len(data) or data[past] != 10:
            past = 0
            continue
        begins[row] = True
        inside[row + 1 : np.searchsorted(newline, past) + 1] = True
    return inside, begins


class _Fields:
    """Values by name, one a record."""

    def __init__(
        self,
        data: bytes,
        start: Positions,
        end: Positions,
        binary: Flags,
        record: npt.NDArray[np.intp],
    ) -> None:
        self._data, self._start, self._end = data, start, end
        self._binary, self._record = binary, record
        self._records = int(record[-1]) + 1 if len(record) else 0
        self._words = eight_bytes(data)

    def line_of(self, name: str) -> npt.NDArray[np.intp]:
        """Of each record, the line that begins with the name; -1 for none. The first one counts."""
        found = np.zeros(len(self._start), np.bool_)
        for after, binary in ((b"=", False), (b"\n", True)):
            begin = name.encode() + after
            here = np.flatnonzero(self._binary == binary)
            for place in range(0, len(begin), 8):
                part = begin[place : place + 8]
                mask = np.uint64((1 << (8 * len(part))) - 1)
                at = self._start[here] + np.int32(place)
                at = np.minimum(at, np.int32(len(self._words) - 1))
                here = here[(self._words[at] & mask) == np.uint64(int.from_bytes(part, "little"))]
            found[here] = True
        lines = np.flatnonzero(found)[::-1]
        of_record = np.full(self._records, -1, np.intp)
        of_record[self._record[lines]] = lines
        return of_record

    def of(self, name: str) -> pa.Array:
        line = self.line_of(name)
        has = line >= 0
        known = line[has]
        skip = np.where(self._binary[known], len(name) + 1 + 8, len(name) + 1).astype(np.int32)
        values = pieces(self._data, self._start[known] + skip, self._end[known])
        return values.take(pa.array(np.cumsum(has) - 1, mask=~has))
