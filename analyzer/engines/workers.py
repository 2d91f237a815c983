"""How are blocks of a stream read on all cores? In copies of this process that live as long as it
reads: each takes one block after the other, and no copy waits for Python's lock of another.

A block lies where all of them see it. What is sent is little: what is to be known of it, and what
came of it, the path of a file.
"""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pyarrow as pa

from analyzer.engines.copying import CAN_COPY, answered, copied, ended, send
from analyzer.engines.threads import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Any, bytes], Any]

BLOCKS = 2  # that a worker has: the next lies there when it is done with one
KEPT = 31 << 20  # bytes


class Workers(Generic[Item, Result]):
    """Copies of this process, from when it is entered on; they are gone at its end.

    Args:
        function: What becomes of an item and its block.
        copies: How many there are; with none, and where the system cannot copy a process, threads
            of this one work.
        room: Bytes of a block. A longer one is worked on in this process.
    """

    def __init__(self, function: Callable[[Item, bytes], Result], copies: int, room: int) -> None:
        self._function, self._room = function, room
        self._copies = copies if CAN_COPY else 0
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        np.empty(KEPT, np.uint8)  # malloc learns to keep what is given back, here and in copies
        with contextlib.suppress(OSError):  # there may be no more processes: those that there are
            for _ in range(self._copies):
                self._workers.append(_Worker(self._function, self._room))
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.end()

    def in_order(self, items: Iterable[tuple[Item, bytes]]) -> Iterator[Result]:
        """The results in the order of the items; few items wait at a time."""
        if not self._workers:
            yield from in_order(lambda given: self._function(*given), items)
            return
        waiting: deque[Callable[[], Result]] = deque()
        for number, (item, block) in enumerate(items):
            if len(waiting) == BLOCKS * len(self._workers):
                yield waiting.popleft()()
            if len(block) > self._room:
                waiting.append(partial(self._function, item, block))
            else:
                worker = self._workers[number % len(self._workers)]
                waiting.append(worker.begun(item, block))
        while waiting:
            yield waiting.popleft()()


class _Worker:
    """One copy; it answers in the order in which it is asked."""

    def __init__(self, function: Work, room: int) -> None:
        self._link, there = multiprocessing.Pipe()
        self._rooms = [mmap.mmap(-1, room) for _ in range(BLOCKS)]
        self._asked = 0
        with there:
            self._process: BaseProcess = copied(_work, function, self._rooms, there)

    def begun(self, item: Any, block: bytes) -> Callable[[], Any]:
        """Its work on a block begins; what is returned gives the result, or raises its error. No
        more than BLOCKS may be begun at a time.
        """
        number = self._asked % BLOCKS
        self._rooms[number][: len(block)] = block
        self._asked += 1
        with contextlib.suppress(OSError):  # it is gone: that is told where it is listened to
            self._link.send((item, number, len(block)))
        return self._told

    def _told(self) -> Any:
        try:
            result, error = self._link.recv()
        except (EOFError, OSError):
            self._process.join()
            raise ended(self._process.exitcode) from None
        if error:
            raise error
        return result

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.join()
        self._process.close()
        self._link.close()
        for room in self._rooms:
            room.close()


def _work(function: Work, rooms: list[mmap.mmap], there: Connection) -> None:
    pa.set_memory_pool(pa.system_memory_pool())  # which is malloc
    with contextlib.suppress(EOFError):
        while True:
            item, number, length = there.recv()
            send(answered(partial(function, item, rooms[number][:length])), there)
