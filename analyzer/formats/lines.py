"""Where does each line of a block begin, end, and fall into host, program, queue id and text?

A block of whole lines is cut by numpy at a few positions a line; the positions, interleaved, are
the offsets of an Arrow array over the same bytes, so every piece of every line is a value without
a copy. Nothing here loops over lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.headers import after_id, forwarded, headers, modern_fields
from analyzer.formats.pieces import PADDING, Positions, eight_bytes, pieces, prefix
from analyzer.formats.process_ids import digits_at, programs_and_ids
from analyzer.formats.stamps import Stamps
from analyzer.rows import Flags

COLON, SPACE, CLOSE, NEWLINE, RETURN = b": ]\n\r"
MOST_BLANKS = 256  # at the end of a line
_BLANKS = np.isin(np.arange(256), list(b" \t\r"))
REPEATED = b"message repeated "  # rsyslog: $RepeatedMsgReduction
REPEATED_LINE = r"^(?P<head>message repeated (?P<times>[0-9]{1,9}) times: \[)"
SHORTEST_ID, LONGEST_ID = 6, 40


def next_after(positions: Positions, starts: Positions, otherwise: int) -> Positions:
    """For each start, the first of the sorted positions that is not before it."""
    return np.append(positions, np.int32(otherwise))[np.searchsorted(positions, starts)]


@dataclass
class Lines:
    """One block as columns; every array has one entry a line.

    `start` to `end` is the line without its end, and without blanks that nobody reads before its
    `newline`. Of a line with a syslog header, `host` is where the host begins, `program_end` where
    the program ends, `pid` its process id (0 for none), `text` where the message begins, and
    `id_end` the first colon in it. `end` of a line that syslog wrapped as repeated is the inner
    end.
    """

    data: bytes
    start: Positions
    end: Positions
    newline: Positions
    host: Positions
    program_end: Positions
    pid: npt.NDArray[np.int64]
    text: Positions
    id_end: Positions
    headed: Flags
    repeat: npt.NDArray[np.int64]
    stamps: Stamps
    colons: Positions  # not one a line: all with a space behind, but those that end headers

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def bytes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.data, np.uint8)

    def pieces(self, begin: Positions, end: Positions) -> pa.BinaryArray:
        return pieces(self.data, begin, end)

    def whole(self, rows: npt.NDArray[np.intp]) -> pa.BinaryArray:
        """Some lines without their ends, but with the blanks before them."""
        start, end = self.start[rows], self.newline[rows]
        end -= (self.bytes[end - 1] == RETURN) & (end > start)
        return self.pieces(start, end)


def cut(block: bytes) -> Lines:
    """Cut a block of whole lines; *block* ends in a newline."""
    data = block + PADDING
    byte = np.frombuffer(data, np.uint8)
    newline = np.flatnonzero(byte[: len(block)] == NEWLINE).astype(np.int32)
    start = np.concatenate([np.zeros(1, np.int32), newline + np.int32(1)])[:-1]
    start = _after_rubbish(data, byte, start, newline)
    end = _before_blanks(byte, start, newline)
    stamps, host, modern = headers(data, byte, start, end)

    colon = np.flatnonzero(byte == COLON).astype(np.int32)
    colon_space = colon[byte[colon + 1] == SPACE]
    next_colon = np.append(colon_space, np.full(2, len(block), np.int32))
    number = np.searchsorted(colon_space, host)
    header_end = next_colon[number]
    headed = stamps.present & (header_end < end)
    header_end = np.where(headed, header_end, host).astype(np.int32)
    program_end, pid = programs_and_ids(data, host, header_end, headed)
    rows = np.flatnonzero(headed & (pid == 0) & (next_colon[number + 1] < end))
    if (rows := forwarded(data, host, header_end, rows)).size:
        number[rows] += 1
        header_end[rows] = next_colon[number[rows]]
        program_end[rows], pid[rows] = programs_and_ids(
            data, host[rows], header_end[rows], headed[rows]
        )
    text = np.where(headed, header_end + 2, host).astype(np.int32)
    if modern.any():
        headed &= ~modern
        rows, app_end, begin = modern_fields(
            byte, host, end, np.flatnonzero(modern & stamps.present)
        )
        headed[rows], program_end[rows], text[rows] = True, app_end, begin
        pid[rows] = digits_at(byte, app_end + 1)
    text = after_id(data, byte, headed, text, end)
    repeat, text, end = _unwrap_repeated(data, byte, headed, text, end)
    plain = text == header_end + 2  # the text begins behind the colon that ends the header
    id_end = np.where(plain, next_colon[number + 1], host)
    id_end[~plain] = next_after(colon_space, text[~plain], len(block))
    colons = np.delete(colon_space, number[plain])
    return Lines(
        data,
        start,
        end,
        newline,
        host,
        program_end,
        pid,
        text,
        id_end,
        headed,
        repeat,
        stamps,
        colons,
    )


def _before_blanks(byte: npt.NDArray[np.uint8], start: Positions, newline: Positions) -> Positions:
    """Where each line ends, without a return and blanks that an editor or a console left there."""
    end = newline
    for _ in range(MOST_BLANKS):
        blank = _BLANKS[byte[end - 1]] & (end > start)
        if not blank.any():
            break
        end = end - blank
    return end


@dataclass
class QueueIds:
    """The queue id of each line, if it has one, and where the text after it begins (`body`), whose
    first eight bytes are a little-endian integer.
    """

    ids: pa.DictionaryArray
    has_id: Flags
    body: Positions
    first_eight: npt.NDArray[np.uint64]


def queue_ids(lines: Lines, patterns: Sequence[tuple[Flags, str]]) -> QueueIds:
    """Tell queue ids from other words before a colon, by the pattern of each group of lines."""
    text, id_end = lines.text, lines.id_end
    eight = eight_bytes(lines.data)
    noqueue = lines.headed & (eight[text] == prefix(b"NOQUEUE:")[0])
    length = id_end - text
    maybe = (
        lines.headed
        & ~noqueue
        & (length >= SHORTEST_ID)
        & (length <= LONGEST_ID)
        & (id_end < lines.end)
    )
    ids = pieces(lines.data, text, np.where(maybe, id_end, text)).dictionary_encode()
    has_id = np.zeros(len(lines), np.bool_)
    for group, pattern in patterns:
        valid = pc.match_substring_regex(ids.dictionary, pattern).to_numpy(zero_copy_only=False)
        has_id |= group & valid[ids.indices.to_numpy()]
    body = np.where(has_id, id_end + 2, np.where(noqueue, text + 9, text)).astype(np.int32)
    body = np.minimum(body, lines.end)
    return QueueIds(ids, has_id, body, eight[body])


def _after_rubbish(
    data: bytes, byte: npt.NDArray[np.uint8], start: Positions, newline: Positions
) -> Positions:
    """Skip what a crash (NUL run) or a concatenation (byte order mark) left before a line."""
    first = eight_bytes(data)[start]
    if not (first & np.uint64(0xFF)).all():
        content = np.flatnonzero(byte != 0).astype(np.int32)
        start = np.minimum(next_after(content, start, len(data)), newline)
        first = eight_bytes(data)[start]
    marked = (first & np.uint64(0xFFFFFF)) == np.uint64(0xBFBBEF)
    return np.where(marked, np.minimum(start + 3, newline), start).astype(np.int32)


def _unwrap_repeated(
    data: bytes,
    byte: npt.NDArray[np.uint8],
    headed: Flags,
    text: Positions,
    end: Positions,
) -> tuple[npt.NDArray[np.int64], Positions, Positions]:
    """`message repeated 3 times: [ text]` becomes the text, three times."""
    repeat = np.ones(len(text), np.int64)
    rows = np.flatnonzero(headed & (eight_bytes(data)[text] == prefix(REPEATED)[0]))
    if not rows.size:
        return repeat, text, end
    found = pc.extract_regex(pieces(data, text[rows], end[rows]), REPEATED_LINE)
    wrapped = found.is_valid().to_numpy(zero_copy_only=False)
    head, number = found.filter(pa.array(wrapped)).flatten()
    rows = rows[wrapped]
    text, end = text.copy(), end.copy()
    repeat[rows] = number.cast(pa.string()).cast(pa.int64()).to_numpy()
    text[rows] += pc.binary_length(head).to_numpy()
    text[rows] += byte[text[rows]] == SPACE
    end[rows] -= byte[end[rows] - 1] == CLOSE
    return repeat, np.minimum(text, end), end
