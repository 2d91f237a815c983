"""What does docs/performance.md say? Every figure as it was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.speed.measure import Figure, Stage

NOTES = Path(__file__).with_name("notes.md")
MB, GB = 1e6, 1e9
WHAT = {
    "wc -l": "`wc -l`",
    "pflogsumm": "pflogsumm",
    "polars": "polars, the same fields by regular expressions",
    "reading": "Relaytrail, reading to EVENTS",
    "analysis": "Relaytrail, whole analysis to written findings",
}
LOGS = {
    "postfix": "Postfix sample, enlarged",
    "generated": "generated: a new address every third line",
    "sendmail": "Sendmail sample, enlarged",
    "exchange": "Exchange sample, enlarged",
}


def write(
    figures: Sequence[Figure], stages: Sequence[Stage], sizes: Sequence[Figure], path: Path
) -> None:
    """The page: tables, then the notes that people write (notes.md)."""
    plain = [f for f in figures if not f.packed]
    text = [
        "# How fast is it, and how much memory does it need?",
        "",
        "Written by `make bench`; the notes at the end stand in `benchmarks/speed/notes.md`.",
        "",
        _machine(),
        "",
        *_missing(figures),
        "Every tool ran in a process of its own, in turn; medians. `s`: seconds by the clock,",
        "`CPU s`: processor seconds of all threads; memory: the peak of what lies in no file",
        "(of all its processes, looked at in one more run; of wc and pflogsumm of all that is",
        "resident): the system drops pages of mapped files when it needs their memory. Start of",
        "Python and imports are in the figures. The whole analysis ends with tables and findings",
        "written, without charts and reports.",
        "`times pflogsumm`: by the clock, then in CPU s.",
        "",
    ]
    for name in dict.fromkeys(f.log for f in plain):
        for packed in (False, True):
            mine = [f for f in figures if f.log == name and f.packed == packed]
            if mine:
                text += _table(name, packed, mine)
    text += _stages(stages)
    text += _sizes(sizes)
    path.write_text("\n".join([*text, NOTES.read_text("utf-8")]), "utf-8")


def table(figures: Sequence[Figure]) -> list[str]:
    rival = {f.tool: f for f in figures}.get("pflogsumm")
    rows = []
    for f in figures:
        ratio = [f"{rival.seconds / f.seconds:.1f}", f"{rival.cpu / f.cpu:.1f}"] if rival else []
        speed = (f"{f.bytes / MB / f.seconds:,.0f}", f"{f.lines / f.seconds:,.0f}")
        measured = (f"{f.seconds:.2f}", f"{f.cpu:.2f}", *speed, f"{f.memory / MB:,.0f} MB")
        rows.append((WHAT[f.tool], *measured, *ratio))
    times = ["times pflogsumm", "in CPU s"] if rival else []
    return rows_of(("", "s", "CPU s", "MB/s", "lines/s", "memory", *times), rows)


def rows_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _table(name: str, packed: bool, figures: Sequence[Figure]) -> list[str]:
    first = figures[0]
    how = "gzip" if packed else "plain"
    size = f"{first.bytes / MB:,.0f} MB, {first.lines:,} lines, {first.runs} runs"
    return [f"## {LOGS[name]}, {how}", "", f"{size}.", "", *table(figures)]


def _stages(stages: Sequence[Stage]) -> list[str]:
    """Where the time goes."""
    text = ["## Stages of the whole analysis", ""]
    text += [
        "One run each on the plain logs above; memory is what is held as a stage ends.",
        "",
    ]
    for name in dict.fromkeys(stage.log for stage in stages):
        mine = [stage for stage in stages if stage.log == name]
        rows = [(s.stage, f"{s.cpu:.2f}", f"{s.memory / MB:,.0f} MB") for s in mine]
        text += rows_of((LOGS[name], "CPU s", "memory"), rows)
    return text


def _sizes(figures: Sequence[Figure]) -> list[str]:
    """Time and memory against size, and how far from a straight line."""
    text = [
        "## Sizes",
        "",
        "The enlarged Postfix sample, plain, one run each. `off`: from the straight line",
        "",
    ]
    text[-2] += " through all sizes, by least squares of the relative distance."
    rows = []
    for tool in ("reading", "analysis"):
        mine = [f for f in figures if f.tool == tool]
        line = straight([(f.bytes, f.cpu) for f in mine])
        for f in mine:
            off = f.cpu / (line[0] + line[1] * f.bytes) - 1
            rows.append(
                (
                    f"{tool}, {f.bytes / MB:,.0f} MB",
                    f"{f.seconds:.2f}",
                    f"{f.cpu:.2f}",
                    f"{off:+.1%}",
                    f"{f.bytes / MB / f.seconds:,.0f}",
                    f"{f.memory / MB:,.0f} MB",
                    f"{f.memory / f.lines:,.0f}",
                )
            )
    heads = ("", "s", "CPU s", "off (CPU s)", "MB/s", "memory", "memory, bytes a line")
    return [*text, *rows_of(heads, rows)]


def straight(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope of y over x, the squares of relative distances the least."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    x = sum(w * p[0] for w, p in zip(weights, points, strict=True)) / total
    y = sum(w * p[1] for w, p in zip(weights, points, strict=True)) / total
    both = [(w, p[0] - x, p[1] - y) for w, p in zip(weights, points, strict=True)]
    spread = sum(w * dx * dx for w, dx, _ in both)
    slope = sum(w * dx * dy for w, dx, dy in both) / spread if spread else 0.0
    return y - slope * x, slope


def _machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "pandas", "numpy"))
    load, day = os.getloadavg()[2], datetime.now(UTC).date()
    return (
        f"{day}; {os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}, "
        f"{libraries}.\nLoad average of the last 15 minutes: {load:.1f}, part of it from "
        "other work: ratios within a table\nhold better than seconds."
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        told = []
    named = (line.partition(": ")[2] for line in told if line.startswith("model name"))
    return next(named, platform.machine())


def _missing(figures: Sequence[Figure]) -> list[str]:
    there = {f.tool for f in figures}
    lines = [f"Not measured, for it was not there: {tool}." for tool in WHAT if tool not in there]
    if "polars" in there:
        try:
            lines.append(f"polars {version('polars')}.")
        except PackageNotFoundError:
            lines.append("polars of unknown version.")
    return [*lines, ""] if lines else []
