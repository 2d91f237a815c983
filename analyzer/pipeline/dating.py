"""When was each line written, in which order, and which lines stand in several files?"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer import formats
from analyzer.errors import SettingsError
from analyzer.pipeline.reading import Piece
from analyzer.spool import IN_MEMORY, Spool
from analyzer.window import Window

ASSUMED_ZONE = "UTC"
PLACE = ["server", "line", "offset", "time"]
Span = tuple[pd.Timestamp | None, pd.Timestamp | None]

NO_LOG = (
    "Give a log of Postfix or Sendmail (mail.log, maillog) or Exchange message tracking (MSGTRK), "
    "plain or compressed, or a folder that holds one."
)


@dataclass(frozen=True)
class Dated:
    """The events of all logs.

    Args:
        logs: By file, every event of it with its time.
        events: By kind, over all files, each line once, with `order`: what was written first.
        clock: What the manifest says of each file's year and zone.
        repeated: Lines of a file that another has too, by that other; by itself, those that it has
            more than once.
        zone: Time zone of what the user says.
        doubtful: Hours that summer time makes doubtful, as `formats.dated` tells them; and where
            a log is not of the stated zone.
    """

    logs: dict[str, dict[str, pa.Table]]
    events: dict[str, pa.Table]
    clock: list[dict[str, Any]]
    repeated: Mapping[str, Mapping[str, int]]
    zone: str
    doubtful: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def spans(self) -> dict[str, Span]:
        """First and last time of each file."""
        return {name: _span(tables) for name, tables in self.logs.items()}

    def within(self, window: Window) -> Span:
        """First and last time of all files, as far as they are asked about."""
        times = [time for span in self.spans.values() for time in span if time is not None]
        if not times:
            return None, None
        since, until = window.bounds(self.zone)
        first = max(min(times), since) if since is not None else min(times)
        return first, min(max(times), until) if until is not None else max(times)


def date(
    pieces: Sequence[Piece],
    year: int | None,
    stated_zone: str | None,
    spool: Spool = IN_MEMORY,
) -> Dated:
    """Give every event its time.

    Raises:
        SettingsError: there is no mail log, or nothing tells the year of one.
    """
    first_of = twins(pieces)
    logs = {
        p.name: p.log for p in pieces if p.log and p.queue is None and first_of[p.name] == p.name
    }
    if not logs:
        what = ", ".join(piece.described for piece in pieces)
        raise SettingsError("no mail log among the evidence", what, NO_LOG)
    zones = formats.zones([*logs.values()], ASSUMED_ZONE, stated_zone)
    years = _years(pieces, [*logs.values()], year)
    told = {
        name: formats.dated(log, years.get(name), zones[name].name) for name, log in logs.items()
    }
    tables = {
        name: {kind: _at_rest(table, f"{n}-{kind}", spool) for kind, table in dated.items()}
        for n, (name, (dated, _)) in enumerate(told.items())
    }
    names = formats.order(tables)
    twice = [name for name in names if formats.repeats_ids(tables[name])]
    tables, slack, late = formats.one_name_each(tables, twice)
    received, again, apart = formats.received_once(tables, twice)
    slack |= {server: max(slack.get(server, 0), seconds) for server, seconds in apart.items()}
    written_first = sorted(names, key=lambda name: late.get(name, 0))
    counted, repeated = formats.once(received, written_first, slack)
    for name, lines in again.items():
        repeated.setdefault(name, Counter())[name] = lines
    return Dated(
        tables,
        one_table_a_kind(counted, names),
        [
            _clock(name, years.get(name), zone)
            for name, zone in sorted(zones.items())
            if name in years or zone.ground
        ],
        repeated,
        stated_zone or ASSUMED_ZONE,
        together(
            [doubtful for _, doubtful in told.values()]
            + [_against(name, tables[name], zone) for name, zone in zones.items() if zone.against]
        ),
    )


def _years(
    pieces: Sequence[Piece], logs: Sequence[formats.Log], given: int | None
) -> dict[str, formats.Year]:
    """The year of the first line of each log whose stamps name none."""
    times = {piece.name: piece.found.mtime_ns for piece in pieces}
    modified = {name: time // 1_000 for name, time in times.items() if time is not None}
    years = formats.years(logs, given, modified)
    for log in logs:
        if log.name not in years and log.yearless:
            remedy = "Give the year of its first line: --year 2026"
            raise SettingsError("nothing tells the year of its stamps", log.name, remedy)
    return years


def twins(pieces: Sequence[Piece]) -> dict[str, str]:
    """For each piece the first one that carries the same bytes, itself as a rule."""
    first: dict[str, str] = {}
    return {p.name: first.setdefault(p.account.stream_sha256, p.name) for p in pieces}


def _at_rest(table: pa.Table, name: str, spool: Spool) -> pa.Table:
    """The table with its times where its other columns lie."""
    if spool.folder is None or not len(table):
        return table
    times = (pa.table({"time": chunk}) for chunk in table["time"].chunks)
    place = table.schema.get_field_index("time")
    return table.set_column(place, "time", spool.at_rest(name, times)["time"])


def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    there = [rows for rows in parts if len(rows)]
    return pd.concat(there, ignore_index=True) if there else pd.DataFrame()


def _clock(name: str, year: formats.Year | None, zone: formats.Zone) -> dict[str, Any]:
    told_by = f"{zone.name} by {zone.ground}" if zone.ground else ""
    ground = "; ".join(filter(None, [year.ground if year else "", told_by]))
    return {
        "path": name,
        "year": year.year if year else None,
        "ground": ground,
        "year_guessed": year is not None and year.guessed,
        "timezone": zone.name,
    }


def _against(name: str, tables: Mapping[str, pa.Table], zone: formats.Zone) -> pd.DataFrame:
    """The first line of a log whose zone is not the stated one, as `formats.jumps` tells places."""
    begins = [table.select(PLACE).slice(0, 1).to_pylist() for table in tables.values()]
    first = min(itertools.chain(*begins), key=operator.itemgetter("line"))
    told = {"what": "stated", "zone": zone.name, "stated": zone.against, "ground": zone.ground}
    return pd.DataFrame([{**first, "source": name, **told}])


def one_table_a_kind(
    tables: dict[str, dict[str, pa.Table]], names: Sequence[str]
) -> dict[str, pa.Table]:
    """As written, whatever reads the lines of one kind together; a chunk keeps its dictionaries."""
    by_kind: dict[str, list[pa.Table]] = {}
    for rank, name in enumerate(names):
        turned = formats.newest_first(tables[name])
        for kind, table in tables[name].items():
            line = pc.subtract(formats.LINES_A_FILE, table["line"]) if turned else table["line"]
            order = pc.add(line, rank * formats.LINES_A_FILE) if rank else line
            written = formats.in_order(table.append_column("order", order), "order")
            by_kind.setdefault(kind, []).append(written)
    return {kind: formats.stacked(parts) for kind, parts in sorted(by_kind.items())}


def _span(tables: dict[str, pa.Table]) -> Span:
    ends = [pc.min_max(table["time"]).as_py() for table in tables.values()]
    known = [end for end in ends if end["min"] is not None]
    if not known:
        return None, None
    first, last = min(end["min"] for end in known), max(end["max"] for end in known)
    return pd.Timestamp(first), pd.Timestamp(last)
