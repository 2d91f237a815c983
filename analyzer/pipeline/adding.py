"""How do a relay test and a blocklist check come into a case, and into its report?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from analyzer import charts, report
from analyzer.case import added
from analyzer.folder import ADDED, amended, unaltered


def add(case: Path, files: Mapping[str, bytes]) -> None:
    """Put files (of ADDED) into a case, and tell its report anew with what they say.

    Raises:
        SettingsError: the folder is no case.
        HashMismatch: an output is not what the manifest says.
        EnvironmentTrouble: it cannot be written.
    """
    assert set(files) <= set(ADDED)
    known = unaltered(case)
    with amended(case) as place:
        for name, data in files.items():
            (place / name).write_bytes(data)
        known = replace(known, **added(place))
        report.retell(known, charts.draw(known), place)
