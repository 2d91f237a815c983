"""Blocks of lines become EVENTS. One file a log format."""

from analyzer.formats.clock import Turns
from analyzer.formats.delimited import HEADING
from analyzer.formats.in_order import in_order, newest_first, stacked
from analyzer.formats.journal_export import whole_records
from analyzer.formats.jumps import jumps
from analyzer.formats.logs import LINES_A_FILE, Log, Year, joined, order, years
from analyzer.formats.no_log import is_mail_server, speaks_of_mail, what_it_is
from analyzer.formats.overlap import once
from analyzer.formats.queue_listing import LISTING, told
from analyzer.formats.reader import Reading, read_syslog
from analyzer.formats.received_twice import received_once, repeats_ids
from analyzer.formats.recognise import Read, Recogniser
from analyzer.formats.rotation import absent_parts
from analyzer.formats.silences import silences
from analyzer.formats.times import dated
from analyzer.formats.two_names import one_name_each
from analyzer.formats.zones import Zone, zones

__all__ = [
    "HEADING",
    "LINES_A_FILE",
    "LISTING",
    "Log",
    "Read",
    "Reading",
    "Recogniser",
    "Turns",
    "Year",
    "Zone",
    "absent_parts",
    "dated",
    "in_order",
    "is_mail_server",
    "joined",
    "jumps",
    "newest_first",
    "once",
    "one_name_each",
    "order",
    "read_syslog",
    "received_once",
    "repeats_ids",
    "silences",
    "speaks_of_mail",
    "stacked",
    "told",
    "what_it_is",
    "whole_records",
    "years",
    "zones",
]
