"""How is an audit told, as text and as JSON?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.case import Case
from analyzer.config.findings import OPEN, Audit, Finding
from analyzer.config.given import Given
from analyzer.words import count, form


def as_text(audits: Sequence[Audit]) -> list[str]:
    """What a stranger gets at each door, then the findings, the worst first."""
    lines: list[str] = []
    for audit in audits:
        lines += [f"{audit.mta}: {audit.verdict}", ""]
        for door in audit.doors:
            reach = f"  [only {door.reach}]" if door.reach else ""
            lines.append(f"  {_loud(door.verdict)}: {door.name}{reach}")
            lines.append(f"      a stranger asks for a stranger: {door.because}")
        lines.append("")
        for finding in audit.findings:
            lines += [*_finding(finding), ""]
        if not audit.findings:
            lines += ["  Nothing to mend was found.", ""]
        if audit.notes:
            lines += ["  Not in these files:", *(f"    - {note}" for note in audit.notes), ""]
    return lines


def _loud(verdict: str) -> str:
    return verdict.upper() if verdict == OPEN else verdict


def _finding(finding: Finding) -> list[str]:
    lines = [
        f"  {finding.weight}: {finding.check.name}  {finding.place}",
        f"      {finding.line}" if finding.line else "      (no line: the default is in force)",
        f"      {finding.detail}",
        f"      why:     {finding.check.why}",
    ]
    if finding.remedy:
        service = f"   (service {finding.where})" if _local(finding) else ""
        lines.append(f"      instead: {finding.remedy}{service}")
    if finding.messages is not None:
        fit = form(finding.messages, "fits", "fit")
        lines.append(f"      in this case: {count(finding.messages, 'message')} {fit} this hole")
    return lines


def _local(finding: Finding) -> bool:
    return bool(finding.change and finding.change.service)


def as_record(files: Sequence[Given], audits: Sequence[Audit], case: Case) -> dict[str, Any]:
    """audit.json of a case: which files were read, what was said of each server, and in which
    evidence messages were counted.
    """
    read = [{"path": given.name, "sha256": given.sha256} for given in files]
    return {"files": read, "servers": as_json(audits), "counted_in": case.made_of}


def as_json(audits: Sequence[Audit]) -> list[dict[str, Any]]:
    """One object a server."""
    return [
        {
            "mta": audit.mta,
            "verdict": audit.verdict,
            "doors": [
                {
                    "name": door.name,
                    "verdict": door.verdict,
                    "because": door.because,
                    "reach": door.reach or None,
                    "place": str(door.place),
                }
                for door in audit.doors
            ],
            "findings": [_as_object(finding) for finding in audit.findings],
            "unknown": list(audit.notes),
        }
        for audit in audits
    ]


def _as_object(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check.name,
        "severity": finding.weight,
        "file": finding.place.file,
        "line": finding.place.line or None,
        "text": finding.line or None,
        "service": finding.where or None,
        "detail": finding.detail,
        "why": finding.check.why,
        "instead": finding.remedy or None,
        "messages": finding.messages,
    }
