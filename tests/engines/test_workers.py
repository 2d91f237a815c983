"""Do copies of the process read blocks, in order, and end with it?"""

import os
import signal
import subprocess
import sys
import time

import pytest

from analyzer.engines import Workers
from analyzer.engines.copying import CAN_COPY
from analyzer.errors import EnvironmentTrouble

pytestmark = pytest.mark.skipif(not CAN_COPY, reason="this system does not copy processes")
ROOM = 100


def said(item, block):
    return item, block


def who(_item, _block):
    return os.getpid()


def items(number, size=5):
    return [(n, bytes([n]) * (size + n)) for n in range(number)]


@pytest.mark.parametrize("copies", [0, 1, 2, 8])
def test_results_come_in_the_order_of_the_blocks(copies):
    def late(item, block):
        time.sleep(0.05 if item == 0 else 0)
        return item, block

    with Workers(late, copies, ROOM) as workers:
        assert list(workers.in_order(items(30))) == items(30)


def test_copies_stay_for_all_streams_of_blocks():
    with Workers(who, 2, ROOM) as workers:
        found = [*workers.in_order(items(5)), *workers.in_order(items(4))]
    assert len({*found, os.getpid()}) == 3


def test_a_block_is_not_asked_for_before_there_is_room_for_it():
    asked = []

    def blocks():
        for item in items(20):
            asked.append(item)
            yield item

    with Workers(said, 2, ROOM) as workers:
        results = workers.in_order(blocks())
        next(results)
        assert len(asked) == 5


def test_a_block_that_is_too_long_is_worked_on_here_in_its_turn():
    blocks = [*items(4), (4, b"x" * (ROOM + 1)), *items(4)]
    with Workers(said, 2, ROOM) as workers:
        assert list(workers.in_order(blocks)) == blocks
    with Workers(who, 2, ROOM) as workers:
        found = list(workers.in_order(blocks))
    assert [n for n, process in enumerate(found) if process == os.getpid()] == [4]


@pytest.mark.parametrize("copies", [0, 2])
def test_an_error_is_raised_in_the_turn_of_its_block(copies):
    def refusing(item, _block):
        if item == 3:
            raise EnvironmentTrouble("cannot be written", "the case", "Free some space.")
        return item

    with Workers(refusing, copies, ROOM) as workers:
        results = workers.in_order(items(9))
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(EnvironmentTrouble, match="cannot be written"):
            next(results)


def test_a_copy_that_the_system_ends_is_told_as_a_lack_of_memory():
    def ending(item, _block):
        if item == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    with (
        pytest.raises(EnvironmentTrouble, match="ended by signal 9"),
        Workers(ending, 2, ROOM) as workers,
    ):
        list(workers.in_order(items(9)))


@pytest.mark.parametrize("fails", [False, True])
def test_no_copy_is_left_at_the_end(fails):
    found = set()
    try:
        with Workers(who, 2, ROOM) as workers:
            for process in workers.in_order(items(9)):
                found.add(process)
                if fails:
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    for process in found:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_where_there_may_be_no_more_processes_threads_work(monkeypatch):
    def none(*_, **__):
        raise BlockingIOError

    monkeypatch.setattr("analyzer.engines.workers.copied", none)
    with Workers(who, 2, ROOM) as workers:
        assert set(workers.in_order(items(9))) == {os.getpid()}


def test_an_interruption_while_copies_are_made_ends_the_program():
    program = """
from analyzer.engines import workers
real, made = workers.copied, []
def copied(*arguments):
    if made:
        raise KeyboardInterrupt
    made.append(real(*arguments))
    return made[0]
workers.copied = copied
with workers.Workers(print, 2, 100):
    pass
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert b"KeyboardInterrupt" in ended.stderr
