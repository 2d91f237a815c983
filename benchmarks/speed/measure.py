"""How long does a program take, in processor time too, and how much memory at its peak?"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Self

from benchmarks.speed import logs

Command = list[str]
LOOK_EVERY = 0.01  # seconds


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, processor seconds, peak of resident memory (bytes)."""

    seconds: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Figure:
    """The median of some runs of a tool on a log."""

    log: str
    packed: bool
    tool: str
    bytes: int  # of the log, unpacked
    lines: int
    runs: int
    seconds: float
    cpu: float
    memory: int

    as_json = asdict


@dataclass(frozen=True)
class Stage:
    """Processor seconds of one stage of the whole analysis, and what the process holds as it ends
    (bytes).
    """

    log: str
    stage: str
    cpu: float
    memory: int


def run(command: Command) -> Run:
    """Run to the end; a pipeline counts as a whole.

    Raises:
        CalledProcessError: it failed.
    """
    began = time.perf_counter()
    used = _ended(_started(command))
    seconds = time.perf_counter() - began
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def peak(command: Command) -> int:
    """Bytes in memory that no file holds, at the most; of all processes, in a run for this alone:
    whoever looks holds the others up.

    Raises:
        CalledProcessError: it failed.
    """
    process = _started(command)
    with _Heap(process.pid) as heap:
        used = _ended(process)
    return heap.peak or used.ru_maxrss * 1024


def _started(command: Command) -> subprocess.Popen[bytes]:
    # Modules may be kept compiled, as where a user runs them.
    env = {name: told for name, told in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["OPENBLAS_NUM_THREADS"] = "1"  # as the command line has it
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=logs.ROOT, env=env)


def _ended(process: subprocess.Popen[bytes]) -> resource.struct_rusage:
    """What it used; unlike Popen.wait, wait4 tells it."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return used


class _Heap:
    """Looks at the memory of a process and its children that no file holds, again and again."""

    def __init__(self, pid: int) -> None:
        self.peak, self._pid, self._over = 0, pid, Event()
        self._thread = Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            pids = _family(self._pid)
            # What a child shares with its parent counts once; that takes long to tell.
            if sum(heap_of(pid) for pid in pids) > self.peak:
                self.peak = max(self.peak, sum(heap_of(pid, shared_once=True) for pid in pids))


def heap_of(pid: int | str, *, shared_once: bool = False) -> int:
    """Bytes of a process in memory that the system cannot drop and read again; 0 where it does not
    tell.

    Args:
        shared_once: What processes share is counted as a share of each.
    """
    file, name = ("smaps_rollup", "Pss_Anon:") if shared_once else ("status", "RssAnon:")
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _family(pid: int) -> list[int]:
    """A process and what came of it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                found += _family(int(child))
    return found


def pflogsumm() -> Path | None:
    """Debian's, installed, or unpacked beside the logs; None where it cannot be had."""
    unpacked = logs.folder() / "pflogsumm/usr/sbin/pflogsumm"
    if installed := shutil.which("pflogsumm"):
        return Path(installed)
    if not unpacked.exists() and shutil.which("apt-get"):
        place = logs.folder() / "deb"
        place.mkdir(exist_ok=True)
        got = subprocess.run(
            ["apt-get", "download", "pflogsumm"], cwd=place, capture_output=True, check=False
        )
        for package in place.glob("*.deb") if not got.returncode else ():
            subprocess.run(["dpkg-deb", "-x", package, unpacked.parents[2]], check=True)
    return unpacked if unpacked.exists() else None


def tools(name: str, path: Path) -> dict[str, Command]:
    """What is run on a log, by name, for those that are there."""
    packed = path.suffix == ".gz"
    piped = f"zcat '{path}' |"
    counted = f"{piped} wc -l" if packed else f"wc -l '{path}'"
    found: dict[str, Command] = {"wc -l": ["sh", "-c", counted]}
    if name in ("postfix", "generated"):
        if script := pflogsumm():
            source = f"{piped} perl '{script}'" if packed else f"perl '{script}' '{path}'"
            found["pflogsumm"] = ["sh", "-c", source]
        if find_spec("polars") and not packed:
            found["polars"] = ours("polars", name, path)
    found["reading"] = ours("reading", name, path)
    found["analysis"] = ours("analysis", name, path)
    return found


def ours(task: str, name: str, path: Path) -> Command:
    site = logs.site(name)
    return [sys.executable, "-m", "benchmarks.speed.tasks", task, str(path), str(site)]


def alternating(name: str, size: int, rounds: int, *, packed: bool = False) -> list[Figure]:
    """Every tool on one log, in turn, so that a busy minute hits all of them alike."""
    plain = made(name, size)
    path = logs.zipped(plain) if packed else plain
    commands = tools(name, path)
    runs: dict[str, list[Run]] = {tool: [] for tool in commands}
    for number in range(rounds):
        for tool, command in commands.items():
            runs[tool].append(run(command))
            last = runs[tool][-1]
            print(f"{path.name} {number + 1}/{rounds} {tool}: {last.seconds:.2f} s", flush=True)
    of = name, packed, plain.stat().st_size, lines_of(plain)
    return [figure(*of, tool, commands[tool], told) for tool, told in runs.items()]


def stages(name: str, size: int) -> list[Stage]:
    """What each stage of the whole analysis costs, in one run."""
    command = ours("stages", name, made(name, size))
    told = subprocess.run(command, stdout=subprocess.PIPE, cwd=logs.ROOT, check=True, text=True)
    found: dict[str, Stage] = {}
    for row in (json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")):
        before = found.get(row["stage"], Stage(name, row["stage"], 0, 0))
        cpu, memory = before.cpu + row["cpu"], max(before.memory, row["memory"])
        found[row["stage"]] = Stage(name, row["stage"], cpu, memory)
    return list(found.values())


def made(name: str, size: int) -> Path:
    """The log, made by another process: a child begins with the peak of its parent."""
    command = [sys.executable, "-m", "benchmarks.speed.logs", name, str(size)]
    subprocess.run(command, cwd=logs.ROOT, check=True)
    return logs.log(name, size)


def figure(
    name: str,
    packed: bool,
    length: int,
    lines: int,
    tool: str,
    command: Command,
    runs: Sequence[Run],
) -> Figure:
    """The medians; of our programs the peak of memory, of others what is resident."""
    seconds, cpu, resident = (
        median(getattr(run, what) for run in runs) for what in ("seconds", "cpu", "memory")
    )
    memory = peak(command) if command[0] == sys.executable else int(resident)
    return Figure(name, packed, tool, length, lines, len(runs), seconds, cpu, memory)


def lines_of(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
