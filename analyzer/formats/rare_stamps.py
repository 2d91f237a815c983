"""Which stamps does no syslog daemon write, but what people run it through, and what do they say?

journalctl -o short-unix has seconds since 1970, Kiwi's tables tabs and a facility, other tools
slashes or brackets. Only lines that begin with no other stamp are looked at.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import PADDING, Positions, pieces
from analyzer.formats.stamps import Stamps, read_stamps
from analyzer.formats.wrapped import as_block

LOOKED_AT = 64  # bytes of a line
BEGINS_RARE = np.isin(np.arange(256), list(b"[123"))  # whether one may begin with a byte
NEWLINE = ord("\n")
BLANK = pa.scalar(b" " * 24)  # room for a reader of stamps
_DAY, _CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
_SECONDS = r"[1-3][0-9]{9}(?:\.[0-9]{1,9})?"  # up to 2096
# What stands before the host (`before`), and the stamp in it (`told`).
_FORM = (
    r"^(?P<before>(?:"
    rf"(?P<slashed>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {_CLOCK})"
    rf"|\[(?P<bracketed>{_DAY}[T ]{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
    rf"|[A-Z][a-z]{{2}} [ 0-9][0-9] {_CLOCK})\]:?"
    rf"|\[?(?P<seconds>{_SECONDS})\]?"
    rf"|(?P<tabbed>{_DAY}[\t ]{_CLOCK})\t[A-Z][A-Za-z0-9]{{2,8}}\.[A-Z][a-z]{{2,8}}"
    r")[ \t]+)[^ \t]"
)


def rare_stamps(data: bytes, start: Positions, end: Positions) -> tuple[Stamps, Positions]:
    """The stamps of lines in which no other one was found, and where the host of each begins."""
    looked_at = pieces(data, start, np.minimum(end, start + np.int32(LOOKED_AT)))
    found = pc.extract_regex(looked_at, _FORM)
    before, slashed, bracketed, tabbed, seconds = (
        pc.struct_field(found, name)
        for name in ("before", "slashed", "bracketed", "tabbed", "seconds")
    )
    length = pc.fill_null(pc.binary_length(before), 0).to_numpy()
    written = pc.binary_join_element_wise(
        pc.replace_substring(slashed, "/", "-"),
        bracketed,
        pc.replace_substring(tabbed, "\t", " "),
        _dated(seconds),
        BLANK,
        b"",
    )
    plain = as_block(pc.coalesce(written, BLANK))
    newline = np.flatnonzero(np.frombuffer(plain, np.uint8) == NEWLINE).astype(np.int32)
    at = np.append(np.int32(0), newline + np.int32(1))[:-1]
    stamps, _ = read_stamps(np.frombuffer(plain + PADDING, np.uint8), at, newline)
    return stamps, (start + length).astype(np.int32)


def _dated(seconds: pa.BinaryArray) -> pa.BinaryArray:
    """Seconds since 1970 as a dated stamp; empty where there are none."""
    there = pc.not_equal(seconds, b"")
    parts = pc.extract_regex(seconds, r"^(?P<whole>[0-9]+)(?P<fraction>\.[0-9]+)?$")
    whole = pc.if_else(there, parts.field("whole"), b"0").cast(pa.string()).cast(pa.int64())
    dated = whole.cast(pa.timestamp("s")).cast(pa.string()).cast(pa.binary())
    zulu = pc.binary_join_element_wise(dated, parts.field("fraction"), b"Z", b"")
    return pc.if_else(there, zulu, b"")
