"""How does a record of another carrier become a plain line of syslog, and where does it stand?

Journal records and container logs say in fields what syslog says in a header. They are written out
as lines, once a block and as columns, so that one reader knows all there is to know about mail
servers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.rows import Int64

NEWLINE = "#012"  # as rsyslog writes a newline that stands in a text
NOTHING = b"-"
ESCAPE = b"\x1b"
LOOKED_AT = 16 << 10  # bytes of a block that was on a page
ENTITIES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&#39;": b"'", b"&amp;": b"&"}
_ENTITY = re.compile(b"|".join(ENTITIES))
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")


@dataclass
class Wrapped:
    """A block as plain lines of syslog.

    `row`: of the evidence line (from 0 in this block) that each plain line stands for; `start`,
    `end`: its bytes in the block. `lines`: of the evidence; `blank`: of those, blank ones that
    `data` leaves out; `aside`: others that it leaves out, fields of a record that is one line
    here.
    """

    data: bytes
    row: Int64
    start: Int64
    end: Int64
    lines: int
    blank: int = 0
    aside: int = 0


def journal_lines(
    micros: pa.Array, host: pa.Array, program: pa.Array, pid: pa.Array, text: pa.Array
) -> pa.Array:
    """Fields of journal records as lines; null where time or text is missing.

    Args:
        micros: Microseconds since 1970, as digits.
    """
    digits = pc.match_substring_regex(micros, "^[0-9]{1,16}$")
    number = pc.if_else(digits, micros, pa.scalar(None, micros.type)).cast(pa.string())
    time = number.cast(pa.int64()).cast(pa.timestamp("us")).cast(pa.string()).cast(pa.binary())
    program, host = (word(pc.coalesce(words, pa.scalar(NOTHING))) for words in (program, host))
    process = pc.binary_join_element_wise(b"[", word(pid), b"]", b"")
    process = pc.coalesce(process, pa.scalar(b""))
    return pc.binary_join_element_wise(
        time, b"Z ", host, b" ", program, process, b": ", one_line(text), b""
    )


def one_line(text: pa.Array) -> pa.Array:
    """The text without the newline at its end, and none within."""
    text = pc.replace_substring_regex(text, r"\r?\n\z", "")
    return pc.replace_substring(text, "\n", NEWLINE)


def as_block(lines: pa.Array) -> bytes:
    """Lines as one block; none may be null."""
    ended = pc.binary_join_element_wise(lines, b"", b"\n")
    if isinstance(ended, pa.ChunkedArray):
        ended = ended.combine_chunks()
    if not len(ended):
        return b""
    offsets = np.frombuffer(ended.buffers()[1], np.int32)[ended.offset :]
    return bytes(ended.buffers()[2][int(offsets[0]) : int(offsets[len(ended)])])


def word(text: pa.Array) -> pa.Array:
    """A field of a header ends with a blank, so it can hold none."""
    return pc.replace_substring_regex(text, r"[ \n]", "_")


def as_written(data: bytes) -> Wrapped | None:
    """The block without the colours that a terminal's tools gave it, and without the entities of a
    page on which it was pasted; None if it has neither.

    A stranger may write what looks like an entity: only where no line has the brackets that a
    server writes around its addresses, somebody else replaced them.
    """
    plain = data
    if ESCAPE in data:
        plain = _COLOUR.sub(b"", plain)
    if b"=&lt;" in data[:LOOKED_AT] and b"=<" not in data:
        plain = _ENTITY.sub(lambda found: ENTITIES[found[0]], plain)
    return None if plain is data else line_by_line(plain, data)


def line_by_line(plain: bytes, data: bytes, row: Int64 | None = None) -> Wrapped:
    """Lines that are each a line of the block.

    Args:
        row: Which lines they are; None for all. The others tell how these are written.
    """
    newline = np.flatnonzero(np.frombuffer(data, np.uint8) == 10).astype(np.int64)
    start = np.concatenate([[0], newline[:-1] + 1]).astype(np.int64)
    row = np.arange(len(newline), dtype=np.int64) if row is None else row
    aside = len(newline) - len(row)
    return Wrapped(plain, row, start[row], newline[row], len(newline), aside=aside)
