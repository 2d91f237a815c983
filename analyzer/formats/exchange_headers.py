"""Which kind of Exchange log is it, and what are its columns? Judged by the line that names them.

| log | its columns are named by |
| --- | --- |
| message tracking, 2007 to Subscription Edition | `#Fields:` (`,`; `;` from a spreadsheet) |
| Get-MessageTrackingLog as CSV, message trace of Exchange Online | the first line (`,` or `;`) |
| message tracking of 2000 and 2003 | `# Date`, tab separated |
| SMTP receive protocol | `#Fields:` with `session-id` |

The files of the folder MessageTracking say more than any export. Of lists (`Recipients`) an export
keeps only `System.String[]` unless they are joined (by a semicolon, comma, bar or blank). Rows are
joined by `InternalMessageId`, where that is missing by `NetworkMessageId` or `MessageId`. Its
times are the server's own and written as in its country, so export with both written out:

    Get-MessageTrackingLog -ResultSize Unlimited |
      Select-Object @{n='Timestamp'; e={$_.Timestamp.ToUniversalTime().ToString('o')}},
        @{n='Recipients'; e={$_.Recipients -join ';'}},
        @{n='RecipientStatus'; e={$_.RecipientStatus -join ';'}},
        @{n='Reference'; e={$_.Reference -join ';'}}, * `
        -ExcludeProperty Timestamp, Recipients, RecipientStatus, Reference |
      Export-Csv tracking.csv -NoTypeInformation -Encoding UTF8
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace

from analyzer.formats.exchange import TRACKING
from analyzer.formats.exchange_2003 import TRACKING_2003
from analyzer.formats.exchange_protocol import PROTOCOL
from analyzer.formats.exchange_trace import TRACE
from analyzer.formats.layouts import Columns, Layout

LONGEST = 4 << 10  # bytes of a line that names columns; 30 names take 500
# Names in exports, without marks between words, and the tracking columns they stand for.
TRACKING_NAMES = (
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id "
    "source event-id internal-message-id message-id network-message-id recipient-address "
    "recipient-status total-bytes recipient-count related-recipient-address reference "
    "message-subject sender-address return-path message-info directionality tenant-id "
    "original-client-ip original-server-ip custom-data"
).split()
SAME = {name.replace("-", ""): name for name in TRACKING_NAMES} | {
    "timestamp": "date-time",
    "datetimeutc": "date-time",
    "recipients": "recipient-address",
    "sender": "sender-address",
}
# As an export names them.
TRACKING_NEEDED = {
    "date-time": "Timestamp",
    "event-id": "EventId",
    "recipient-address": "Recipients",
}
TRACKING_IDS = {  # one of them tells which rows are of one mail
    "internal-message-id": "InternalMessageId",
    "network-message-id": "NetworkMessageId",
    "message-id": "MessageId",
}
SURE = 4  # names of tracking columns in one line: no other table has so many
NEEDED: tuple[tuple[Layout, frozenset[str]], ...] = (
    *((TRACKING, frozenset({*TRACKING_NEEDED, own_id})) for own_id in TRACKING_IDS),
    (
        PROTOCOL,
        frozenset(
            {"date-time", "connector-id", "session-id", "sequence-number", "remote-endpoint"}
        ),
    ),
)
TRACES = (
    frozenset({"received", "senderaddress", "recipientaddress", "status"}),
    frozenset({"origintimestamp", "senderaddress", "recipientstatus"}),
    frozenset({"origintimestamputc", "senderaddress", "recipientstatus"}),
)


def columns_of(line: bytes) -> Columns | None:
    """The columns that a line names; None where it names none that we know."""
    if len(line) > LONGEST:
        return None
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("#Fields:"):
        fields = text.removeprefix("#Fields:")
        return _fields(fields, ",") or _fields(fields, ";")
    if text.startswith("#"):
        names = tuple(name.strip().lower() for name in text.lstrip("# ").split("\t"))
        return (
            Columns(TRACKING_2003, names)
            if {"date", "time", "event-id", "msgid"} <= set(names)
            else None
        )
    return _exported(text, ",") or _exported(text, ";")


def _fields(text: str, separator: str) -> Columns | None:
    """Of a log itself; a spreadsheet may have saved it with semicolons."""
    found = _known(tuple(name.strip().lower() for name in text.split(separator)))
    return found and replace(found, layout=replace(found.layout, separator=separator))


def _known(names: tuple[str, ...]) -> Columns | None:
    return next((Columns(layout, names) for layout, needed in NEEDED if needed <= set(names)), None)


def lacking(line: bytes) -> list[str]:
    """The columns that an export of message tracking lacks; none where the line is no such head."""
    text = line[:LONGEST].decode("utf-8", "replace").strip()
    heads = ({SAME.get(name, name) for name in _plain(text, separator)} for separator in ",;")
    names = max(heads, key=len)
    if len(names & set(SAME.values())) < SURE or "event-id" not in names:
        return []
    missing = [said for name, said in TRACKING_NEEDED.items() if name not in names]
    return missing if names & set(TRACKING_IDS) else [*missing, " or ".join(TRACKING_IDS.values())]


def _plain(text: str, separator: str) -> tuple[str, ...]:
    """The names in a line, without what marks words in them."""
    try:
        cells = next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return ()
    return tuple(re.sub("[^a-z0-9]", "", cell.lower()) for cell in cells)


def _exported(text: str, separator: str) -> Columns | None:
    plain = _plain(text, separator)
    if any(needed <= set(plain) for needed in TRACES):
        found: Columns | None = Columns(TRACE, plain)
    else:
        found = _known(tuple(SAME.get(name, name) for name in plain))
    return found and replace(found, layout=replace(found.layout, separator=separator))
