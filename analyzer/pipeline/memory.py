"""Will the analysis of what was read fit into memory?

A system that has no memory left ends a program without a word. So it is asked while the log is
read: that is early, and needs no guess of what is in a packed file. Events in the files of a spool
take none themselves: the system lets go of them when it needs their memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analyzer import words
from analyzer.errors import EnvironmentTrouble

# Memory at the peak of an analysis, as a multiple of what its events take: the least that was
# measured (docs/performance.md).
IN_MEMORY = 5.0
IN_PARTS = 0.2
A_COPY = 512 << 20  # bytes that a process takes which joins a part: 400 MB were measured
A_READER = 256 << 20  # bytes that a process takes which reads blocks: 175 MB were measured
FEW = 100_000  # lines
MEMINFO = Path("/proc/meminfo")
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container
USED = Path("/sys/fs/cgroup/memory.stat")  # of what is in it, "anon" cannot be let go of


@dataclass
class Taken:
    """What the events take that were read so far, in memory or in the files of a spool."""

    in_files: bool
    bytes: int = 0

    def add(self, tables: dict[str, pa.Table], source: str) -> None:
        """Go on, with these?

        Raises:
            EnvironmentTrouble: joining them needs more memory than is free.
        """
        self.bytes += sum(table.nbytes for table in tables.values())
        free, needed = _free(), int(self.bytes * (IN_PARTS if self.in_files else IN_MEMORY))
        if free is None or needed <= free:
            return
        what = f"joining its lines needs {words.size(needed)} of memory or more, "
        raise EnvironmentTrouble(
            f"{what}and {words.size(free)} are free",
            source,
            "Give fewer logs at a time, or use a larger machine.",
        )


def copies(lines: int) -> int:
    """How many processes may join parts of so many lines at once: one a core, if there is memory
    for them; 0 where another process is not worth its start.
    """
    return 0 if lines < FEW else _at_once(A_COPY)


def readers() -> int:
    """How many processes may read blocks at once: one a core, if there is memory for them."""
    return _at_once(A_READER)


def _at_once(taken: int) -> int:
    """How many processes may run that take so many bytes each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = _free()
    return cores or 1 if free is None else min(cores or 1, max(free, 0) // taken)


def _free() -> int | None:
    """Bytes of memory and swap that may still be taken; None where the system does not tell."""
    try:
        told = dict(line.split(":") for line in MEMINFO.read_text("ascii").splitlines())
        free = sum(int(told[name].split()[0]) for name in ("MemAvailable", "SwapFree")) * 1024
        if LIMIT.exists() and (limit := LIMIT.read_text("ascii").strip()) != "max":
            used = dict(line.split() for line in USED.read_text("ascii").splitlines())
            free = min(free, int(limit) - int(used["anon"]))
    except (OSError, ValueError, KeyError):
        return None
    return free
