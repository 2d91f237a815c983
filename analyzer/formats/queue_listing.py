"""What still waits in the queue? Listings of `postqueue -j`, and of Postfix and Sendmail `mailq`.

A listing is no log: it tells of one moment, and names no server. Its rows are recipients.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.clock import turns
from analyzer.formats.pieces import pieces
from analyzer.formats.reader import Reading
from analyzer.schema import QUEUE, UNREAD, fit

LISTING = "queue_listing"  # name of the table in a reading; it is never among the events
JSON, POSTFIX, SENDMAIL = "postqueue -j", "mailq of Postfix", "mailq of Sendmail"
MARK = "\ufeff"  # that Windows puts before a text
STATES = {"*": "active", "!": "hold", "#": "expired", "-": "deferred", "X": "deferred"}

_HEAD = (
    r"^(?P<queue_id>[0-9A-Za-z]{5,40})(?P<mark>[*!#X-]?) +(?P<size>[0-9]{1,18}) +"
    r"(?:[0-9]{1,18}[+ ])?"  # the priority, with mailq -v, which then leaves out the day's name
    r"(?P<arrival_logged>(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{5,8}) +"
    r"(?P<sender>.*)$"
)
_REASON = r"^ *(?:8BITMIME +)?\((?P<reason>.*)\)$"
_RECIPIENT = r"^(?:\t| {8})[ \t]*(?P<recipient>[^ \t(].*)$"
# What may stand before it: the command as typed, and queues that are empty (Debian's Sendmail).
_PROMPT = r"(?:[^ \n]{1,80}|\[[^\]\n]{1,80}\])? ?[#$%>] ?"
_TYPED = rf"{_PROMPT}(?:sudo )?(?:/[a-z/]+/)?(?:mailq|postqueue|sendmail)(?: [^\n]{{0,60}})?"
_EMPTY = r"M(?:SP|TA) Queue status\.\.\.|/[^ \n]{1,200} is empty|\s*Total requests: 0"
_BEFORE = rf"(?:(?:{_TYPED}|{_EMPTY})?\r?\n){{0,8}}"
_FRAME = (
    r"^(?:-Queue ID-|-+Q-ID-+).*$|^-- [0-9]+ [KMG]?[Bb]ytes in [0-9]+ Requests?\.$|"
    r"^\s*Total requests: [0-9]+$|^\s*/[^ ]+ \([0-9]+ requests?\)$|^.*[Qq]ueue is empty$|"
    rf"^(?:{_TYPED}|{_EMPTY})$"
)
_IS_JSON = re.compile(rb'\s*\{"queue_name": ?"')
_IS_POSTFIX = re.compile(rf"{_BEFORE}-Queue ID-[ -]+Size-".encode())
_IS_SENDMAIL = re.compile(
    rf"{_BEFORE}(?:\s*/[^\n]{{1,400}} \([0-9]+ requests?\)[^\n]*\n)?-+Q-ID-+ --Size--".encode()
)


def listing(beginning: bytes) -> str | None:
    """What sort of listing begins so; None for anything else."""
    beginning = beginning.removeprefix(MARK.encode())
    if _IS_JSON.match(beginning):
        return JSON
    if _IS_POSTFIX.match(beginning):
        return POSTFIX
    return SENDMAIL if _IS_SENDMAIL.match(beginning) else None


def read_listing(kind: str, source: str, first_line: int, offset: int, data: bytes) -> Reading:
    """Whole lines of a listing; `tables` has one row a line, until `told` joins them."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not data.endswith(b"\n") and data:
        ends = np.append(ends, len(data))
    start = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    returned = (ends > start) & (np.frombuffer(data + b"\0", np.uint8)[ends - 1] == ord("\r"))
    texts = pieces(data, start.astype(np.int32), (ends - returned).astype(np.int32))
    text = pd.Series([t.decode("utf-8", "replace") for t in texts.to_pylist()], dtype="str")
    text = text.str.removeprefix(MARK)
    framed = text.str.contains(_FRAME, regex=True).to_numpy() & (kind != JSON)
    rows, read = _of_json(text) if kind == JSON else _of_mailq(text.mask(framed, ""))
    blank = text.str.strip().eq("").to_numpy()
    lost = np.flatnonzero(~read & ~framed & ~blank)
    at = rows["row"].to_numpy(np.int64)
    rows = rows.assign(
        mta="sendmail" if kind == SENDMAIL else "postfix",
        source=source,
        line=first_line + at,
        offset=offset + start[at],
    )
    unread = pa.table(
        {
            "source": pa.array([source] * len(lost), pa.string()),
            "line": pa.array(first_line + lost, pa.int64()),
            "offset": pa.array(offset + start[lost], pa.int64()),
            "program": pa.array([kind] * len(lost), pa.string()),
            "note": pa.array(["no shape fits"] * len(lost), pa.string()),
            "text": texts.take(pa.array(lost)),
        }
    )
    none = np.empty(0, np.int64)
    return Reading(
        {LISTING: pa.Table.from_pandas(rows.drop(columns="row"), preserve_index=False)},
        unread.cast(UNREAD),
        first_line,
        offset + len(data),
        len(text),
        int(read.sum()),
        int(framed.sum()),
        int((blank & ~read & ~framed).sum()),
        turns(none, none.astype(np.bool_), first_line),
        Counter({kind: int(framed.sum())} if framed.any() else {}),
    )


def _of_mailq(text: pd.Series[str]) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    head, reason, recipient = (text.str.extract(p) for p in (_HEAD, _REASON, _RECIPIENT))
    rows = pd.concat([head, reason, recipient], axis=1)
    rows["recipient"] = rows["recipient"].mask(head["queue_id"].notna() | reason["reason"].notna())
    rows["sender"] = rows["sender"].str.replace(r"^<(.*)>$", r"\1", regex=True)
    rows["sender"] = rows["sender"].mask(rows["sender"].eq("MAILER-DAEMON"), "")
    rows["recipient"] = rows["recipient"].str.replace(r"^<(.*)>$", r"\1", regex=True)
    rows["state"] = rows["mark"].map(STATES).where(rows["mark"].ne(""), "deferred")
    rows["state"] = rows["state"].where(rows["queue_id"].notna())
    rows["size"] = pd.to_numeric(rows["size"]).astype("Int64")
    read = rows[["queue_id", "reason", "recipient"]].notna().any(axis=1).to_numpy()
    unknown = pd.Series(pd.NaT, rows.index, dtype="datetime64[us, UTC]")
    rows = rows.assign(row=np.arange(len(rows)), arrived=unknown).drop(columns="mark")
    return rows[read], read


def _of_json(text: pd.Series[str]) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    told: list[dict[str, Any]] = []
    read = np.zeros(len(text), np.bool_)
    for row, line in enumerate(text):  # lines of a queue, not of a log
        try:
            said = json.loads(line)
            mine = [_entry(said, row, to) for to in said["recipients"] or [{}]]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
        told += mine
        read[row] = True
    columns = ["row", "queue_id", "state", "size", "sender", "recipient", "reason", "arrived"]
    rows = pd.DataFrame(told, columns=columns)
    arrived = pd.to_datetime(rows["arrived"], unit="s", utc=True).astype("datetime64[us, UTC]")
    return rows.assign(arrived=arrived, size=rows["size"].astype("Int64")), read


def _entry(said: dict[str, Any], row: int, to: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": row,
        "queue_id": _text(said["queue_id"]),
        "state": _text(said["queue_name"]),
        "size": int(np.int64(said["message_size"])),
        "sender": "" if said["sender"] == "MAILER-DAEMON" else _text(said["sender"]),
        "recipient": _text(to["address"]) if "address" in to else None,
        "reason": _text(to["delay_reason"]) if "delay_reason" in to else None,
        "arrived": int(pd.Timestamp(said["arrival_time"], unit="s").timestamp()),
    }


def _text(value: Any) -> str:
    """The value, if it is text that can be written down.

    Raises:
        TypeError: no text. UnicodeEncodeError: half a character.
    """
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def told(lines: pa.Table) -> pa.Table:
    """QUEUE, one row a recipient, of the rows of all blocks of one listing."""
    rows = lines.to_pandas()
    head = rows["queue_id"].notna()
    message = head.cumsum()
    for column in ("queue_id", "state", "size", "sender", "arrival_logged", "arrived"):
        if column in rows:
            rows[column] = rows.groupby(message)[column].ffill()
    rows["reason"] = rows.groupby(message)["reason"].ffill()
    whole = rows["recipient"].notna() & rows["queue_id"].notna()
    alone = head & ~message.isin(message[whole])  # a message whose recipients are not listed
    kept = rows[whole | alone].reset_index(drop=True)
    table = pa.Table.from_pandas(kept, preserve_index=False)
    for column in QUEUE.names:
        if column in table.column_names and pa.types.is_null(table[column].type):
            table = table.drop_columns(column)
    listed = fit(table, QUEUE)
    return listed.filter(pc.is_valid(listed["queue_id"]))
