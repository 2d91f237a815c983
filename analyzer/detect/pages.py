"""What does docs/detectors.md say? Derived from the detectors as they are declared."""

from __future__ import annotations

from analyzer.detect import local_injection, stolen_account, trusted_host
from analyzer.detect.judge import DETECTORS
from analyzer.detect.misuse import CONFIRMED, POSSIBLE, PROBABLE
from analyzer.detect.runs import IN_A_ROW

WEIGHED = (stolen_account.MISUSE, trusted_host.MISUSE, local_injection.MISUSE)
MISUSE = f"""## How misuse is weighed

A login, a host of our own networks and a user of the server may all send; only what they send
tells whether somebody else did. Every message gets points for and against, with the fixed weights
below. The unbroken stretch of messages of one source with the largest sum is its run:
{POSSIBLE:.0f} points make it possible, {PROBABLE:.0f} probable, {CONFIRMED:.0f} confirmed. A run
that is probable or better goes on, before and after, over messages of the same kind that add
nothing, up to {IN_A_ROW} of the owner in a row or a day of silence; lone messages from elsewhere at
its ends are not of it. Every message of the run is abuse, whatever its sender and recipients; of a
user of the server, only what nothing speaks for. Each finding lists the points of its run.
"""


def as_markdown() -> str:
    """docs/detectors.md; a test fails while the committed page differs."""
    lines = [
        "# The detectors",
        "",
        "Derived from `analyzer/detect/` by `make docs`; do not edit.",
        "",
    ]
    for detector in DETECTORS:
        lines += [f"## {detector.name}", "", detector.question, ""]
        lines += [f"- {verdict}: {meaning}" for verdict, meaning in detector.verdicts.items()]
        lines += ["", f"What a stranger could have forged: {detector.forgeable}.", ""]
    lines += [MISUSE]
    for misuse in WEIGHED:
        lines += [f"### {misuse.mechanism}", "", "| points a message | sign |", "| --- | --- |"]
        lines += [f"| {misuse.base:+.1f} | every message, before any sign |"]
        lines += [f"| {clue.weight:+.1f} | {clue.meaning} |" for clue in misuse.clues]
        lines += [""]
    return "\n".join(lines)
