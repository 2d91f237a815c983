"""How does work that holds the GIL run on all cores? In copies of this process.

A copy sees every table as it is, without a byte being sent; what it returns is sent back. So it
returns little: the path of a file that it wrote.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, Self, TypeVar

from analyzer.errors import EnvironmentTrouble

Item = TypeVar("Item")
Result = TypeVar("Result")
Job = Callable[[], Any]
Answer = tuple[Any, Exception | None]  # what a job returned, or what it raised

CAN_COPY = sys.platform == "linux"  # elsewhere libraries do not survive it, or there is no fork
NICE = 19  # last of all


class Copies:
    """Functions that run in copies of this process; all have ended at the end, or are stopped when
    the body fails.

    Args:
        at_once: How many of `each` at most; 0, and where the system cannot copy a process: there
            are no copies, and each function runs in this one.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once if CAN_COPY else 0
        self._running: dict[Connection, BaseProcess] = {}
        self._told: dict[Connection, Answer] = {}
        self._left: list[Job] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:
            for process in self._running.values():
                process.kill()
        self.wait()
        if not failed:
            for copy in list(self._told):
                self._result(copy)
            for job in self._left:
                job()

    def in_idle_time(self, function: Callable[..., object], *arguments: object) -> None:
        """The function runs while a core has nothing else to do."""
        job = partial(function, *arguments)
        if self._at_once:
            self._copied(partial(_nicely, job))
        else:
            self._left.append(job)

    def beside(self, function: Callable[..., Result], *arguments: object) -> Callable[[], Result]:
        """The function runs from now on; what is returned gives its result, or raises its error."""
        job = partial(function, *arguments)
        return partial(self._awaited, self._copied(job)) if self._at_once else job

    def wait(self) -> None:
        """Until all copies have ended."""
        while self._running:
            self._listen()

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results in the order of the items."""
        if not self._at_once:
            yield from map(function, items)
            return
        copies: deque[Connection] = deque()
        for item in items:
            copies.append(self._copied(partial(function, item)))
            while sum(copy in self._running for copy in copies) == self._at_once:
                self._listen()
            while copies and copies[0] in self._told:
                yield self._result(copies.popleft())
        yield from map(self._awaited, copies)

    def _copied(self, job: Job) -> Connection:
        """Where a copy of this process, which does the job now, will be heard."""
        here, there = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=_copy, args=(job, there))
        with warnings.catch_warnings():
            # Python warns of the threads of Arrow, which minds copies itself.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        there.close()
        self._running[here] = process
        return here

    def _listen(self) -> None:
        """Until a copy has ended."""
        for here in wait(list(self._running)):
            assert isinstance(here, Connection)
            process = self._running.pop(here)
            try:
                self._told[here] = here.recv()
                process.join()
            except EOFError:
                process.join()
                self._told[here] = None, _ended(process.exitcode)
            process.close()
            here.close()

    def _awaited(self, copy: Connection) -> Any:
        while copy in self._running:
            self._listen()
        return self._result(copy)

    def _result(self, copy: Connection) -> Any:
        result, error = self._told.pop(copy)
        if error:
            raise error
        return result


def _nicely(job: Job) -> object:
    os.nice(NICE)
    return job()


def _copy(job: Job, there: Connection) -> None:
    """What a copy does: the job, and nothing when the process that it is a copy of is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends it, if it is to end
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    answer: Answer
    try:
        answer = job(), None
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        error.add_note(traceback.format_exc())
        answer = None, error
    there.send(answer)


def _end_with(first: BaseProcess | None) -> None:
    if first:
        first.join()
        os._exit(1)


def _ended(code: int | None) -> EnvironmentTrouble:
    """The system ends what takes too much memory without asking."""
    what = f"a process of the analysis was ended by signal {-(code or 0)}"
    return EnvironmentTrouble(what, "memory", "Give fewer logs at a time, or use a larger machine.")
