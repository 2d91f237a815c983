"""How good is the detection? Runs all stories and writes docs/accuracy.md.

make benchmark-accuracy    everything, within 25 minutes on two cores; writes docs/accuracy.md
make accuracy-small        a small part for CI; exits with 1 where a figure is far off
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.accuracy import blocks
from benchmarks.accuracy.generate import Story
from benchmarks.accuracy.measure import DIALECTS, Result, story
from benchmarks.accuracy.page import page, summary

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
AT_ONCE = 2
BLOCKS = ("A", "B", "clean", "frontier")

Job = tuple[str, Story, tuple[str, ...], bool]


def jobs() -> list[Job]:
    """Block, story, dialects, and whether to lose lines; the longest first."""
    clean = [
        ("clean", what, DIALECTS if number % 4 == 0 else ("postfix",), False)
        for number, what in enumerate(blocks.clean())
    ]
    edge = [("frontier", what, ("postfix",), False) for *_, what in blocks.frontier()]
    return [
        *(("A", what, DIALECTS, False) for what in blocks.block_a()),
        *(("B", what, DIALECTS, True) for what in blocks.block_b()),
        *clean,
        *edge,
    ]


def run(todo: list[Job], keep: Path | None) -> list[tuple[str, Result]]:
    """Two logs at once, each in a process of its own; results in the order of the jobs."""
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        waiting = [
            (block, pool.submit(story, what, dialects, lose))
            for block, what, dialects, lose in todo
        ]
        found = []
        for number, (block, future) in enumerate(waiting, 1):
            found += [(block, result) for result in future.result()]
            if keep:
                keep.write_text(json.dumps(found, indent=0), "utf-8")
            print(f"\r{number}/{len(waiting)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small part, for CI")
    parser.add_argument(
        "--blocks", nargs="+", choices=BLOCKS, help="only these; no page is written"
    )
    parser.add_argument("--keep", type=Path, help="also write every log's counts, as JSON")
    said = parser.parse_args()
    began = time.monotonic()
    todo = [("small", what, DIALECTS, False) for what in blocks.small()] if said.small else jobs()
    if said.blocks:
        todo = [job for job in todo if job[0] in said.blocks]
    found = run(todo, said.keep)
    print(summary(found))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    if said.small:
        return int(_far_off(found))
    if not said.blocks:
        PAGE.write_text(page(found), "utf-8")
    return 0


def _far_off(found: list[tuple[str, Result]]) -> bool:
    """Bounds well below the goals: a small part tells a broken detector, not a worse one."""
    results: list[dict[str, Any]] = [result for _, result in found]
    relayed = sum(r["really:open_relay"] for r in results)
    right = sum(r["both:open_relay"] for r in results)
    wrong = [r for r in results if r["door"] is None and r["confirmed wrong"]]
    missed = [r for r in results if r["door"] is not None and not r["found"]]
    for r in missed:
        print(f"not found: {r['door']} {r['variant']} {r['dialect']} seed {r['seed']}")
    for r in wrong:
        print(f"confirmed on a clean log: {r['confirmed wrong']} {r['dialect']} seed {r['seed']}")
    return right < 0.999 * relayed or bool(wrong) or len(missed) > 0.1 * len(results)


if __name__ == "__main__":
    sys.exit(main())
