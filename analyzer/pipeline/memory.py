"""Will the analysis of what was read fit into memory?

A system that has no memory left ends a program without a word. So it is asked while the log is
read: that is early, and needs no guess of what is in a packed file. Events in the files of a spool
take none themselves: the system lets go of them when it needs their memory.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from analyzer import words
from analyzer.errors import EnvironmentTrouble

# Memory at the peak of an analysis, as a multiple of what its events take: the least that was
# measured (docs/performance.md).
IN_MEMORY = 5.0
IN_FILES = 4.0  # joined at once: Exchange
IN_PARTS = 0.2
MEMINFO = Path("/proc/meminfo")
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def check(events: int, source: str, times: float) -> None:
    """Go on, with events of so many bytes?

    Args:
        times: What they need at the peak: IN_MEMORY, IN_FILES or IN_PARTS.

    Raises:
        EnvironmentTrouble: joining them needs more memory than is free.
    """
    free, needed = _free(), int(events * times)
    if free is None or needed <= free:
        return
    what = f"joining its lines needs {words.size(needed)} of memory or more, "
    raise EnvironmentTrouble(
        f"{what}and {words.size(free)} are free",
        source,
        "Give fewer logs at a time, or use a larger machine.",
    )


def size(tables: dict[str, pa.Table]) -> int:
    return sum(table.nbytes for table in tables.values())


def _free() -> int | None:
    """Bytes of memory and swap that may still be taken; None where the system does not tell."""
    try:
        told = dict(line.split(":") for line in MEMINFO.read_text("ascii").splitlines())
        free = sum(int(told[name].split()[0]) for name in ("MemAvailable", "SwapFree")) * 1024
        limit = LIMIT.read_text("ascii").strip() if LIMIT.exists() else "max"
    except (OSError, ValueError, KeyError):
        return None
    return free if limit == "max" else min(free, int(limit))
