"""`make bench`: measure all, write docs/performance.md. `--quick`: a few seconds, prints only."""

from __future__ import annotations

import sys
import time

from benchmarks.speed import logs, page
from benchmarks.speed.measure import Figure, alternating, figure, lines_of, made, ours, run, stages

WHOLE, SMALL = 300 * logs.MB, 60 * logs.MB
SIZES = (WHOLE // 8, WHOLE // 4, WHOLE // 2, WHOLE, 2 * WHOLE, 4 * WHOLE)
QUICK = 40 * logs.MB


def quick() -> None:
    for name in page.LOGS:
        found = alternating(name, QUICK, 1)
        print("\n".join(["", page.LOGS[name], "", *page.table(found)]))


def whole() -> None:
    began = time.monotonic()
    found: list[Figure] = []
    for name in ("postfix", "generated"):
        found += alternating(name, WHOLE, 5)
        found += alternating(name, WHOLE, 1, packed=True)
    for name in ("sendmail", "exchange"):
        found += alternating(name, SMALL, 3)
    costs = [stage for name in ("postfix", "generated") for stage in stages(name, WHOLE)]
    page.write(found, costs, sizes(), logs.ROOT / "docs/performance.md")
    print(f"docs/performance.md, in {(time.monotonic() - began) / 60:.0f} minutes")


def sizes() -> list[Figure]:
    """The enlarged Postfix sample at every size."""
    found = []
    for size in SIZES:
        path = made("postfix", size)
        lines = lines_of(path)
        for tool in ("reading", "analysis"):
            command = ours(tool, "postfix", path)
            once = [run(command)]
            of = "postfix", False, path.stat().st_size, lines
            found.append(figure(*of, tool, command, once))
            print(f"{path.name} {tool}: {once[0].seconds:.2f} s", flush=True)
        if size > WHOLE:
            path.unlink()  # more than a gigabyte each
    return found


if __name__ == "__main__":
    quick() if "--quick" in sys.argv[1:] else whole()
