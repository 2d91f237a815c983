"""What does each stage of the whole analysis cost? One JSON object a stage, on standard output."""

from __future__ import annotations

import importlib
import json
import resource
import time
from collections.abc import Callable
from typing import Any

from benchmarks.speed import tasks
from benchmarks.speed.measure import heap_of

# Where each stage is called, and whether it has threads or processes of its own (then nothing runs
# beside it).
STAGES = (
    ("analyzer.pipeline", "read_all", "reading: lines to events, in several processes", True),
    ("analyzer.pipeline", "date", "dating: a time for each event", False),
    ("analyzer.pipeline", "clock_changes", "changes of clocks, in a process of its own", False),
    ("analyzer.messages.assemble", "survey", "who is ours, in a process of its own", False),
    ("analyzer.messages.assemble", "join", "joining a part at a time, in several processes", False),
    ("analyzer.messages", "assemble", "finding parts, and putting in order what was joined", False),
    ("analyzer.detect", "judge", "judging: deliveries to findings", False),
    ("analyzer.pipeline", "harmed", "harm and cost", False),
    ("analyzer.report", "write_events", "writing `events/`, in a process of its own", False),
    ("analyzer.report", "write_rows", "writing the other tables", True),
    ("analyzer.report.tables", "write_tables", "writing the other tables", True),
)


def stages(log: str, site: str) -> None:
    for module, name, told, threads in STAGES:
        _timed(importlib.import_module(module), name, told, threads=threads)
    tasks.analysis(log, site)


def _of_all() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _timed(module: Any, name: str, told: str, *, threads: bool) -> None:
    function: Callable[..., Any] = getattr(module, name)
    clock = _of_all if threads else time.thread_time

    def timed(*arguments: Any, **more: Any) -> Any:
        began = clock()
        result = function(*arguments, **more)
        print(json.dumps({"stage": told, "cpu": clock() - began, "memory": heap_of("self")}))
        return result

    setattr(module, name, timed)
