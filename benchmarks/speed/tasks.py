"""What is timed, each in a process of its own: python -m benchmarks.speed.tasks TASK LOG [SITE]."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.case import Case


def reading(log: str, _site: str = "") -> None:
    """To EVENTS: every line read, every event with its time."""
    from analyzer import evidence
    from analyzer.pipeline.dating import date
    from analyzer.pipeline.reading import read_all
    from analyzer.pipeline.spooling import spooled

    found = evidence.find([log])
    with spooled(found, None) as spool:
        events = date(read_all(found, None, spool), 2026, None, spool).events
        print(sum(map(len, events.values())))


def analysis(log: str, site: str) -> None:
    """To written findings and tables: all but charts and reports."""
    from analyzer import charts, pipeline, report
    from analyzer import site as sites

    charts.draw = lambda _case: []
    report.write = _written
    place = Path(tempfile.mkdtemp(prefix="relaytrail-bench-"))
    try:
        case = pipeline.analyze(
            [log], site=sites.load(Path(site)), year=2026, case=place / "case"
        ).case
    finally:
        shutil.rmtree(place)
    print(len(case.deliveries), len(case.findings))


def _written(case: Case, _charts: object, folder: Path, _beside: object) -> dict[str, str]:
    """What `report.write` writes for programs."""
    from analyzer.report import tables

    tables.write_tables(case, folder)
    tables.write_json(case.impact, folder / "impact.json")
    outputs = tables.hashes(folder)
    tables.write_json(case.manifest | {"outputs": outputs}, folder / "manifest.json")
    return outputs


ID = r": ([0-9A-F]{6,}|[0-9B-Zb-z]{10,}): "
FIELDS = {
    ": to=<": r"to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=([^,]*), .*dsn=([^,]*), status=(\w+)(.*)",
    ": client=": r"client=([^\[]*)\[([^\]]*)\](?:, sasl_method=([^,]*), sasl_username=([^,]*))?",
    ": from=<": r"from=<([^>]*)>, size=(\d+), nrcpt=(\d+)",
    ": message-id=<": r"message-id=<([^>]*)>",
}


def polars(log: str, _site: str = "") -> None:
    """The fields of the four lines that make a message, by regular expressions."""
    import polars as pl

    text = pl.scan_csv(
        log,
        has_header=False,
        new_columns=["line"],
        separator="\x01",
        quote_char=None,
        encoding="utf8-lossy",
    )
    kinds = [
        text.filter(pl.col("line").str.contains(mark, literal=True)).select(
            pl.col("line").str.slice(0, 15).alias("stamp"),
            pl.col("line").str.extract_groups(ID + pattern).alias("fields"),
        )
        for mark, pattern in FIELDS.items()
    ]
    print(sum(len(found) for found in pl.collect_all(kinds)))


if __name__ == "__main__":
    from analyzer.ending import at_once
    from benchmarks.speed.stages import stages

    tasks = {"reading": reading, "analysis": analysis, "polars": polars, "stages": stages}
    tasks[sys.argv[1]](*sys.argv[2:])
    at_once(0)
