"""What do syslog daemons write around stamp, host and program, and where does the header end?

RFC 5424 has its own header; the older form is decorated: a priority before the stamp, a facility
between stamp and host, a severity in place of the host, `[ID 801593 mail.info]` before the text
(Solaris), `stdout F` or a stamp of the line itself after a container's stamp, `Message forwarded
from mx1: ` before the program (AIX), a name before all that. Each is looked for only in the few
lines that can have it, so a plain log costs nothing.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.collected import after_collector
from analyzer.formats.pieces import Positions, Rows, eight_bytes, pieces
from analyzer.formats.rare_stamps import BEGINS_RARE, rare_stamps
from analyzer.formats.stamps import MISSING, SECOND, Bytes, Stamps, read_stamps
from analyzer.rows import Flags

NOBODY = "-"  # RFC 5424: a field without a value
ANGLE, ONE, DASH, BRACKET, CLOSE, BLANK = b"<1-[] "
MOST_DIGITS = 10  # of a process id
_SEVERITIES = "emerg|panic|alert|crit|err(?:or)?|warn(?:ing)?|notice|info|debug"
_FACILITIES = (  # those of syslog(3) and of the BSDs; a host may have two names as well
    "kern|user|mail|daemon|auth|security|syslog|lpr|news|uucp|cron|authpriv|ftp|ntp|console|audit"
    "|local[0-7]"
)
_FACILITY = re.compile(
    rf"<[a-z0-9.]{{1,24}}>|(?i:(?:{_FACILITIES})[:.](?:{_SEVERITIES}))"  # BSD, AIX: mail:info
    rf"|{_SEVERITIES.upper()}"  # containers: no host, INFO
)
_SEVERITY = re.compile(rf"(?i:\[?(?:{_SEVERITIES})\]?)")  # beside a host
_STREAMS = [
    int.from_bytes(word, "little") for word in (b"stdout F", b"stderr F", b"stdout P", b"stderr P")
]
# How a stamp begins that stands behind another: `Dec  7 ` or `2026-12-`, as (value, mask).
_STAMPS = [
    tuple(np.uint64(int.from_bytes(word, "little")) for word in words)
    for words in (
        (b"\0\0\0 \0\0 \0", b"\0\0\0\xff\0\0\xff\0"),
        (b"\0\0\0\0-\0\0-", b"\0\0\0\0\xff\0\0\xff"),
    )
]
_BEGINS_ZONE = np.isin(np.arange(256), list(b"+-UGZ"))
_ZONE_BEHIND = r"^(?P<z>UTC|GMT|Z|(?P<s>[+-])(?P<h>[01][0-9]):?(?P<m>[0-5][0-9])) "
_FORWARDED = b"Message forwarded from "
_NO_ROWS = np.empty(0, np.intp)
DOUBLED, LOOKED_AT = b":  ", 16 << 10  # bytes of a block
NEARLY_ALL = 0.9  # of the lines of a block
COLLECTORS = 2  # at most so many tools have written before a line, as grep over what compose told


def headers(
    data: bytes, byte: Bytes, start: Positions, end: Positions, collectors: int = COLLECTORS
) -> tuple[Stamps, Positions, Flags]:
    """The stamp of each line, where its host begins, and whether the header is that of RFC 5424."""
    at, modern = before_stamp(byte, start)
    stamps, host = stamps_and_hosts(data, byte, at, modern, end)
    rows = np.flatnonzero(~stamps.present & (end > start)) if collectors else _NO_ROWS
    if not rows.size:
        return stamps, host, modern
    nearly_all = rows.size >= NEARLY_ALL * np.count_nonzero(end > start)
    some = rows[BEGINS_RARE[byte[at[rows]]]]
    told, told_host = rare_stamps(data, at[some], end[some])
    _second_stamps(data, byte, end[some], told, told_host, np.flatnonzero(told.with_year))
    stamps.put(some[told.present], told, told.present)
    host[some[told.present]] = told_host[told.present]
    rows = rows[~stamps.present[rows]]
    begin = after_collector(data, start[rows], end[rows], bool(nearly_all))
    rows, begin = rows[begin > start[rows]], begin[begin > start[rows]]
    if rows.size:
        told, told_host, told_modern = headers(data, byte, begin, end[rows], collectors - 1)
        rows, fits = rows[told.present], told.present
        host[rows], modern[rows] = told_host[fits], told_modern[fits]
        stamps.put(rows, told, fits)
    return stamps, host, modern


def before_stamp(byte: Bytes, start: Positions) -> tuple[Positions, Flags]:
    """Where each line's stamp begins, and whether the header is that of RFC 5424."""
    at, modern = start, np.zeros(len(start), np.bool_)
    first = byte[start]
    if (rows := np.flatnonzero(first == ANGLE)).size:
        at = start.copy()
        close = np.zeros(len(rows), np.int32)
        digits = np.ones(len(rows), np.bool_)
        for place in range(1, 5):  # a priority has one to three digits
            here = byte[start[rows] + place]
            close = np.where(digits & (here == 62) & (place > 1), place, close)
            digits &= (here >= 48) & (here <= 57)
        at[rows] += np.where(close > 0, close + 1, 0)
        first = byte[at]
    if (rows := np.flatnonzero((first == ONE) & (byte[at + 1] == 32))).size:
        at = at.copy()
        at[rows] += 2
        modern[rows] = True
    return at, modern


def stamps_and_hosts(
    data: bytes, byte: Bytes, at: Positions, modern: Flags, end: Positions
) -> tuple[Stamps, Positions]:
    """The stamps, and where the host begins, past what a container engine or RFC 5424 has there."""
    stamps, host = read_stamps(byte, at, end)
    nil = np.flatnonzero(modern)
    nil = nil[(byte[at[nil]] == DASH) & (byte[at[nil] + 1] == 32)]
    stamps.present[nil] = stamps.with_year[nil] = stamps.zoned[nil] = True
    host[nil] = at[nil] + 2
    _zones_behind(byte, end, stamps, host)
    _second_stamps(data, byte, end, stamps, host, np.flatnonzero(stamps.zoned))
    return stamps, host


def _zones_behind(byte: Bytes, end: Positions, stamps: Stamps, host: Positions) -> None:
    """`2026-12-07 05:00:00 +0100 mx1`, `... UTC mx1`: the zone as a word of its own."""
    rows = np.flatnonzero(stamps.with_year & ~stamps.zoned)
    rows = rows[_BEGINS_ZONE[byte[host[rows]]] & (end[rows] - host[rows] > 7)]
    if not rows.size:
        return
    words = pieces(byte, host[rows], host[rows] + np.int32(7))
    found = pc.extract_regex(words, _ZONE_BEHIND)
    word, sign, hours, minutes = (pc.struct_field(found, name) for name in "zshm")
    there = found.is_valid().to_numpy(zero_copy_only=False)
    rows = rows[there]
    offset = [pc.if_else(pc.equal(n, b""), b"0", n) for n in (hours, minutes)]
    h, m = (n.filter(pa.array(there)).cast(pa.string()).cast(pa.int64()) for n in offset)
    east = np.where(pc.equal(sign.filter(pa.array(there)), b"-").to_numpy(False), -1, 1)
    known = stamps.micros[rows] != MISSING
    shift = east * (h.to_numpy() * 60 + m.to_numpy()) * 60 * SECOND
    stamps.micros[rows] -= np.where(known, shift, 0)
    stamps.zoned[rows] = True
    host[rows] += pc.binary_length(word.filter(pa.array(there))).to_numpy() + 1


def _second_stamps(
    data: bytes, byte: Bytes, end: Positions, stamps: Stamps, host: Positions, rows: Rows
) -> None:
    """A container's stamp has `stdout F ` behind it, or (`docker logs -t`) the line as it was.

    Args:
        rows: Which may have it.
    """
    word = eight_bytes(data)
    first = word[host[rows]]
    streamed = byte[host[rows]] == ord("s")
    streamed[streamed] = np.isin(first[streamed], _STREAMS)
    again = streamed.copy()
    for value, mask in _STAMPS:
        again |= (first & mask) == value
    if not again.any():
        return
    rows, streamed = rows[again], streamed[again]
    inner_at, _ = before_stamp(byte, host[rows] + np.where(streamed, 9, 0).astype(np.int32))
    inner, inner_host = read_stamps(byte, np.minimum(inner_at, end[rows]), end[rows])
    whole = streamed | inner.present
    host[rows[whole]] = inner_host[whole]
    # A stamp without year or zone says less than the engine's.
    better = inner.zoned & inner.present
    stamps.micros[rows[better]] = inner.micros[better]


def modern_fields(
    byte: Bytes, host: Positions, end: Positions, rows: Rows
) -> tuple[Rows, Positions, Positions]:
    """RFC 5424, `host app procid msgid [data] text`: who has it, where app ends and text begins."""
    length = int(end[-1])
    space = np.append(np.flatnonzero(byte[:length] == 32), [length] * 4).astype(np.int32)
    number = np.searchsorted(space[:-4], host[rows])
    app_end, data_at = space[number + 1], space[number + 3] + 1
    whole = data_at < end[rows]
    rows, app_end, data_at = rows[whole], app_end[whole], data_at[whole]
    bracketed = byte[data_at] == BRACKET
    closing = (
        np.flatnonzero((byte[:length] == 93) & (byte[1 : length + 1] == 32))
        if bracketed.any()
        else np.empty(0, np.intp)
    )
    closing = closing[byte[closing - 1] != ord("\\")]  # a bracket in a value is escaped
    data_end = np.append(closing, length)[np.searchsorted(closing, data_at)] + 1
    text = np.where(bracketed, data_end + 1, data_at + 2)
    whole = (bracketed | ((byte[data_at] == DASH) & (byte[data_at + 1] == 32))) & (
        text <= end[rows]
    )
    rows, app_end, text = rows[whole], app_end[whole], text[whole].astype(np.int32)
    text += byte[text] == BLANK
    app_end = _without_process(byte, app_end)
    marked = (byte[text] == 0xEF) & (byte[text + 1] == 0xBB) & (byte[text + 2] == 0xBF)
    return rows, app_end, np.minimum(text + np.where(marked, 3, 0), end[rows]).astype(np.int32)


def _without_process(byte: Bytes, app_end: Positions) -> Positions:
    """Where the name ends of which a template made `postfix/smtpd[11]` or `postfix/smtpd[11]:`."""
    end = app_end - (byte[app_end - 1] == ord(":"))
    open_at = end - 1
    going = byte[open_at] == CLOSE
    for _ in range(MOST_DIGITS):
        before = byte[open_at - 1]
        going &= (before >= 48) & (before <= 57)
        open_at = open_at - going
    cut = (byte[open_at - 1] == BRACKET) & (open_at < end - 1)
    return np.where(cut, open_at - 1, app_end).astype(np.int32)


def after_id(data: bytes, byte: Bytes, headed: Flags, text: Positions, end: Positions) -> Positions:
    """Where the text begins past Solaris' `[ID 801593 mail.info] `, and past the second blank of a
    template that sets one where the text has its own.
    """
    if DOUBLED in data[:LOOKED_AT]:
        text = text + (headed & (byte[text] == BLANK))
    word = eight_bytes(data)
    rows = np.flatnonzero(
        headed
        & ((word[text] & np.uint64(0xFFFFFFFF)) == np.uint64(int.from_bytes(b"[ID ", "little")))
    )
    if not rows.size:
        return text
    close = np.flatnonzero((byte[: len(data) - 1] == 93) & (byte[1:] == 32)).astype(np.int32)
    after = np.append(close, np.int32(len(data)))[np.searchsorted(close, text[rows])] + 2
    short = (after <= end[rows]) & (after - text[rows] <= 40)
    text = text.copy()
    text[rows[short]] = after[short]
    return text


def forwarded(data: bytes, host: Positions, header_end: Positions, rows: Rows) -> Rows:
    """Which of the rows have, where the program should stand, who forwarded them; `host` becomes
    where that name begins, which another colon ends.
    """
    if not rows.size or _FORWARDED not in data:
        return _NO_ROWS
    heads = pieces(data, host[rows], header_end[rows])
    pattern = rf"^(?P<before>(?:[^ ]+ ){{0,2}}{_FORWARDED.decode()})[^ ]+$"
    before = pc.struct_field(pc.extract_regex(heads, pattern), "before")
    there = before.is_valid().to_numpy(zero_copy_only=False)
    rows = rows[there]
    host[rows] += pc.binary_length(before.drop_null()).to_numpy()
    return rows


def who(head: str) -> tuple[str, str]:
    """Host and program of what stands between the stamp and the process id."""
    *before, last = head.split() or [""]
    words = [word for word in before if not _FACILITY.fullmatch(word)]
    if len(words) > 1:
        words = [word for word in words if not _SEVERITY.fullmatch(word)] or words
    if not words:
        return NOBODY, last  # some daemons write no host
    words.append(last)
    return words[0].removesuffix(":"), " ".join(words[1:])  # a colon ends who forwarded it
