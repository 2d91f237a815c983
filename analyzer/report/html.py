"""How does the story become report.html: one file, no network, no foreign script?"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report.figures import Picture

Row = dict[str, Any]
HERE = Path(__file__).parent
ROWS_SHOWN = 2_000  # a browser sorts so many at once; the tables hold the rest


def render(
    story: dict[str, Any],
    pictures: Sequence[Picture],
    said: Mapping[tuple[str, int], str] | None = None,
) -> str:
    """The page. Its policy lets nothing run or load but its own style and script, named by hash."""
    style, script = (_own(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src "
        f"'{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        story | _cells(story, said or {}),
        policy=policy,
        # The project's own files: the only text that is not escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        charts=[{"alt": p.alt, "title": p.title, "data": _data(p.svg)} for p in pictures],
    )


def _cells(story: Row, said: Mapping[tuple[str, int], str]) -> Row:
    """The tables with cells that are more than a text: linked, sorted by a key, unfolded."""
    findings = story["findings"][:ROWS_SHOWN]
    about: dict[str, str] = {}
    for finding in findings:
        if finding["kind"] == "abuse":
            about.setdefault(finding["subject"], finding["id"])
    harm = story["harm"]
    return {
        "sources": [_source(row, about) for row in story["sources"][:ROWS_SHOWN]],
        "findings": [_finding(finding, said) for finding in findings],
        "harm": harm | {"assumptions": [_assumption(entry) for entry in harm["assumptions"]]},
    }


def _source(row: Row, about: Mapping[str, str]) -> Row:
    """With the finding about it: its evidence is a click away."""
    linked = {"text": row["source"], "to": about.get(row["source"], "")}
    keyed = ("bytes", "first", "last")
    sorted_by = {name: {"text": row[name], "key": row[f"{name}_key"]} for name in keyed}
    return row | {"source": linked} | sorted_by


def _finding(finding: Row, said: Mapping[tuple[str, int], str]) -> Row:
    """Its places, each with what the line says where that is known."""
    places = [
        {"place": place, "said": said.get(key, "")}
        for place, key in zip(finding["evidence"], finding["places"], strict=True)
    ]
    return finding | {
        "id": {"text": finding["id"], "id": finding["id"]},
        "kind": f"{finding['kind']}, {finding['verdict']}",
        "lines": {"lines": places},
        "first": {"text": f"{finding['first']}\n{finding['last']}", "key": finding["first"]},
    }


def _assumption(entry: Row) -> Row:
    return entry | {"label": entry["label"] + (", to be confirmed" if entry["confirm"] else "")}


def _own(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
