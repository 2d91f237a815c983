"""Blocks of lines become EVENTS. One file a log format.

What works on blocks is loaded at once; what works on whole logs needs pandas, and is loaded when
asked for: copies of the process read before it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.formats.clock import Turns
from analyzer.formats.in_order import in_order, stacked
from analyzer.formats.journal_export import whole_records
from analyzer.formats.listings import LISTING
from analyzer.formats.logs import LINES_A_FILE, Log, Year, joined, order, years, zones
from analyzer.formats.no_log import what_it_is
from analyzer.formats.reader import Reading, read_syslog
from analyzer.formats.recognise import Read, Recogniser

if TYPE_CHECKING:
    from analyzer.formats.clock_jumps import jumps
    from analyzer.formats.overlap import once
    from analyzer.formats.queue_listing import told
    from analyzer.formats.rotation import absent_parts
    from analyzer.formats.times import dated

__all__ = [
    "LINES_A_FILE",
    "LISTING",
    "Log",
    "Read",
    "Reading",
    "Recogniser",
    "Turns",
    "Year",
    "absent_parts",
    "dated",
    "in_order",
    "joined",
    "jumps",
    "once",
    "order",
    "read_syslog",
    "stacked",
    "told",
    "what_it_is",
    "whole_records",
    "years",
    "zones",
]

_HOMES = {
    "absent_parts": "rotation",
    "dated": "times",
    "jumps": "clock_jumps",
    "once": "overlap",
    "told": "queue_listing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'analyzer.formats' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"analyzer.formats.{_HOMES[name]}"), name)
