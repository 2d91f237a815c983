"""What does the mail server's own configuration say beside the log of a case?"""

from __future__ import annotations

from pathlib import Path

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
