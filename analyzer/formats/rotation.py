"""Which parts of a rotated log are not among the evidence?

logrotate and newsyslog count up with age: mail.log, mail.log.1, mail.log.2.gz, or mail.1.log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

PART = re.compile(
    r"(?P<whole>.*[^/.][^/]*)\.(?P<number>[0-9]{1,3})(?P<ending>\.log)?(?:\.(?:gz|xz|bz2|zst|Z))?"
)
COLUMNS = ["server", "since", "until", "newer", "older", "absent", "source", "line", "offset"]


def absent_parts(logs: Mapping[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """One row a hole in the numbers of a rotated log, whose parts really grow older with them."""
    found = []
    for parts in _rotated(logs).values():
        for newer, older in zip(sorted(parts), sorted(parts)[1:], strict=False):
            since, until = _end(logs[parts[older]], "max"), _end(logs[parts[newer]], "min")
            if older - newer > 1 and since is not None and until is not None and since <= until:
                absent = list(range(newer + 1, older))
                server = _server(logs[parts[newer]])
                names = (parts[newer], parts[older])
                found.append((server, since, until, *names, absent, parts[newer], 1, 0))
    return pd.DataFrame(found, columns=COLUMNS)


def _rotated(names: Mapping[str, object]) -> dict[str, dict[int, str]]:
    """The parts of each rotated log by their number; what is still written to is 0."""
    sets: dict[str, dict[int, str]] = {}
    for name in sorted(names):
        if part := PART.fullmatch(name):
            whole = part["whole"] + (part["ending"] or "")
            sets.setdefault(whole, {}).setdefault(int(part["number"]), name)
    for whole, parts in sets.items():
        if whole in names:
            parts.setdefault(0, whole)
    return sets


def _end(tables: dict[str, pa.Table], which: str) -> pd.Timestamp | None:
    ends = [pc.min_max(table["time"]).as_py()[which] for table in tables.values()]
    there = [pd.Timestamp(end) for end in ends if end is not None]
    return (max if which == "max" else min)(there) if there else None


def _server(tables: dict[str, pa.Table]) -> str | None:
    names = [pc.drop_null(table["server"].cast(pa.string())) for table in tables.values()]
    return next((named[0].as_py() for named in names if len(named)), None)
