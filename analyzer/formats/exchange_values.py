"""What do values in Exchange's columns mean: times, lists of recipients, statuses, host names?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.stamps import DAY, MISSING, SECOND, YEARS
from analyzer.rows import Int64

Picked = npt.NDArray[np.intp]

ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
STAMP = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?[0-9]?"
    rf"{ZONE}?$"
)
SPACE = "[ ?\u00a0\u202f]"  # in ASCII, the default of Export-Csv, a space unlike ours becomes `?`
CLOCK = (
    r" (?P<hour>[0-9]{1,2}):(?P<rest>[0-9]{2}:[0-9]{2})"
    rf"(?:{SPACE}(?P<half>[AaPp])\.?{SPACE}?[Mm]\.?)"
)
_MONTH_DAY = r"^(?P<month>[0-9]{1,2})[/-](?P<day>[0-9]{1,2})[/-](?P<year>[0-9]{4})"
MONTH_FIRST = f"{_MONTH_DAY}{CLOCK}?$"
DAY_FIRST = rf"^(?P<day>[0-9]{{1,2}})[/-](?P<month>[0-9]{{1,2}})[/-](?P<year>[0-9]{{4}}){CLOCK}?$"
AMERICAN = f"{_MONTH_DAY}{CLOCK}$"  # with AM or PM
DOTTED = rf"^(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.(?P<year>[0-9]{{4}}){CLOCK}?$"
YEAR_FIRST = (
    r"^(?P<year>[0-9]{4})(?:[-/]|\. ?)(?P<month>[0-9]{1,2})(?:[-/]|\. ?)(?P<day>[0-9]{1,2})\.?"
    rf"{CLOCK}?$"
)
SEVEN_DIGITS = len("2026-12-01T05:03:25.1234567")  # Arrow reads six of a second's digits
NULL = pa.scalar(None, pa.string())
POSSIBLE = np.array([f"{YEARS.start}-01-01", f"{YEARS.stop}-01-01"], "datetime64[us]").astype(int)
EXPIRED = r"QUEUE\.Expired|4\.4\.7"
DSN_CODE = r"(?:^|[^0-9.])[245][0-9]{2}[ -](?P<dsn>[245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|$)"
NEXT_ID = r"\[InternalId=(?P<id>[0-9]{1,19})(?:, Hostname=[^\]]{1,255})?\]"
# A status may hold what joins it to the next one, which begins with a reply code; a code behind a
# colon is what another server said.
NEXT_STATUSES = (
    r"();([245][0-9]{2}[ -])",
    r"([^\s,|:;])[\s,|]+([245][0-9]{2}[ -][245]\.[0-9]{1,3}\.[0-9]{1,3} )",
)
LOST = "System.String[]"  # what Export-Csv writes of a list that was not joined: its class
# Outside quotes no address holds a blank, a comma or a semicolon, and no domain a bar. What became
# of a recipient, which a trace writes behind `##`, may.
DOMAIN_END = r"(@[^\s,;|#@]+)[\s,|]+"
ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s,;|"#]|#(?!#))+(?:##[^;]*)?')


def null_if_empty(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), NULL, values)


def coalesced(first: pa.Array, second: pa.Array) -> pa.Array:
    return pc.coalesce(null_if_empty(first), null_if_empty(second))


def without_lost(values: pa.Array) -> pa.Array:
    """Lists, those empty of which an export kept the name of their class alone."""
    return pc.if_else(pc.equal(values, LOST), "", values)


def without_rounded(ids: pa.Array) -> pa.Array:
    """Ids, those empty of which a spreadsheet kept a rounded number (`3.02069E+13`), which many
    share.
    """
    if not pc.any(pc.match_substring(ids, "E+")).as_py():
        return ids
    return pc.if_else(pc.match_substring_regex(ids, r"^[0-9](?:[.,][0-9]+)?E\+[0-9]+$"), "", ids)


def bare_ids(values: pa.Array) -> pa.Array:
    """Message-IDs without angle brackets."""
    return null_if_empty(pc.utf8_trim(pc.utf8_trim_whitespace(values), "<>"))


def by_distinct(values: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What the function makes of each value, asked once for each that differs."""
    encoded = pc.dictionary_encode(values, null_encoding="encode")
    return function(encoded.dictionary).take(encoded.indices)


def clean_ips(values: pa.Array) -> pa.Array:
    """Addresses without the scope of a link-local one."""
    return by_distinct(values, _clean)


def _clean(ips: pa.Array) -> pa.Array:
    return null_if_empty(pc.replace_substring_regex(pc.utf8_lower(ips), r"%.*$", ""))


def in_utc(texts: pa.Array, day_first: bool | None = None) -> Int64:
    """Microseconds since 1970 of stamps, also as regions write them; else MISSING.

    Args:
        day_first: Does the day stand before the month where slashes are between them? None:
            nothing tells; with AM or PM it does not.
    """
    shaped = pc.match_substring_regex(texts, STAMP)
    regional = NULL if pc.all(shaped).as_py() else _regional(texts, day_first)
    texts = pc.if_else(shaped, texts, regional)
    whole = texts
    if pc.any(pc.greater_equal(pc.binary_length(texts), SEVEN_DIGITS)).as_py():
        whole = pc.replace_substring_regex(texts, r"(\.[0-9]{6})[0-9]", r"\1")
    zoned = _zoned(whole)
    if not pc.all(zoned).as_py():
        whole = pc.if_else(zoned, whole, pc.binary_join_element_wise(whole, "Z", ""))
    try:
        times = whole.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:  # a day that does not exist
        times = pa.array([_time(text) for text in whole.to_pylist()], pa.timestamp("us", tz="UTC"))
    micros: Int64 = pc.fill_null(times.cast(pa.int64()), int(MISSING)).to_numpy()
    possible = (micros >= POSSIBLE[0]) & (micros < POSSIBLE[1])
    return np.where(possible, micros, MISSING)


def has_zone(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which stamps name their zone; an export of the shell may be in its own."""
    found: npt.NDArray[np.bool_] = _zoned(texts).to_numpy(zero_copy_only=False)
    return found


def _zoned(texts: pa.Array) -> pa.Array:
    utc = pc.ends_with(texts, "Z")
    return utc if pc.all(utc).as_py() else pc.match_substring_regex(texts, f"{ZONE}$")


def writes_day_first(texts: pa.Array, near: Int64) -> bool | None:
    """Does an export write the day before the month, where slashes are between them? None if
    nothing tells, and it has no AM or PM.

    Told by which of the two makes dates of more rows, then by the times that servers wrote beside
    them, then by which takes less time from row to row: an export is of few days, mostly in order.

    Args:
        near: What of UTC each row names beside its stamp; MISSING if nothing.
    """
    slashed = pc.match_substring_regex(texts, MONTH_FIRST)
    texts, near = texts.filter(slashed), near[slashed.to_numpy(zero_copy_only=False)]

    def amiss(day_first: bool) -> tuple[int, int, int]:
        micros = in_utc(texts, day_first)
        there = micros != MISSING
        agree = there & (near != MISSING) & (np.abs(micros - near) < DAY)
        passed = int(np.abs(np.diff(micros[there] // SECOND)).sum())
        return int((~there).sum()), -int(agree.sum()), passed

    day, month = amiss(True), amiss(False)
    if day == month and not pc.any(pc.match_substring_regex(texts, AMERICAN)).as_py():
        return None
    return day < month


def _regional(texts: pa.Array, day_first: bool | None) -> pa.Array:
    """`12/7/2026 9:05:00 PM`, `7.12.2026 21:05:00` and `2026. 12. 7. 21:05:00` as ISO 8601.

    Slashes without AM or PM stay unread where nothing tells: too many countries write either.
    """
    slashes = {True: DAY_FIRST, False: MONTH_FIRST, None: AMERICAN}[day_first]
    patterns = (slashes, DOTTED, YEAR_FIRST)
    found = [pc.extract_regex(texts, pattern) for pattern in patterns]
    part = {
        name: pc.coalesce(*[pc.struct_field(one, name) for one in found])
        for name in ("year", "month", "day", "hour", "rest", "half")
    }
    hour = pc.cast(part["hour"], pa.int32())
    half = pc.utf8_upper(pc.fill_null(part["half"], ""))
    noon = pc.and_(pc.not_equal(half, ""), pc.equal(hour, 12))
    hour = pc.add(pc.if_else(noon, 0, hour), pc.if_else(pc.equal(half, "P"), 12, 0))
    month, day, hours = (
        pc.utf8_lpad(text, 2, "0") for text in (part["month"], part["day"], hour.cast(pa.string()))
    )
    date = pc.binary_join_element_wise(part["year"], month, day, "-")
    clock = pc.binary_join_element_wise(hours, part["rest"], ":")
    return pc.binary_join_element_wise(date, clock, "T")


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def short_names(values: pa.Array) -> pa.Array:
    """Servers by the name Exchange goes by: the first label, in capitals; addresses as they are.

    One server is `ex01.corp.example` in one column and `EX01` in the next.
    """
    encoded = pc.utf8_trim_whitespace(values).dictionary_encode()
    names = [_short(name) for name in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


def _short(name: str) -> str:
    bare = name.strip("[]")
    if not bare or ":" in bare or bare.replace(".", "").isdigit():
        return bare
    return bare.partition(".")[0].upper()


def recipients_of(lists: pa.Array, counts: pa.Array | None) -> tuple[pa.Array, Picked]:
    """Recipients of all rows, one after another, and the row of each.

    Args:
        lists: Addresses joined by semicolons; in what a shell exported, also by blanks or commas.
        counts: How many each row says it has, if it says so: where semicolons part as many, they
            are what joins them.
    """
    split = pc.split_pattern(lists, ";")
    unclear = pc.not_equal(lists, "")
    if counts is not None:
        same = pc.equal(pc.list_value_length(split), counts)
        unclear = pc.and_(unclear, pc.invert(pc.fill_null(same, False)))
    if pc.any(unclear).as_py():
        lists = pc.if_else(unclear, lists, NULL)
        anew = pc.split_pattern(pc.replace_substring_regex(lists, DOMAIN_END, r"\1;"), ";")
        quoted = pc.if_else(pc.match_substring(lists, '"'), lists, NULL)
        careful = [text and ADDRESS.findall(text) for text in quoted.to_pylist()]
        split = pc.coalesce(pa.array(careful, split.type), anew, split)
    values = pc.utf8_trim_whitespace(pc.list_flatten(split))
    parents = pc.list_parent_indices(split).to_numpy().astype(np.intp)
    kept = pc.not_equal(values, "")
    return pc.utf8_trim(values.filter(kept), "<>"), parents[kept.to_numpy(zero_copy_only=False)]


def statuses_of(texts: pa.Array, counts: Picked) -> pa.Array:
    """One status for each recipient of each row, in the same order.

    Where the pieces do not match the recipients, for a status itself holds the separator, pieces
    that begin with a reply code are taken as beginnings; if that does not match either, each
    recipient gets the whole text.
    """
    wanted = pa.array(counts)
    split = pc.split_pattern(texts, ";")
    fits = pc.equal(pc.list_value_length(split), wanted)
    for beginning in NEXT_STATUSES:
        if pc.all(fits).as_py():
            break
        marked = pc.replace_substring_regex(pc.if_else(fits, NULL, texts), beginning, "\\1\x1f\\2")
        anew = pc.split_pattern(marked, "\x1f")
        found = pc.fill_null(pc.equal(pc.list_value_length(anew), wanted), False)
        split, fits = pc.if_else(found, anew, split), pc.or_(fits, found)
    parent = pa.array(np.repeat(np.arange(len(counts)), counts))
    each = pc.list_flatten(split.filter(fits))
    result = pc.replace_with_mask(texts.take(parent), fits.take(parent), each)
    return null_if_empty(pc.utf8_trim_whitespace(result))


def says_expired(words: pa.Array) -> pa.Array:
    """Which statuses are of a message that waited too long."""
    return pc.match_substring_regex(pc.fill_null(words, ""), EXPIRED)


def dsns(words: pa.Array) -> pa.Array:
    """The enhanced code in each status."""
    found = pc.extract_regex(pc.fill_null(words, ""), DSN_CODE)
    return null_if_empty(pc.struct_field(found, "dsn"))


def next_ids(context: pa.Array) -> pa.Array:
    """The id that the next server of ours answers with: in few answers there is one."""
    named = pc.fill_null(pc.match_substring(context, "[InternalId="), False)
    answers = pc.extract_regex(context.filter(named), NEXT_ID)
    return pc.replace_with_mask(
        pa.nulls(len(context), pa.string()), named, null_if_empty(pc.struct_field(answers, "id"))
    )


def names_next(context: pa.Array) -> pa.Array:
    """Which answers name the message as Postfix or Sendmail goes on with it."""
    by_postfix = pc.match_substring(context, " queued as ")
    by_sendmail = pc.match_substring(context, " Message accepted for delivery")
    return pc.fill_null(pc.or_(by_postfix, by_sendmail), False)


def senders(paths: pa.Array) -> pa.Array:
    """Envelope senders: `<>` is the null sender, nothing at all is unknown."""
    return pc.if_else(pc.equal(paths, ""), NULL, pc.utf8_trim(paths, "<>"))


def numbers(texts: pa.Array) -> pa.Array:
    plain = pc.match_substring_regex(texts, "^[0-9]{1,18}$")
    return pc.if_else(plain, texts, NULL).cast(pa.int64())
