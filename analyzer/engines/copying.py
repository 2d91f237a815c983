"""What do this process and a copy of it owe each other? A copy ends with the first, and says what
went wrong; what it sends can be read.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

from analyzer.errors import EnvironmentTrouble

Job = Callable[[], Any]
Answer = tuple[Any, Exception | None]  # what a job returned, or what it raised

CAN_COPY = sys.platform == "linux"  # elsewhere libraries do not survive it, or there is no fork


def copied(function: Callable[..., None], *arguments: object, nice: int = 0) -> BaseProcess:
    """A copy of this process that runs the function, sees every table as it is, and ends.

    Raises:
        OSError: there may be no more processes, or not enough memory for one.
    """
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_behave, args=(function, arguments, nice), daemon=True)
    with warnings.catch_warnings():
        # Python warns of the threads of Arrow, which minds copies itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process


def answered(job: Job) -> Answer:
    """What the job returns or raises."""
    try:
        return job(), None
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        error.add_note(traceback.format_exc())
        return None, error


def send(answer: Answer, there: Connection) -> None:
    """To the first process, if it can be read there; or why not."""
    try:
        pickle.loads(pickle.dumps(answer))  # noqa: S301 - our own, to see whether it can be read
    except Exception:  # noqa: BLE001 - what an object says that cannot be sent is its own affair
        told = "".join(traceback.format_exception(answer[1])) if answer[1] else repr(answer[0])
        answer = None, RuntimeError(f"cannot be sent from a process to another: {told}")
    there.send(answer)


def ended(code: int | None) -> Exception:
    """What to tell of a copy that said nothing: the system ends what takes too much memory."""
    if code != -signal.SIGKILL:
        return RuntimeError(f"a process of the analysis ended with code {code}, and said nothing")
    what = f"a process of the analysis was ended by signal {signal.SIGKILL:d}"
    return EnvironmentTrouble(what, "memory", "Give fewer logs at a time, or use a larger machine.")


def _behave(function: Callable[..., None], arguments: tuple[Any, ...], nice: int) -> None:
    """What a copy does: the function, and nothing when the process that it is a copy of is gone."""
    os.nice(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends it, if it is to end
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    function(*arguments)


def _end_with(first: BaseProcess | None) -> None:
    if first:
        first.join()
        os._exit(1)
