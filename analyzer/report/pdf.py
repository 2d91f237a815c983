"""How does the story become report.pdf?

Strangers' words reach the template as JSON: Typst shows them and never reads them as markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

from analyzer.display import FONTS
from analyzer.report.figures import Picture

TEMPLATE = Path(__file__).parent / "report.typ"
# Tagged PDF for archives and screen readers; Typst refuses to export what breaks their rules.
STANDARDS: Any = ["a-2a", "ua-1"]
SOURCES_SHOWN = 20
FINDINGS_SHOWN = 18
INPUTS_SHOWN = 16
HOLES_SHOWN = 20
PLACES_SHOWN = 3


# What --paper takes, and what Typst calls it.
PAPERS = {"a4": "a4", "letter": "us-letter"}


def render(story: dict[str, Any], pictures: Sequence[Picture], paper: str = "a4") -> bytes:
    """The PDF; its date is that of the log's last line, so the same case gives the same bytes."""
    pdf: bytes = _compiled(
        story, pictures, paper, pdf_standards=STANDARDS, timestamp=story["epoch"]
    )
    return pdf


def sheets(
    story: dict[str, Any], pictures: Sequence[Picture], paper: str = "a4", dots: float = 72
) -> list[bytes]:
    """The same pages as PNG, *dots* an inch."""
    made = _compiled(story, pictures, paper, format="png", ppi=dots)
    return list(made) if isinstance(made, list) else [made]


def _compiled(
    story: dict[str, Any], pictures: Sequence[Picture], paper: str, **options: Any
) -> Any:
    charts = {p.name: {"svg": p.svg, "alt": p.alt} for p in pictures}
    data = _cut(story) | {"charts": charts, "paper": PAPERS[paper]}
    return typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
        ),
        sys_inputs={"data": json.dumps(data)},
        **options,
    )


def _cut(story: dict[str, Any]) -> dict[str, Any]:
    """A report is read on paper: long tables end, and say how many rows follow elsewhere."""
    every = story["findings"]
    # What was only tried is counted under "What was tried"; its lines are in the page.
    weighty = [finding for finding in every if finding["kind"] != "attempt"][:FINDINGS_SHOWN]
    findings = [
        finding | {"evidence": finding["evidence"][:PLACES_SHOWN], "places": []}
        for finding in weighty
    ]
    return story | {
        "audit": _cut_audit(story["audit"]),
        "sources": story["sources"][:SOURCES_SHOWN],
        "sources_more": max(0, len(story["sources"]) - SOURCES_SHOWN),
        "findings": findings,
        "findings_more": len(every) - len(findings),
        "inputs": story["inputs"][:INPUTS_SHOWN],
        "inputs_more": max(0, len(story["inputs"]) - INPUTS_SHOWN),
    }


def _cut_audit(audit: dict[str, Any] | None) -> dict[str, Any] | None:
    """The worst findings of each server come first, and stay."""
    if audit is None:
        return None
    servers = [
        server
        | {
            "findings": server["findings"][:HOLES_SHOWN],
            "more": max(0, len(server["findings"]) - HOLES_SHOWN),
        }
        for server in audit["servers"]
    ]
    return audit | {"servers": servers}
