"""Which fields of a collector's record are time, host, program, process and text, and which line of
syslog do they make?

rsyslog, syslog-ng, Logstash, Elastic's agents, Fluentd, Graylog, Splunk, Loki, CloudWatch, NXLog
and Wazuh each have names of their own. Where no field names the program, the text is the line as
the server wrote it; where one does, the text has lost its header, or begins with the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.wrapped import NOTHING, one_line, word

Path = tuple[str, ...]  # a field, a field within it, …

# By role the names that a field may have, in small letters, the surest first; a dot leads into a
# field.
NAMES = {
    "text": (
        "message msg short_message @message _raw line log event.original syslogmessage content "
        "textpayload full_log system.syslog.message"
    ).split(),
    "time": (
        "@timestamp timestamp timereported isodate time _time timegenerated eventtime date"
    ).split(),
    "host": (
        "log.syslog.hostname system.syslog.hostname host.hostname host.name hostname host "
        "logsource syslog_hostname sysloghost fromhost computer source"
    ).split(),
    "program": (
        "log.syslog.appname system.syslog.program process.name process.program program syslogtag "
        "syslog-tag syslog_tag programname processname app-name appname app_name "
        "application_name syslog_program syslog_identifier ident sourcename tag"
    ).split(),
    "pid": (
        "log.syslog.procid system.syslog.pid process.pid pid processid procid process_id syslog_pid"
    ).split(),
}
MOSTLY = 0.5  # of the texts
AROUND = ("_source", "result", "jsonpayload")  # what a search or Google Cloud puts a record in
# rsyslog's recipes call it `tag`; so does Fluentd what tells it where a record goes.
_OF_SYSLOG = re.compile(r"[A-Za-z][^ \[\]:]*\[[0-9]{1,10}\]:?$")
_TAGGED = r"^ ?[A-Za-z][^ \[\]:]*\[[0-9]{1,10}\]: "  # a text without stamp and host
_OWN_TAG = r"^ ?(?P<program>[A-Za-z][^ \[\]:]*)(?:\[[0-9]{1,10}\])?: "
_HOSTED = r"^(?P<host>[^ ]+) [A-Za-z][^ \[\]:]*\[[0-9]{1,10}\]: "
_WHOLE = (
    r"^(?:<[0-9]{1,3}>)?"
    r"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][^ ]{8,24}) "
    r"[^ ]{1,255} (?P<program>[^ \[:]{1,64})(?:\[[0-9]{1,10}\])?: "
)


def fields(records: Iterable[Mapping[str, Any]]) -> dict[str, Path] | None:
    """By role the path to it in these records; None if none has a text."""
    paths: dict[str, Path] = {}
    for record in records:
        paths = {".".join(path).lower(): path for path in _leaves(record)} | paths
    known: dict[str, Path] = {}
    for role, names in NAMES.items():
        for name in (*names, *(f"{around}.{name}" for around in AROUND for name in names)):
            if name in paths:
                known.setdefault(role, paths[name])
    return known if "text" in known else None


def _leaves(record: Mapping[str, Any], before: Path = ()) -> Iterable[Path]:
    for name, value in record.items():
        if isinstance(value, dict):
            if len(before) < 3:
                yield from _leaves(value, (*before, name))
        elif isinstance(value, str | int | float) and (
            name != "tag" or _OF_SYSLOG.match(str(value))
        ):
            yield (*before, name)


def lines(told: Mapping[str, pa.Array]) -> pa.Array:
    """The line of syslog of each record, from its fields by role, as bytes; null without a text."""
    text = one_line(told["text"])
    if "time" not in told:
        return text
    nothing = pa.nulls(len(text), pa.binary())
    program, host = (_filled(told.get(role, nothing)) for role in ("program", "host"))
    program = pc.replace_substring_regex(program, r":?\s*\z", "")
    time = pc.coalesce(_time(told["time"]), pa.scalar(NOTHING))
    head = pc.binary_join_element_wise(time, word(pc.coalesce(host, pa.scalar(NOTHING))), b" ")
    said = pc.replace_substring_regex(text, "^ ", "")
    tag = pc.binary_join_element_wise(
        word(program), _process(program, told.get("pid", nothing)), b""
    )
    composed = pc.binary_join_element_wise(head, b" ", tag, b": ", said, b"")
    without_head = pc.binary_join_element_wise(head, said, b" ")
    composed = pc.if_else(_is_of(program, text, _OWN_TAG), without_head, composed)
    # Where few texts without a program begin like a server's, a stranger may have written it.
    alone = pc.if_else(pc.is_valid(program), None, text)
    tagged = pc.match_substring_regex(alone, _TAGGED)
    if (pc.mean(tagged).as_py() or 0) < MOSTLY:
        tagged = pa.nulls(len(text), pa.bool_())
    named = pc.if_else(_is_of(program, text, _WHOLE), text, composed)
    # The host may still stand before the program.
    first = pc.struct_field(pc.extract_regex(text, _HOSTED), "host")
    hosted = pc.fill_null(pc.equal(first, host), False)
    without_time = pc.binary_join_element_wise(time, text, b" ")
    tagged = pc.fill_null(tagged, False)
    bare = pc.if_else(hosted, without_time, pc.if_else(tagged, without_head, text))
    return pc.coalesce(named, bare)


def _filled(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, b""), None, text)


def _process(program: pa.Array, pid: pa.Array) -> pa.Array:
    """`[11]`, where the program has it not yet; a number may have become one with a point."""
    digits = pc.replace_substring_regex(pid, r"\.0\z", "")
    known = pc.match_substring_regex(digits, r"^[0-9]{1,10}\z")
    process = pc.binary_join_element_wise(b"[", pc.if_else(known, digits, None), b"]", b"")
    has_it = pc.match_substring_regex(program, r"\[[0-9]+\]\z")
    return pc.if_else(has_it, b"", pc.coalesce(process, pa.scalar(b"")))


def _is_of(program: pa.Array, text: pa.Array, header: str) -> pa.Array:
    """Whether the text has a header of this very program, that was taken apart and kept; a name may
    have lost what follows its slash.
    """
    within = pc.struct_field(pc.extract_regex(text, header), "program")
    named = pc.replace_substring_regex(program, r"\[[0-9]+\]\z", "")
    first = pc.replace_substring_regex(within, "/.*", "")
    return pc.fill_null(pc.or_(pc.equal(within, named), pc.equal(first, named)), False)


def _time(written: pa.Array) -> pa.Array:
    """Numbers are seconds since 1970, or thousandths, millionths, billionths of them; Kibana writes
    `Dec 7, 2026 @ 05:00:00.000`.
    """
    short = pc.replace_substring_regex(written, r"^([A-Z][a-z]{2}) ([0-9]),", r"\1  \2,")
    told = pc.replace_substring_regex(
        short, r"^([A-Z][a-z]{2} [ 0-9][0-9]), ([0-9]{4}) @ ([0-9:]{8})(?:\.[0-9]+)?\z", r"\2 \1 \3"
    )
    for digits, unit in ((10, "s"), (13, "ms"), (16, "us"), (19, "ns")):
        number = pc.match_substring_regex(written, rf"^[0-8][0-9]{{{digits - 1}}}(?:\.[0-9]*)?\z")
        if pc.any(number).as_py():
            whole = pc.replace_substring_regex(pc.if_else(number, written, None), r"\..*", "")
            moment = whole.cast(pa.string()).cast(pa.int64()).cast(pa.timestamp(unit))
            text = moment.cast(pa.timestamp("us")).cast(pa.string()).cast(pa.binary())
            told = pc.coalesce(pc.binary_join_element_wise(text, b"Z", b""), told)
    return told
