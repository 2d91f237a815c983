"""What became of every line and every input? It goes into the manifest and the unread table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer import formats, words
from analyzer.errors import AccountingError, SettingsError
from analyzer.pipeline.dating import Dated, Span, twins
from analyzer.pipeline.reading import Piece
from analyzer.schema import QUEUE, UNREAD
from analyzer.window import Window


def inputs(pieces: Sequence[Piece], dated: Dated, window: Window) -> list[dict[str, Any]]:
    """What the manifest says of each input.

    `repeats`: how many of its parsed lines another input has too, by that input; by itself, how
    many it has more than once. They count once.

    Raises:
        AccountingError: parsed + ignored + blank + unread differ from the lines read.
    """
    first_of, spans = twins(pieces), dated.spans
    return [
        {
            **_entry(piece, spans.get(piece.name, (None, None))),
            "duplicate_of": first_of[piece.name]
            if piece.log and first_of[piece.name] != piece.name
            else None,
            "repeats": dict(sorted(dated.repeated.get(piece.name, {}).items())),
            "outside_window": _outside(dated.logs.get(piece.name, {}), window, dated.zone),
        }
        for piece in pieces
    ]


def unread(pieces: Sequence[Piece], dated: Dated) -> pa.Table:
    """UNREAD of every log that counts, in order of the inputs and lines."""
    first_of = twins(pieces)
    counted = [
        piece
        for piece in pieces
        if piece.name in dated.logs
        or (piece.queue is not None and first_of[piece.name] == piece.name)
    ]
    return pa.concat_tables([_unread(piece) for piece in counted])


def queue(pieces: Sequence[Piece]) -> pa.Table:
    """QUEUE of every listing, each once."""
    first_of = twins(pieces)
    listed = [p.queue for p in pieces if p.queue is not None and first_of[p.name] == p.name]
    return pa.concat_tables([QUEUE.empty_table(), *listed])


def clock_offsets(clocks: pd.DataFrame) -> list[dict[str, Any]]:
    """What the manifest says of servers whose clocks may disagree."""
    return [
        {
            "server": row["server"],
            "next_server": row["next_server"],
            "hand_overs": int(row["hand_overs"]),
            "median_seconds": round(float(row["seconds"]), 1),
            "mad_seconds": round(float(row["mad"]), 1),
        }
        for row in clocks.to_dict("records")
    ]


def _entry(piece: Piece, span: Span) -> dict[str, Any]:
    found, account, log = piece.found, piece.account, piece.log
    first, last = (time.isoformat() if time is not None else None for time in span)
    return {
        "path": found.name,
        "size": account.size,
        "sha256": account.sha256,
        "stream_size": account.stream_size,
        "stream_sha256": account.stream_sha256,
        "carrier": found.carrier,
        "format": _format(piece) if log else "unknown" if found.kind == "text" else found.kind,
        "note": found.note,
        "first": first,
        "last": last,
        "lines": account.lines,
        **_counts(piece),
        "ignored_by_program": dict(sorted(log.ignored_by_program.items())) if log else {},
        "partial_last": account.partial_last,
        "damage": piece.damage,
    }


def _counts(piece: Piece) -> dict[str, int]:
    log = piece.log
    if log is None:  # text of something else is passed over, as the lines of other programs are
        lost = piece.account.lines if piece.missed else 0
        passed_over = piece.account.lines - lost
        return {"parsed": 0, "ignored": passed_over, "blank": 0, "unread": lost}
    counts = {
        "parsed": log.parsed,
        "ignored": log.ignored,
        "blank": log.blank,
        "unread": len(log.unread) + len(piece.account.overlong),
    }
    if sum(counts.values()) != piece.account.lines:
        what = f"{counts} do not add up to {piece.account.lines} lines"
        raise AccountingError(what, piece.name, "Please report this.")
    return counts


def _format(piece: Piece) -> str:
    """The mail servers that wrote to this log, or whose queue it lists."""
    if piece.queue is not None:
        return ", ".join(["listing of the queue", *sorted(set(piece.queue["mta"].to_pylist()))])
    tables = piece.log.tables.values() if piece.log else ()
    written = [table["mta"].unique().to_pylist() for table in tables]
    return ", ".join(sorted({name for names in written for name in names if name}))


def _outside(tables: dict[str, pa.Table], window: Window, zone: str) -> int:
    """Parsed lines that were written before or after the time asked about."""
    if not window.given:
        return 0
    return sum(int((~inside).sum()) for inside in _held(tables, window, zone))


def _held(tables: dict[str, pa.Table], window: Window, zone: str) -> Iterator[pd.Series[bool]]:
    """Which lines lie inside, some at a time."""
    chunks = (chunk for table in tables.values() for chunk in table["time"].chunks)
    return (window.holds(chunk.to_pandas(), zone) for chunk in chunks)


def must_hold_lines(dated: Dated, window: Window) -> None:
    """Silence about a time that the logs do not tell of is no answer.

    Raises:
        SettingsError: no line is of the time asked about.
    """
    times = [time for span in dated.spans.values() for time in span if time is not None]
    if not window.given or not times:
        return
    logs = dated.logs.values()
    if any(inside.any() for tables in logs for inside in _held(tables, window, dated.zone)):
        return
    options = {"--since": window.since, "--until": window.until}
    asked = " ".join(f"{name} {text}" for name, text in options.items() if text is not None)
    goes = f"The logs go from {words.moment(min(times))} to {words.moment(max(times))}."
    raise SettingsError("no line is of the time asked about", asked, f"{goes} Ask about a part.")


def _unread(piece: Piece) -> pa.Table:
    """Lines that no shape fits, and those too long to be one, of which both ends are kept."""
    assert piece.log is not None
    longest = [
        {
            "source": line.source,
            "line": line.line,
            "offset": line.offset,
            "note": f"overlong: {line.length} bytes, sha256 {line.sha256}; both ends are kept",
            "text": line.first + b" ... " + line.last,
        }
        for line in piece.account.overlong
    ]
    both = [piece.log.unread, pa.Table.from_pylist(longest, UNREAD)]
    return formats.in_order(pa.concat_tables(both), "line")


def inferred(found: pd.DataFrame) -> list[dict[str, Any]]:
    """What was taken for ours or may be, where the site does not say, with its reason."""
    columns = ["key", "value", "confidence", "times", "unit", "reason"]
    rows = found[columns].astype({"times": "int64"}).astype("object")
    return [dict(zip(columns, row, strict=True)) for row in rows.itertuples(index=False)]
