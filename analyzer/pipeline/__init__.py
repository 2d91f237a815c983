"""The whole story on one screen: evidence, events, messages, findings, impact, files.

The only place that joins the rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analyzer import charts, engines, evidence, messages, report
from analyzer.case import Case, added
from analyzer.config import Configuration
from analyzer.folder import CaseFolder, Settings
from analyzer.pipeline import accounting, auditing, kept, memory
from analyzer.pipeline.dating import Dated, date
from analyzer.pipeline.judging import clock_changes, joined, judged
from analyzer.pipeline.pricing import harmed, reprice
from analyzer.pipeline.reading import Piece, read_all
from analyzer.pipeline.spooling import spooled
from analyzer.progress import Show
from analyzer.rows import slices
from analyzer.schema import DELIVERIES, as_in_memory, fit
from analyzer.site import Site
from analyzer.spool import Spool
from analyzer.window import Window

VERDICTS = ["mechanism", "verdict"]  # of a delivery, names of few

__all__ = ["Outcome", "analyze", "reprice"]


@dataclass(frozen=True)
class Outcome:
    """`complete`: all evidence was read to its end. `fresh`: the case was not there already."""

    case: Case
    complete: bool
    fresh: bool


def analyze(  # noqa: PLR0913 - what decides a case is an argument each
    arguments: Sequence[str | Path],
    *,
    site: Site | None = None,
    site_path: Path | None = None,
    case: Path | None = None,
    year: int | None = None,
    window: Window | None = None,
    configuration: Configuration | None = None,
    force: bool = False,
    progress: Show | None = None,
) -> Outcome:
    """Find relay abuse in mail logs.

    Args:
        arguments: Files, folders, globs, or `-` for standard input.
        case: Folder for the results; None writes nothing.
        year: Year of the first line of logs whose stamps name none.
        window: The time asked about; None for all.
        configuration: The mail server's own files; what they say of relaying is told beside.

    Raises:
        SettingsError: no evidence, no mail log among it, no line of the time asked about, or a case
            that was made of other evidence.
        AccountingError: lines do not add up.
        HashMismatch: the existing case is not what its manifest says.
        EnvironmentTrouble: the case cannot be written, or memory or disk do not suffice.
    """
    settings = Settings.of(site, site_path, year, window)
    folder = CaseFolder(case, arguments, settings, force) if case is not None else None
    found = evidence.find(arguments)
    with spooled(found, folder.blocks if folder else None) as spool:
        pieces = read_all(found, progress, spool)
        complete = all(piece.whole for piece in pieces)
        if folder and (existing := folder.already([piece.account.sha256 for piece in pieces])):
            if configuration is not None:
                auditing.keep(folder.path, existing, configuration)
            return Outcome(existing, complete, fresh=False)
        dated = date(pieces, settings.year, site.timezone if site else None, spool)
        accounting.must_hold_lines(dated, settings.window)
        if folder:
            with folder.new() as place:
                result = replace(
                    _examine(pieces, dated, site, settings, spool, place, progress), **added(place)
                )
                result.audit = auditing.current(result, configuration)
                with engines.Copies(1) as copies:
                    outputs = report.write(result, charts.draw(result), place, copies.beside)
            result = replace(result, manifest=result.manifest | {"outputs": outputs}, events=None)
        else:
            result = _examine(pieces, dated, site, settings, spool, None, progress)
            result.audit = auditing.current(result, configuration)
    return Outcome(result, complete, fresh=True)


def _examine(
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
