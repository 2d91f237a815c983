"""What do the people need who mend the server: cause, sources, steps, and the lines to read?"""

from __future__ import annotations

from typing import Any

from analyzer.case import Case
from analyzer.report import xarf
from analyzer.report.letter import items, paragraphs, wrapped
from analyzer.report.story import tell

SOURCES_SHOWN = 30
FINDINGS_SHOWN = 60


def texts(case: Case) -> dict[str, str]:
    """The text, and an X-ARF mail for each source, by file name."""
    return {"technical.txt": _text(tell(case)), **xarf.reports(case)}


def _text(story: dict[str, Any]) -> str:
    parts = [story["title"], story["subtitle"], story["doubt"], " ".join(story["lead"])]
    told = paragraphs(*parts).lstrip("\n")
    for head, lines in (
        ("How they got in", story["doors"]["reasons"]),
        ("Sources", _sources(story)),
        ("What happened when (UTC)", [f"{e['time']} {e['text']}" for e in story["timeline"]]),
        ("How sure this is", story["certainty"]),
        ("Findings and their lines", _findings(story)),
        ("What this cannot show", story["limits"]),
        ("Files", [f"{e['path']} SHA-256 {e['sha256']}" for e in story["inputs"]]),
    ):
        if lines:
            told += f"\n{head}\n{items(lines)}\n"
    return told + "\nWhat to do now\n" + "\n".join(map(_step, story["steps"]))


def _sources(story: dict[str, Any]) -> list[str]:
    rows = [
        f"{row['source']}: {row['mail']}, "
        f"{row['delivered']} delivered, {row['first_key']} to {row['last_key']}"
        for row in story["sources"][:SOURCES_SHOWN]
    ]
    more = len(story["sources"]) - SOURCES_SHOWN
    return rows + ([f"{more:,} more in deliveries.parquet"] if more > 0 else [])


def _findings(story: dict[str, Any]) -> list[str]:
    rows = [
        f"{f['id']} ({f['kind']}, {f['verdict']}) {f['subject']}: {f['reason']} "
        f"{'; '.join(f['evidence'])}"
        for f in story["findings"][:FINDINGS_SHOWN]
    ]
    more = len(story["findings"]) - FINDINGS_SHOWN
    return rows + ([f"{more:,} more in findings.json"] if more > 0 else [])


def _step(step: dict[str, Any]) -> str:
    lines = "".join(f"      {line}\n" for line in step["lines"])
    return wrapped(f"- {step['title']}: {step['text']}", "  ") + "\n" + lines
