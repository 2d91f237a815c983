"""Do functions run in copies of the process, and end with it?"""

import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pyarrow as pa
import pytest

from analyzer.engines import Copies
from analyzer.engines.processes import CAN_COPY
from analyzer.errors import EnvironmentTrouble

pytestmark = pytest.mark.skipif(not CAN_COPY, reason="this system does not copy processes")
ROOT = Path(__file__).parents[2]


def who(_item=None):
    return os.getpid()


def refused(*_):
    raise EnvironmentTrouble("cannot be written", "the case", "Free some space.")


@pytest.mark.parametrize("at_once", [0, 1, 2, 8])
def test_results_come_in_the_order_of_the_items(at_once):
    def late(item):
        time.sleep(0.05 if item == 0 else 0)
        return item * item

    with Copies(at_once) as copies:
        assert list(copies.each(late, range(9))) == [item * item for item in range(9)]


def test_each_item_has_a_process_of_its_own():
    with Copies(2) as copies:
        found = list(copies.each(who, range(4)))
    assert len({*found, os.getpid()}) == 5


def test_no_more_run_at_once_than_are_asked_for(tmp_path):
    def here(item):
        (tmp_path / str(item)).touch()
        time.sleep(0.05)
        found = len(list(tmp_path.iterdir()))
        (tmp_path / str(item)).unlink()
        return found

    with Copies(2) as copies:
        assert max(copies.each(here, range(6))) <= 2


def test_a_copy_sees_tables_and_changes_none_of_them():
    numbers = list(range(3))
    table = pa.table({"line": numbers}).sort_by([("line", "descending")])

    def told(item):
        numbers.append(item)
        return table["line"][item].as_py(), pa.concat_tables([table, table]).sort_by("line")

    with Copies(2) as copies:
        found = list(copies.each(told, range(3)))
    assert [line for line, _ in found] == [2, 1, 0]
    assert numbers == [0, 1, 2]
    assert found[0][1]["line"].to_pylist() == [0, 0, 1, 1, 2, 2]


def test_without_copies_all_runs_in_this_process():
    found = []
    with Copies(0) as copies:
        copies.in_idle_time(lambda: found.append(who()))
        assert list(copies.each(who, range(2))) == [os.getpid()] * 2
    assert found == [os.getpid()]


def test_what_runs_in_idle_time_has_ended_at_the_end(tmp_path):
    with Copies(1) as copies:
        copies.in_idle_time((tmp_path / "events").write_text, "all")
    assert (tmp_path / "events").read_text() == "all"


@pytest.mark.parametrize("at_once", [0, 1])
def test_what_runs_beside_gives_its_result_when_it_is_asked_for(at_once):
    with Copies(at_once) as copies:
        first, second = copies.beside(who), copies.beside(len, "four")
        assert second() == 4
        assert (first() == os.getpid()) == (at_once == 0)


@pytest.mark.parametrize("at_once", [0, 2])
def test_an_error_is_raised_where_the_result_is_asked_for(at_once):
    with pytest.raises(EnvironmentTrouble, match="cannot be written"), Copies(at_once) as copies:
        list(copies.each(refused, range(3)))


def test_an_error_says_where_in_the_copy_it_was():
    with pytest.raises(EnvironmentTrouble) as raised, Copies(1) as copies:
        list(copies.each(refused, [0]))
    assert "in refused" in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("at_once", [0, 2])
def test_an_error_in_idle_time_is_raised_at_the_end(at_once):
    with pytest.raises(EnvironmentTrouble, match="cannot be written"), Copies(at_once) as copies:
        copies.in_idle_time(refused)


def test_a_copy_that_the_system_ends_is_told_as_a_lack_of_memory():
    with pytest.raises(EnvironmentTrouble, match="ended by signal 9"), Copies(1) as copies:
        list(copies.each(lambda _: os.kill(os.getpid(), signal.SIGKILL), [0]))


class Awkward(Exception):
    """Cannot be made of its `args`."""

    def __init__(self, what, where):
        super().__init__(f"{what} at {where}")


def awkward():
    raise Awkward("a fault", "line 7")


@pytest.mark.parametrize("told", [lambda: lambda: 0, awkward], ids=["result", "error"])
def test_what_cannot_be_sent_is_told_and_is_no_lack_of_memory(told):
    said = r"(?s)cannot be sent .*(lambda|a fault at line 7)"
    with pytest.raises(RuntimeError, match=said), Copies(1) as copies:
        copies.beside(told)()


def test_a_copy_that_ends_without_a_word_is_told():
    with pytest.raises(RuntimeError, match="ended with code 3"), Copies(1) as copies:
        copies.beside(os._exit, 3)()


def test_where_no_process_can_be_started_the_function_runs_in_this_one(monkeypatch):
    def none(_process):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("multiprocessing.context.ForkProcess.start", none)
    patient = os.nice(0)
    with Copies(2) as copies:
        copies.in_idle_time(who)
        assert list(copies.each(who, range(3))) == [os.getpid()] * 3
    assert os.nice(0) == patient  # it goes on as urgently as before


def test_copies_are_stopped_when_the_user_interrupts_while_they_are_waited_for(
    tmp_path, monkeypatch
):
    def slow():
        time.sleep(60)
        (tmp_path / "written").touch()

    def interrupted(_connections):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("analyzer.engines.processes.wait", interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Copies(1) as copies:
        copies.in_idle_time(slow)
    assert time.monotonic() - began < 30
    assert not list(tmp_path.iterdir())


def test_copies_are_stopped_when_the_body_fails(tmp_path):
    def slow():
        time.sleep(60)
        (tmp_path / "written").touch()

    def fails():
        with Copies(1) as copies:
            copies.in_idle_time(slow)
            raise ZeroDivisionError

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        fails()
    assert time.monotonic() - began < 30
    assert not list(tmp_path.iterdir())


def test_copies_end_when_their_process_is_killed(tmp_path):
    program = f"""
import os, time
from pathlib import Path
from analyzer.engines import Copies
def slow(number):
    (Path({str(tmp_path)!r}) / str(number)).write_text(str(os.getpid()))
    time.sleep(60)
with Copies(2) as copies:
    list(copies.each(slow, range(2)))
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    pids = [int(eventually(tmp_path / str(number)).read_text()) for number in range(2)]
    process.kill()
    process.wait()
    for pid in pids:
        eventually(Path(f"/proc/{pid}"), there=False)


def eventually(path, *, there=True):
    """The path, when it is there with something in it, or is there no more."""
    until = time.monotonic() + 30
    while filled(path) != there:
        assert time.monotonic() < until
        time.sleep(0.01)
    return path


def filled(path):
    try:
        return path.is_dir() or path.stat().st_size > 0
    except FileNotFoundError:
        return False  # not yet, or just gone
