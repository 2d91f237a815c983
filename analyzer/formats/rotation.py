"""How was a log rotated: which files are its parts, and which parts are not among the evidence?

logrotate and newsyslog count up with age, or name the day: mail.log, mail.log.1, mail.1.log,
maillog-20260104.gz. But 192.0.2.1.log is a host's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_PART = re.compile(
    r"(?:(?<!\.[0-9])(?<!\.[0-9]{2})(?<!\.[0-9]{3})\.(?P<number>[0-9]{1,3})"
    r"|[-.](?P<day>[0-9]{8})(?:-(?P<time>[0-9]{2,10}))?)?"
    r"(?P<ending>\.log)?(?:\.(?:gz|xz|bz2|zst|Z))?\Z"
)
COLUMNS = ["server", "since", "until", "newer", "older", "absent", "source", "line", "offset"]


def absent_parts(logs: Mapping[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """One row a hole in the numbers of a rotated log, whose parts really grow older with them."""
    found = []
    for whole in _parts(logs).values():
        parts = {part.number: part.name for part in reversed(whole) if part.number is not None}
        for newer, older in itertools.pairwise(sorted(parts)):
            since, until = _end(logs[parts[older]], "max"), _end(logs[parts[newer]], "min")
            if older - newer > 1 and since is not None and until is not None and since <= until:
                absent = list(range(newer + 1, older))
                server = _server(logs[parts[newer]])
                names = (parts[newer], parts[older])
                found.append((server, since, until, *names, absent, parts[newer], 1, 0))
    return pd.DataFrame(found, columns=COLUMNS)


def rotated(names: Iterable[str]) -> list[list[str]]:
    """The parts of each rotated log, the oldest first; what is no part of one is alone."""
    return [[part.name for part in whole] for whole in _parts(names).values()]


class _Part(NamedTuple):
    """In order of age. `number`: 0 of what is still written to, None of what has a day."""

    age: tuple[int, int, int]
    name: str
    number: int | None


def _parts(names: Iterable[str]) -> dict[str, list[_Part]]:
    """By the name of each log its parts, the oldest first."""
    parts: dict[str, list[_Part]] = {}
    for name in sorted(names):
        found = _PART.search(name)
        if found is None:  # never: all of it may be missing
            continue
        whole = name[: found.start()] + (found["ending"] or "")
        if found["day"]:
            part = _Part((1, int(found["day"]), int(found["time"] or 0)), name, None)
        elif found["number"]:
            part = _Part((0, -int(found["number"]), 0), name, int(found["number"]))
        else:
            part = _Part((2, 0, 0), name, 0)
        parts.setdefault(whole, []).append(part)
    return {whole: sorted(found) for whole, found in parts.items()}


def _end(tables: dict[str, pa.Table], which: str) -> pd.Timestamp | None:
    ends = [pc.min_max(table["time"]).as_py()[which] for table in tables.values()]
    there = [pd.Timestamp(end) for end in ends if end is not None]
    return (max if which == "max" else min)(there) if there else None


def _server(tables: dict[str, pa.Table]) -> str | None:
    names = [pc.drop_null(table["server"].cast(pa.string())) for table in tables.values()]
    return next((named[0].as_py() for named in names if len(named)), None)
