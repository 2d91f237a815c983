"""How does work that holds the GIL run on all cores? In copies of this process.

A copy sees every table as it is, without a byte being sent; what it returns is sent back, so that
is little: the path of a file that it wrote, or a short table.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
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
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_copy, args=(job, there, nice))
        with there, warnings.catch_warnings():
            # Python warns of the threads of Arrow, which minds copies itself.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                process.start()
            except OSError:  # there may be no more processes, or not enough memory for one
                self._told[here] = _answer(job)
            else:
                self._running[here] = process
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
            self._told[here] = answer or (None, _ended(process.exitcode))
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


def _copy(job: Job, there: Connection, nice: int) -> None:
    """What a copy does: the job, and nothing when the process that it is a copy of is gone."""
    os.nice(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends it, if it is to end
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    answer = _answer(job)
    try:
        pickle.loads(pickle.dumps(answer))  # noqa: S301 - our own, to see whether it can be read
    except Exception:  # noqa: BLE001 - what an object says that cannot be sent is its own affair
        told = "".join(traceback.format_exception(answer[1])) if answer[1] else repr(answer[0])
        answer = None, RuntimeError(f"cannot be sent from a process to another: {told}")
    there.send(answer)


def _answer(job: Job) -> Answer:
    try:
        return job(), None
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        error.add_note(traceback.format_exc())
        return None, error


def _end_with(first: BaseProcess | None) -> None:
    if first:
        first.join()
        os._exit(1)


def _ended(code: int | None) -> Exception:
    """The system ends what takes too much memory without asking."""
    if code != -signal.SIGKILL:
        return RuntimeError(f"a process of the analysis ended with code {code}, and said nothing")
    what = f"a process of the analysis was ended by signal {signal.SIGKILL:d}"
    return EnvironmentTrouble(what, "memory", "Give fewer logs at a time, or use a larger machine.")
