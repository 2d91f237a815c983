"""What stands on the terminal when an analysis is done, and what does a program get instead?"""

from __future__ import annotations

import textwrap
from typing import Any

from analyzer import words
from analyzer.case import Case
from analyzer.report import sentences, tables
from analyzer.report.facts import gather
from analyzer.report.story import tell

LABEL = 17  # width of the questions' column


def as_text(case: Case) -> list[str]:
    """The answers, in lines of at most 80 columns; strangers' words are safe to print."""
    story = tell(case)
    lines = words.wrapped(story["doubt"])
    lines += [
        *([""] if lines else []),
        *textwrap.wrap(story["title"], words.WIDTH),
        *textwrap.wrap(story["subtitle"], words.WIDTH),
        "",
    ]
    for entry in story["answers"]:
        lines += _hanging(entry["question"], entry["answer"])
    for entry in story["blocklists"]:
        when = " to ".join(dict.fromkeys([entry["first"], entry["last"]]))
        told = f"{entry['provider']}: {entry['refused']} refused, {when} UTC"
        told += f"; {entry['taken']}." if entry["taken"] else "."
        lines += _hanging("Who refuses us?", told)
    return [*lines, "", *_hanging("Lines", story["accounting"]["sum"])]


def _hanging(label: str, text: str) -> list[str]:
    return words.wrapped(text, label.ljust(LABEL), " " * LABEL)


def judged(case: Case) -> bool:
    """Whether enough was read, and of that enough judged, to say that nothing was found."""
    return sentences.judged(gather(case))


def as_json(case: Case) -> dict[str, Any]:
    """The same answers for a program: numbers as numbers, times in ISO 8601."""
    story = tell(case)
    return {
        "title": story["title"],
        "verdict": story["verdict"],
        "doubt": story["doubt"] or None,
        "numbers": story["numbers"],
        "answers": {entry["question"]: entry["answer"] for entry in story["answers"]},
        "findings": tables.findings(case.findings),
        "impact": case.impact,
    }
