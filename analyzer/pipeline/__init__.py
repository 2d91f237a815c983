"""The whole story on one screen: evidence, events, messages, findings, impact, files.

The only place that joins the rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analyzer import charts, detect, evidence, formats, impact, messages, report
from analyzer.case import Case
from analyzer.folder import CaseFolder, Settings
from analyzer.pipeline import accounting
from analyzer.pipeline.dating import Dated, date, flat
from analyzer.pipeline.reading import Piece, read_all
from analyzer.progress import Show
from analyzer.schema import DELIVERIES, EVENTS, fit
from analyzer.site import Site
from analyzer.window import Window

__all__ = ["Outcome", "analyze"]


@dataclass(frozen=True)
class Outcome:
    """`complete`: all evidence was read to its end. `fresh`: the case was not there already."""

    case: Case
    complete: bool
    fresh: bool


def analyze(
    arguments: Sequence[str | Path],
    *,
    site: Site | None = None,
    site_path: Path | None = None,
    case: Path | None = None,
    year: int | None = None,
    window: Window | None = None,
    force: bool = False,
    progress: Show | None = None,
) -> Outcome:
    """Find relay abuse in mail logs.

    Args:
        arguments: Files, folders, globs, or `-` for standard input.
        case: Folder for the results; None writes nothing.
        year: Year of the first line of logs whose stamps name none.
        window: The time asked about; None for all.

    Raises:
        SettingsError: no evidence, no mail log among it, or a case that was made of other evidence.
        AccountingError: lines do not add up.
        HashMismatch: the existing case is not what its manifest says.
        EnvironmentTrouble: the case cannot be written.
    """
    settings = Settings.of(site, site_path, year, window or Window())
    folder = CaseFolder(case, arguments, settings, force) if case is not None else None
    pieces = read_all(evidence.find(arguments), progress)
    complete = all(piece.whole for piece in pieces)
    if folder and (existing := folder.already([piece.account.sha256 for piece in pieces])):
        return Outcome(existing, complete, fresh=False)
    result = _examine(pieces, site, settings)
    if folder:
        with folder.new() as place:
            report.write_events(result.events, place)
            report.write(result, charts.draw(result.volume), place)
        result = Case.load(folder.path)
    return Outcome(result, complete, fresh=True)


def _examine(pieces: Sequence[Piece], site: Site | None, settings: Settings) -> Case:
    """From what was read to a case, all in memory."""
    window = settings.window
    dated = date(pieces, settings.year, site.timezone if site else None)
    assembled = _asked_about(messages.assemble(dated.events, site), window, dated.zone)
    judged = detect.judge(_evidence(assembled, dated, site, window))
    rows = judged.deliveries
    volume = impact.hourly(rows)
    blocklists = impact.echo(assembled.tried, rows)
    declared = rows[[name for name in DELIVERIES.names if name in rows]]
    return Case(
        messages=assembled.messages,
        deliveries=fit(pa.Table.from_pandas(declared, preserve_index=False), DELIVERIES),
        attempts=assembled.attempts,
        findings=judged.findings,
        volume=volume,
        unread=accounting.unread(pieces, dated),
        impact={"figures": impact.figures(volume, blocklists), "blocklists": blocklists},
        manifest={
            **settings.as_json(inferred=assembled.locality.inferred),
            "clock": dated.clock,
            "clock_offsets": accounting.clock_offsets(assembled.clocks),
            "inputs": accounting.inputs(pieces, dated, window),
        },
        events=flat(dated.events),
        queue=messages.with_their_messages(accounting.queue(pieces), rows),
    )


def _asked_about(whole: messages.Assembled, window: Window, zone: str) -> messages.Assembled:
    """What was received in the window, with all that became of it."""
    if not window.given:
        return whole
    rows = whole.deliveries
    begun = rows["received"].where(rows["received"].notna(), rows["completed"])
    return replace(
        whole,
        messages=window.table(whole.messages, "received", zone),
        deliveries=rows[window.holds(begun, zone)].reset_index(drop=True),
        attempts=window.table(whole.attempts, "time", zone),
        tried=window.rows(whole.tried, "time", zone),
        server_events=window.rows(whole.server_events, "time", zone),
    )


def _evidence(
    assembled: messages.Assembled, dated: Dated, site: Site | None, window: Window
) -> detect.Evidence:
    """What detectors look at, from what the other rooms made."""
    attempts = assembled.attempts.to_pandas()
    attempts["client_side"] = assembled.locality.clients(attempts["client_ip"])
    times = [time for span in dated.spans.values() for time in span if time is not None]
    since, until = window.bounds(dated.zone)
    return detect.Evidence(
        deliveries=assembled.deliveries,
        attempts=attempts,
        server_events=assembled.server_events,
        begins=max([min(times), *([since] if since is not None else [])]) if times else None,
        ends=min([max(times), *([until] if until is not None else [])]) if times else None,
        site_known=not assembled.locality.inferred,
        doubted_networks=tuple(map(str, site.doubted_networks)) if site else (),
        inferred_domains=tuple(sorted(assembled.locality.domains or ())),
        relay_domains_known=site is not None and site.relay_domains is not None,
        lost_lines=window.rows(_lost_lines(dated.events), "time", dated.zone),
        clocks=assembled.clocks,
        jumps=window.rows(formats.jumps(dated.logs), "time", dated.zone),
    )


def _lost_lines(events: dict[str, pa.Table]) -> pd.DataFrame:
    """Where the log says that lines are missing."""
    if "lines_lost" not in events:
        return pd.DataFrame()
    columns = ["time", "server", "lost", "relay", "source", "line", "offset"]
    lost: pd.DataFrame = fit(events["lines_lost"], EVENTS).select(columns).to_pandas()
    return lost
