"""What do dated events come to? Messages, findings, and the harm that was done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analyzer import engines, messages, report
from analyzer.case import Case
from analyzer.folder import Settings
from analyzer.pipeline import accounting, kept, memory
from analyzer.pipeline.dating import Dated, date
from analyzer.pipeline.judging import clock_changes, joined, judged
from analyzer.pipeline.pricing import harmed
from analyzer.pipeline.reading import Piece
from analyzer.progress import Show
from analyzer.rows import slices
from analyzer.schema import DELIVERIES, as_in_memory, fit
from analyzer.site import Site
from analyzer.spool import Spool

__all__ = ["date", "examine"]

VERDICTS = ["mechanism", "verdict"]  # of a delivery, names of few


def examine(
    pieces: Sequence[Piece],
    dated: Dated,
    site: Site | None,
    settings: Settings,
    spool: Spool,
    place: Path | None,
    progress: Show | None,
) -> Case:
    """From what was read to a case in memory; where *place* is given, the events lie there."""
    window = settings.window
    read = [(p.name, p.account.stream_sha256, p.found.mtime_ns) for p in pieces]
    known = kept.logs(read, settings.known)
    size = sum(piece.found.size for piece in pieces)

    def show(done: int, of: int) -> None:
        if progress:
            progress("joining" if done < of else "judging", size * done // of, size)

    lines = sum(map(len, dated.events.values()))
    with engines.Copies(memory.copies(lines)) as copies:
        jumps = copies.beside(clock_changes, dated)
        if place:
            copies.in_idle_time(report.write_events, dated.events, place)
        huge = messages.is_huge(dated.events)
        if huge:
            copies.wait()  # joining needs the memory
        place_of_parts = spool.following(known)
        assembled = joined(dated, site, window, place_of_parts, show, copies.each, copies.beside)
        inferred, verdicts = judged(assembled, dated, site, window, jumps())
        rows = {
            "messages": assembled.messages,
            "deliveries": _declared(verdicts.deliveries, spool),
            "attempts": assembled.attempts,
            "sessions": assembled.sessions,
        }
        if place and not huge:
            copies.beside(report.write_rows, rows, place)
        harm, told = harmed(dated, assembled, verdicts, window)
    return Case(
        **rows,
        findings=verdicts.findings,
        volume=harm.volume,
        unread=accounting.unread(pieces, dated),
        impact=told,
        manifest={
            **settings.as_json(inferred=assembled.locality.inferred),
            "inferred": accounting.inferred(inferred),
            "clock": dated.clock,
            "clock_offsets": accounting.clock_offsets(assembled.clocks),
            "inputs": accounting.inputs(pieces, dated, window),
        },
        events=dated.events,
        queue=messages.with_their_messages(accounting.queue(pieces), verdicts.deliveries),
        bandwidth=harm.bandwidth,
        pressure=harm.pressure,
        harm=harm.harm,
    )


def _declared(rows: pd.DataFrame, spool: Spool) -> pa.Table:
    """DELIVERIES. What pandas holds is not copied; what it holds as numbers of names, the verdicts,
    lies where tables lie.
    """
    schema = as_in_memory(DELIVERIES)
    plain = rows[[name for name in schema.names if name in rows and name not in VERDICTS]]
    table = pa.Table.from_pandas(plain, preserve_index=False)
    names = pa.schema([schema.field(name) for name in VERDICTS])
    told = spool.at_rest(
        "verdicts",
        (
            fit(pa.Table.from_pandas(rows.loc[:, VERDICTS][some], preserve_index=False), names)
            for some in slices(max(len(rows), 1))
        ),
    )
    for name in VERDICTS:
        table = table.append_column(name, told[name])
    return fit(table, schema)
