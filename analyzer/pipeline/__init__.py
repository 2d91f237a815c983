"""The whole story on one screen: evidence, events, messages, findings, impact, files.

The only place that joins the rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import evidence
from analyzer.case import Case, added
from analyzer.folder import CaseFolder, Settings
from analyzer.pipeline.reading import read_all
from analyzer.pipeline.spooling import spooled
from analyzer.progress import Show
from analyzer.window import Window

if TYPE_CHECKING:
    from analyzer.config import Configuration
    from analyzer.site import Site

__all__ = ["Outcome", "analyze"]


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
        SettingsError: no evidence, no mail log among it, or a case that was made of other evidence.
        AccountingError: lines do not add up.
        HashMismatch: the existing case is not what its manifest says.
        EnvironmentTrouble: the case cannot be written, or memory or disk do not suffice.
    """
    settings = Settings.of(site, site_path, year, window or Window())
    folder = CaseFolder(case, arguments, settings, force) if case is not None else None
    found = evidence.find(arguments)
    what_follows = "analyzer.pipeline.examining"  # it needs pandas: loaded while logs are read
    with spooled(found, folder.blocks if folder else None) as spool:
        pieces = read_all(found, progress, spool, meanwhile=partial(import_module, what_follows))
        complete = all(piece.whole for piece in pieces)
        from analyzer.pipeline import auditing, examining

        if folder and (existing := folder.already([piece.account.sha256 for piece in pieces])):
            if configuration is not None:
                auditing.keep(folder.path, existing, configuration)
            return Outcome(existing, complete, fresh=False)
        zone = site.timezone if site else None
        dated = examining.date(pieces, settings.year, zone, spool)
        more = (pieces, dated, site, settings, spool)
        if folder:
            with folder.new() as place:
                result = replace(examining.examine(*more, place, progress), **added(place))
                result.audit = auditing.current(result, configuration)
                outputs = written(result, place)
            result = replace(result, manifest=result.manifest | {"outputs": outputs}, events=None)
        else:
            result = examining.examine(*more, None, progress)
            result.audit = auditing.current(result, configuration)
    return Outcome(result, complete, fresh=True)


def written(case: Case, place: Path) -> dict[str, str]:
    """What people and programs read of the case, as of `report.write`."""
    from analyzer import charts, report

    return report.write(case, charts.draw(case), place)
