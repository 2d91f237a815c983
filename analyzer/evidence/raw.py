"""How are the bytes of a file read: once, in order, hashed on the way, and never touched?"""

from __future__ import annotations

import errno
import hashlib
import io
import os
from pathlib import Path
from typing import Protocol


class Stream(Protocol):
    """Bytes in order. A view that is not filled means the end."""

    def readinto(self, view: memoryview) -> int: ...

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end."""
        view = memoryview(bytearray(size))
        return bytes(view[: self.readinto(view)])


class Source(Protocol):
    """What a decompressor reads from."""

    @property
    def position(self) -> int: ...

    def read(self, size: int) -> bytes: ...


def open_untouched(path: Path) -> io.FileIO:
    """Open read-only and, where the system lets us, without leaving a mark in the access time."""
    return open(path, "rb", buffering=0, opener=_open_without_access_time)


def _open_without_access_time(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise  # EACCES: no right to read it at all
        # EPERM: it belongs to somebody else, and only the owner may hide his reading
        return os.open(path, flags)


class RawFile(Stream):
    """The first `size` bytes of a file. A disk error ends them; `problems` says so."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file = file
        self._size = size
        self.position = 0
        self.problems: list[str] = []

    def readinto(self, view: memoryview) -> int:
        wanted = min(len(view), self._size - self.position)
        filled = 0
        while filled < wanted and not self.problems:
            got = self._once(view[filled:wanted])
            filled += got
            self.position += got
        return filled

    def _once(self, view: memoryview) -> int:
        try:
            self._file.seek(self.position)  # several readers may share the file
            got = self._file.readinto(view)
        except OSError as error:
            self.problems.append(f"cannot be read after {self.position:,} bytes: {error.strerror}")
            return 0
        if not got:
            self.problems.append(
                f"the file shrank while it was read: "
                f"{self.position:,} bytes are left of {self._size:,}"
            )
        return got or 0


class Hashed(Stream):
    """A stream that hashes what it hands out; hashlib lets other threads run meanwhile."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.position = 0

    def readinto(self, view: memoryview) -> int:
        got = self._stream.readinto(view)
        self._sha256.update(view[:got])
        self.position += got
        return got

    def drain(self) -> None:
        """Read what is left, for the hash alone."""
        view = memoryview(bytearray(1 << 20))
        while self.readinto(view):
            pass

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()
