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
FINDINGS_SHOWN = 24
INPUTS_SHOWN = 16
PLACES_SHOWN = 3


def render(story: dict[str, Any], pictures: Sequence[Picture]) -> bytes:
    """The PDF; its date is that of the log's last line, so the same case gives the same bytes."""
    data = _cut(story) | {"charts": {p.name: {"svg": p.svg, "alt": p.alt} for p in pictures}}
    pdf: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
        ),
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=STANDARDS,
        timestamp=story["epoch"],
    )
    return pdf


def _cut(story: dict[str, Any]) -> dict[str, Any]:
    """A report is read on paper: long tables end, and say how many rows follow elsewhere."""
    findings = [f | {"evidence": f["evidence"][:PLACES_SHOWN]} for f in story["findings"]]
    return story | {
        "sources": story["sources"][:SOURCES_SHOWN],
        "sources_more": max(0, len(story["sources"]) - SOURCES_SHOWN),
        "findings": findings[:FINDINGS_SHOWN],
        "findings_more": max(0, len(findings) - FINDINGS_SHOWN),
        "inputs": story["inputs"][:INPUTS_SHOWN],
        "inputs_more": max(0, len(story["inputs"]) - INPUTS_SHOWN),
    }
