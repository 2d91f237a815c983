"""Report: a case becomes files. The only room that writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.case import Case
from analyzer.report.events import write_events
from analyzer.report.tables import write_rows

if TYPE_CHECKING:
    from analyzer.report import figures

Beside = Callable[..., Callable[[], Any]]

__all__ = ["redraw", "retell", "tell", "told", "write", "write_events", "write_rows"]


def tell(case: Case) -> dict[str, Any]:
    """The story of a case, as plain words and numbers; loaded when asked for."""
    from analyzer.report import story

    return story.tell(case)


def write(
    case: Case, charts: Sequence[figures.Chart], folder: Path, beside: Beside = partial
) -> dict[str, str]:
    """Write everything for people and programs, the manifest last.

    Args:
        case: What an analysis found.
        charts: Finished drawings, in the order in which they are read.
        folder: An existing folder. Tables that already lie in it are entered in the manifest too.
        beside: What gives a function's result when asked: it may run meanwhile.

    Returns:
        SHA-256 of every output by its path in the folder, as in the manifest.
    """
    from analyzer.report import tables

    tables.write_tables(case, folder)
    return redraw(case, charts, folder, beside)


def redraw(
    case: Case, charts: Sequence[figures.Chart], folder: Path, beside: Beside = partial
) -> dict[str, str]:
    """impact.json, the charts, the report and the manifest; the tables lie in the folder."""
    from analyzer.report import figures, tables

    tables.write_json(case.impact, folder / "impact.json")
    drawings = folder / "charts"
    shutil.rmtree(drawings, ignore_errors=True)
    drawings.mkdir()
    drawn = beside(figures.write_pngs, charts, drawings)
    _tell(case, charts, folder)
    drawn()
    return _close(case, folder)


def retell(case: Case, charts: Sequence[figures.Chart], folder: Path) -> dict[str, str]:
    """The report, the audit and the manifest alone; the folder already holds everything else."""
    _tell(case, charts, folder)
    return _close(case, folder)


def _tell(case: Case, charts: Sequence[figures.Chart], folder: Path) -> None:
    from analyzer.report import tables

    if case.audit is not None:
        tables.write_json(case.audit, folder / "audit.json")
    for name, content in told(case, charts, events=folder).items():
        (folder / name).write_bytes(content)


def _close(case: Case, folder: Path) -> dict[str, str]:
    """The manifest, when all that it names lies there."""
    from analyzer.report import tables

    outputs = tables.hashes(folder)
    tables.write_json(case.manifest | {"outputs": outputs}, folder / "manifest.json")
    return outputs


def told(
    case: Case,
    charts: Sequence[figures.Chart],
    paper: str = "a4",
    events: Path | None = None,
) -> dict[str, bytes]:
    """The report as PDF and as a page, by file name; nothing is written.

    Args:
        events: The folder of the case, where the page may quote the lines of findings.
    """
    from analyzer.report import figures, html, lines, pdf

    pictures = [figures.picture(chart) for chart in charts]
    story = tell(case)
    return {
        "report.pdf": pdf.render(story, pictures, paper),
        "report.html": html.render(story, pictures, lines.said(events, case.findings)).encode(),
    }
