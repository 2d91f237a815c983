"""The whole story on one screen: evidence, events, messages, findings, impact, files. Joins the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer import charts, detect, engines, evidence, formats, impact, messages, report
from analyzer.case import Case
from analyzer.detect.detector import Evidence as ToJudge
from analyzer.errors import AccountingError, SettingsError
from analyzer.folder import CaseFolder, Settings
from analyzer.schema import DELIVERIES, EVENTS, UNREAD, fit
from analyzer.site import Site
from analyzer.window import Window

ASSUMED_ZONE = "UTC"

Progress = Callable[
    [str, int, int], None
]  # file, bytes read of all evidence, bytes of all evidence


@dataclass(frozen=True)
class Outcome:
    """`complete`: all evidence was read to its end. `fresh`: False where the case was already there."""

    case: Case
    complete: bool
    fresh: bool


@dataclass(frozen=True)
class _Read:
    """One piece of evidence, and the log in it, if it is one."""

    found: evidence.Evidence
    account: evidence.Account
    log: formats.Log | None


def analyze(
    arguments: Sequence[str | Path],
    *,
    site: Site | None = None,
    site_path: Path | None = None,
    case: Path | None = None,
    year: int | None = None,
    window: Window | None = None,
    force: bool = False,
    progress: Progress | None = None,
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
    found = evidence.find(arguments)
    read = [_read(item, progress, found) for item in found]
    if folder is not None and (existing := folder.already([item.account.sha256 for item in read])):
        return Outcome(existing, all(_whole(item) for item in read), fresh=False)
    result = _judge(read, site, year, settings)
    if folder is not None:
        with folder.new() as place:
            report.write_events(result.events, place)
            report.write(result, charts.draw(result.volume), place)
        result = Case.load(folder.path)
    return Outcome(result, all(_whole(item) for item in read), fresh=True)


def _read(
    item: evidence.Evidence, progress: Progress | None, all_of_it: Sequence[evidence.Evidence]
) -> _Read:
    """One pass over one piece of evidence: its hashes, and its lines as events."""
    reader = evidence.read(item)
    before = sum(other.size for other in all_of_it[: all_of_it.index(item)])
    total = sum(other.size for other in all_of_it)

    recogniser = formats.Recogniser()
    blocks = formats.whole_records(reader)
    with_readers = ((recogniser.of(block.data), block) for block in blocks)

    def parse(job: tuple[formats.Read, evidence.Block]) -> formats.Reading:
        read, block = job
        return read(block.source, block.first_line, block.offset, block.data)

    readings = []
    for reading in engines.in_order(parse, with_readers):
        readings.append(reading)
        if progress:
            progress(item.name, before + min(item.size, reading.bytes_read), total)
    if progress:
        progress(item.name, before + item.size, total)
    log = formats.joined(item.name, readings)
    is_log = any(len(table) for table in log.tables.values())
    return _Read(item, reader.account, log if is_log else None)


def _judge(read: Sequence[_Read], site: Site | None, year: int | None, settings: Settings) -> Case:
    """From events to a case, all in memory."""
    first_of: dict[str, str] = {}
    for item in read:
        first_of.setdefault(item.account.stream_sha256, item.found.name)
    logs = {
        item.found.name: item.log
        for item in read
        if item.log and first_of[item.account.stream_sha256] == item.found.name
    }
    if not logs:
        raise SettingsError(
            "no mail log among the evidence", ", ".join(_what(item) for item in read), NO_LOG
        )
    stated = site.timezone if site else None
    zones = dict.fromkeys(logs, (stated, "")) if stated else formats.zones(logs.values())
    modified = {
        i.found.name: pd.Timestamp(i.found.mtime_ns).year
        for i in read
        if i.found.mtime_ns is not None
    }
    years = formats.years(list(logs.values()), year, modified)
    undated = [
        name
        for name, log in logs.items()
        if name not in years and log.turned.first != formats.logs.MISSING
    ]
    if undated:
        raise SettingsError(
            "nothing tells the year of its stamps",
            undated[0],
            "Give the year of its first line: --year 2026",
        )
    window, window_zone = settings.window, stated or ASSUMED_ZONE
    tables = {
        name: formats.dated(log, years.get(name), zones.get(name, (ASSUMED_ZONE, ""))[0])
        for name, log in logs.items()
    }
    names = formats.order(tables)
    counted, repeated = formats.once(tables, names)
    events = _one_table_a_kind(counted, names)
    assembled = _asked_about(messages.assemble(events, site), window, window_zone)
    attempts = assembled.attempts.to_pandas()
    attempts["client_side"] = assembled.locality.clients(attempts["client_ip"])
    spans = {name: _span(mine) for name, mine in tables.items()}
    known = [time for span in spans.values() for time in span if time is not None]
    judged = detect.judge(
        ToJudge(
            assembled.deliveries,
            attempts,
            assembled.server_events,
            _later(min(known, default=None), window.bounds(window_zone)[0]),
            _earlier(max(known, default=None), window.bounds(window_zone)[1]),
            not assembled.locality.inferred,
            tuple(map(str, site.doubted_networks)) if site else (),
            tuple(sorted(assembled.locality.domains or ())),
            window.rows(_lost_lines(events), "time", window_zone),
        )
    )
    rows = judged.deliveries
    volume = impact.hourly(rows)
    blocklists = impact.echo(assembled.tried, rows)
    return Case(
        messages=assembled.messages,
        deliveries=fit(
            pa.Table.from_pandas(
                rows[[n for n in DELIVERIES.names if n in rows]], preserve_index=False
            ),
            DELIVERIES,
        ),
        attempts=assembled.attempts,
        findings=judged.findings,
        volume=volume,
        unread=pa.concat_tables([_unread(item) for item in read if item.found.name in logs]),
        impact={"figures": impact.figures(volume, blocklists), "blocklists": blocklists},
        manifest={
            **settings.as_json(inferred=assembled.locality.inferred),
            "clock": [
                _clock(name, years[name], *zones.get(name, (ASSUMED_ZONE, "")))
                for name in sorted(years)
            ],
            "inputs": [
                _account(item, spans, first_of, repeated)
                | {"outside_window": _outside(tables.get(item.found.name, {}), window, window_zone)}
                for item in read
            ],
        },
        events=_flat(events),
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


def _later(one: pd.Timestamp | None, other: pd.Timestamp | None) -> pd.Timestamp | None:
    return one if other is None or one is None else max(one, other)


def _earlier(one: pd.Timestamp | None, other: pd.Timestamp | None) -> pd.Timestamp | None:
    return one if other is None or one is None else min(one, other)


def _outside(tables: dict[str, pa.Table], window: Window, zone: str) -> int:
    """Parsed lines that were written before or after the time asked about."""
    if not window.given:
        return 0
    inside = (window.holds(table["time"].to_pandas(), zone) for table in tables.values())
    return sum(int((~mask).sum()) for mask in inside)


def _clock(name: str, year: formats.Year, zone: str, told_by: str) -> dict[str, Any]:
    ground = f"{year.ground}; {zone} by {told_by}" if told_by else year.ground
    return {"path": name, "year": year.year, "ground": ground, "timezone": zone}


NO_LOG = (
    "Give a log of Postfix or Sendmail (mail.log, maillog) or Exchange message tracking (MSGTRK), "
    "plain or compressed, or a folder that holds one."
)


def _one_table_a_kind(
    tables: dict[str, dict[str, pa.Table]], names: Sequence[str]
) -> dict[str, pa.Table]:
    """The events of all logs, by kind, with `order`: what was written first."""
    kinds = sorted({kind for mine in tables.values() for kind in mine})
    ranked = {
        name: {
            kind: table.append_column(
                "order", pa.array(table["line"].to_numpy() + rank * formats.logs.LINES_A_FILE)
            )
            for kind, table in tables[name].items()
        }
        for rank, name in enumerate(names)
    }
    return {
        kind: pa.concat_tables(
            [ranked[name][kind] for name in names if kind in ranked[name]],
            promote_options="default",
        ).unify_dictionaries()
        for kind in kinds
    }


def _flat(events: dict[str, pa.Table]) -> pa.Table:
    """All events as EVENTS, in the order they were written."""
    parts = [
        table.append_column("kind", pa.array([kind] * len(table), pa.string()))
        for kind, table in events.items()
    ]
    plain = [
        part.cast(
            pa.schema(
                [
                    (f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
                    for f in part.schema
                ]
            )
        )
        for part in parts
    ]
    return fit(pa.concat_tables(plain, promote_options="default").sort_by("order"), EVENTS)


def _lost_lines(events: dict[str, pa.Table]) -> pd.DataFrame:
    """Where the log says that lines are missing."""
    if "lines_lost" not in events:
        return pd.DataFrame()
    columns = ["time", "server", "lost", "relay", "source", "line", "offset"]
    lost: pd.DataFrame = fit(events["lines_lost"], EVENTS).select(columns).to_pandas()
    return lost


def _span(tables: dict[str, pa.Table]) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    times = pa.chunked_array(
        [chunk for table in tables.values() for chunk in table["time"].chunks]
    ).drop_null()
    return (
        (None, None)
        if not len(times)
        else (
            pd.Timestamp(pa.compute.min(times).as_py()),
            pd.Timestamp(pa.compute.max(times).as_py()),
        )
    )


def _unread(item: _Read) -> pa.Table:
    """Lines that no shape fits, and those too long to be one, of which both ends are kept."""
    assert item.log is not None
    longest = [
        {
            "source": line.source,
            "line": line.line,
            "offset": line.offset,
            "note": f"overlong: {line.length} bytes, sha256 {line.sha256}; both ends are kept",
            "text": line.first + b" ... " + line.last,
        }
        for line in item.account.overlong
    ]
    return pa.concat_tables([item.log.unread, pa.Table.from_pylist(longest, UNREAD)]).sort_by(
        "line"
    )


def _account(
    item: _Read, spans: dict[str, Any], first_of: dict[str, str], repeated: dict[str, Any]
) -> dict[str, Any]:
    """What the manifest says of an input; every line of it is accounted for.

    `repeats`: how many of its parsed lines another input has too, by that input; they count once.
    """
    found, account, log = item.found, item.account, item.log
    unread = len(log.unread) + len(account.overlong) if log else 0
    counts = (
        {"parsed": log.parsed, "ignored": log.ignored, "blank": log.blank, "unread": unread}
        if log
        else {}
    )
    if log and sum(counts.values()) != account.lines:
        raise AccountingError(
            f"{counts} do not add up to {account.lines} lines", found.name, "Please report this."
        )
    first, last = spans.get(found.name, (None, None))
    twin = first_of[account.stream_sha256]
    return {
        "path": found.name,
        "size": account.size,
        "sha256": account.sha256,
        "stream_size": account.stream_size,
        "stream_sha256": account.stream_sha256,
        "carrier": found.carrier,
        "format": _format(log) if log else found.kind if found.kind != "text" else "unknown",
        "note": found.note,
        "first": first.isoformat() if first else None,
        "last": last.isoformat() if last else None,
        "lines": account.lines,
        **counts,
        "ignored_by_program": dict(sorted(log.ignored_by_program.items())) if log else {},
        "partial_last": account.partial_last,
        "damage": account.damage,
        "duplicate_of": twin if log and twin != found.name else None,
        "repeats": dict(sorted(repeated.get(found.name, {}).items())),
    }


def _format(log: formats.Log) -> str:
    """The mail servers that wrote to this log."""
    names = {
        name for table in log.tables.values() for name in table["mta"].unique().to_pylist() if name
    }
    return ", ".join(sorted(names))


def _whole(item: _Read) -> bool:
    return item.account.damage is None and item.found.kind != "unreadable"


def _what(item: _Read) -> str:
    kind = item.found.note or {"text": "text, but no mail log", "empty": "empty"}.get(
        item.found.kind, item.found.kind
    )
    return f"{item.found.name} ({kind})"
