"""What can stop an analysis? A bad line cannot: it is kept as unread; nor can a damaged file.

AnalyzerError            exit code
    SettingsError        2   a setting is missing, unknown, or contradicts the evidence
    AccountingError      3   lines do not add up: a bug of ours
    HashMismatch         4   evidence or case is not what the manifest says
    EnvironmentTrouble   6   disk, memory, permission of the case folder
"""

from __future__ import annotations

INTERRUPTED = 130  # exit code where the user ends it, as shells have it


class AnalyzerError(Exception):
    """Says where, what, and what to do about it."""

    exit_code = 1

    # All three go to Exception.args, so that the error survives pickling in a worker.
    def __init__(self, what: str, where: object, remedy: str) -> None:
        super().__init__(what, str(where), remedy)

    def __str__(self) -> str:
        what, where, remedy = self.args
        return f"{where}: {what}\n  {remedy}"


class SettingsError(AnalyzerError):
    """A setting is missing, unknown, or contradicts the evidence."""

    exit_code = 2


class AccountingError(AnalyzerError):
    """parsed + ignored + blank + unread differ from the lines read: a bug of ours."""

    exit_code = 3


class HashMismatch(AnalyzerError):
    """Evidence or case is not what the manifest says."""

    exit_code = 4


class EnvironmentTrouble(AnalyzerError):
    """Disk, memory, or permission of the case folder."""

    exit_code = 6
