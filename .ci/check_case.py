"""Is this case folder whole, and is every hash in its manifest true?

Reads the folder as a stranger would, with the standard library alone.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

PROMISED = (
    "manifest.json",
    "messages.parquet",
    "events/**/*.parquet",
    "deliveries.parquet",
    "attempts.parquet",
    "sessions.parquet",
    "findings.parquet",
    "findings.json",
    "volume.parquet",
    "unread.parquet",
    "impact.json",
    "report.pdf",
    "report.html",
    "charts/*.png",
    "run.log",
)
# A file cannot hold its own hash, and run.log tells of the run, not of the evidence.
UNHASHED = {"manifest.json", "run.log"}


def faults(case: Path) -> list[str]:
    """What is wrong with the folder, a sentence each."""
    found = [f"no {pattern}" for pattern in PROMISED if not any(case.glob(pattern))]
    found += [
        f"{path.relative_to(case)} is empty"
        for path in sorted(case.rglob("*"))
        if path.is_file() and path.name != "run.log" and not path.stat().st_size
    ]
    if not (case / "manifest.json").is_file():
        return found
    outputs = json.loads((case / "manifest.json").read_text("utf-8"))["outputs"]
    present = {p.relative_to(case).as_posix() for p in case.rglob("*") if p.is_file()} - UNHASHED
    found += [f"{path} has no hash in the manifest" for path in sorted(present - outputs.keys())]
    found += [f"{path} is in the manifest, not here" for path in sorted(outputs.keys() - present)]
    found += [
        f"{path} is not what the manifest says"
        for path in sorted(outputs.keys() & present)
        if hashlib.sha256((case / path).read_bytes()).hexdigest() != outputs[path]
    ]
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    problems = faults(folder)
    for problem in problems:
        print(f"{folder}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{folder}: whole, and every hash is true")
    sys.exit(bool(problems))
