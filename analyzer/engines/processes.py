"""How does work that holds the GIL run on all cores? In copies of this process.

A copy sees every table as it is, without a byte being sent; what it returns is sent back, so that
is little: the path of a file that it wrote, or a short table.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self, TypeVar

from analyzer.engines.copying import CAN_COPY, Answer, Job, answered, copied, ended, send

Item = TypeVar("Item")
Result = TypeVar("Result")

NICE = 19  # last of all


class Copies:
    """Functions that run in copies of this process; all have ended at the end, or are stopped when
    the body fails.

    Args:
        at_once: How many functions of `each` run at most, those that run beside it not counted; 0,
            and where the system cannot copy a process: all run in this one.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once if CAN_COPY else 0
        self._running: dict[Connection, BaseProcess] = {}
        self._told: dict[Connection, Answer] = {}
        self._left: list[Job] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if not failed:
                self.wait()
        finally:
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
            self._copied(job, NICE)
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

    def _copied(self, job: Job, nice: int = 0) -> Connection:
        """Where a copy of this process, which does the job now, will be heard."""
        here, there = multiprocessing.Pipe(duplex=False)
        with there:
            try:
                self._running[here] = copied(_copy, job, there, nice=nice)
            except OSError:
                self._told[here] = answered(job)
        return here

    def _listen(self) -> None:
        """Until a copy has ended."""
        for here in wait(list(self._running)):
            assert isinstance(here, Connection)
            process = self._running[here]
            answer: Answer | None = None
            with contextlib.suppress(EOFError, OSError):
                answer = here.recv()
            process.join()
            self._told[here] = answer or (None, ended(process.exitcode))
            del self._running[here]
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


def _copy(job: Job, there: Connection) -> None:
    send(answered(job), there)
