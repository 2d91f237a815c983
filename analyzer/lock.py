"""Is a folder this run's alone, for as long as it works on it?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

LOCKS: set[int] = set()  # files by which other runs are kept off


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """False if another run has the folder, or it belongs to somebody else: he may have put there
    what he likes; or where the system has no such locks.
    """
    lock = _lock(folder)
    if lock is None:
        yield False
        return
    LOCKS.add(lock)
    try:
        yield True
    finally:
        LOCKS.discard(lock)
        os.close(lock)


def _lock(folder: Path) -> int | None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return None
    try:
        flock(lock, LOCK_EX | LOCK_NB)
        found = os.fstat(lock)
        if found.st_uid == os.geteuid() and os.path.samestat(found, folder.stat()):
            return lock
    except OSError:
        pass  # another run has it, or has just removed it
    os.close(lock)
    return None


def _let_go() -> None:
    """A copy of this process keeps nobody off: this may be killed before it."""
    while LOCKS:
        os.close(LOCKS.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
