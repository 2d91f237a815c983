"""What does the mail server's own configuration say beside the log of a case?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analyzer import charts, report
from analyzer.case import Case
from analyzer.config import Configuration
from analyzer.config.findings import Audit
from analyzer.folder import amended, unaltered


def add(folder: Path, configuration: Configuration) -> list[Audit]:
    """Audit the configuration, count in the case, and keep the result in the case and its report.

    Raises:
        SettingsError: the folder is no case, or no file is a mail server's.
        HashMismatch: an output of the case is not what its manifest says.
        EnvironmentTrouble: the case cannot be written.
    """
    configuration.audits()  # refused before anything is read
    return keep(folder, unaltered(folder), configuration)


def keep(folder: Path, case: Case, configuration: Configuration) -> list[Audit]:
    """The same for a case that was read; nothing is written if it already holds just this."""
    audits, record = configuration.audited(case)
    if record is not None and case.audit != record:
        case.audit = record
        with amended(folder) as place:
            report.retell(case, charts.draw(case), place)
    return audits


def current(case: Case, configuration: Configuration | None) -> dict[str, Any] | None:
    """The audit that stands in a case just made: of the files given, else the one that it had.

    Which messages fit a hole was counted in the evidence of that time: in other evidence nobody
    knows, until the files are audited again.
    """
    record = configuration.audited(case)[1] if configuration is not None else None
    if record is not None or case.audit is None or case.audit.get("counted_in") == case.made_of:
        return record or case.audit
    servers = [
        server | {"findings": [found | {"messages": None} for found in server["findings"]]}
        for server in case.audit["servers"]
    ]
    return case.audit | {"servers": servers, "counted_in": None}
