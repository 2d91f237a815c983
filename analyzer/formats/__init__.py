"""Blocks of lines become EVENTS. One file a log format."""

from analyzer.formats.journal_export import whole_records
from analyzer.formats.logs import Log, Year, dated, joined, order, years, zones
from analyzer.formats.reader import Reading, read_syslog

__all__ = [
    "Log",
    "Reading",
    "Year",
    "dated",
    "joined",
    "order",
    "read_syslog",
    "whole_records",
    "years",
    "zones",
]
