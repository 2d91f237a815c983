"""Which whole lines were written to growing logs since the last look, and what could not be seen?

A log that is renamed is read to its end under its new name, a new file in its place from its
beginning; one that is cut short (copytruncate) is read from its beginning again, after the end of
its copy where that lies beside it. Whatever hides lines is told: silence would look like peace.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from analyzer.errors import SettingsError
from analyzer.evidence.recognise import carrier_of

HEAD = 256  # bytes by which a file that was cut and has grown again is told
TELLING = 32  # bytes of a head by which a copy is known for one
AT_ONCE = 64 << 20  # bytes of one file in one look
STILL = 3  # looks without a byte until a file that is gone is let go
OPENED_BY: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
TORN = (OSError, EOFError, zlib.error, lzma.LZMAError)
Key = tuple[int, int]  # device and inode


@dataclass(frozen=True)
class Notice:
    """Something of a log that the watch has to tell beside abuse.

    `what`: `rotated`, `new`, `cut`, `cut_copied` (its copy was read to its end), `gone`, `back`,
    `unreadable`, `readable`; of its content `unread`, `no_mail`. `count`: lines. `detail`: a reason
    or a line, as it is.
    """

    what: str
    name: str
    count: int = 0
    detail: str = ""


@dataclass
class _Log:
    """One file, known by its inode whatever its name becomes."""

    name: str
    file: BufferedReader
    position: int
    head: bytes
    rest: bytes = b""
    still: int = 0
    failing: bool = False

    def read(self) -> bytes:
        """What is new, up to the last whole line."""
        data = os.pread(self.file.fileno(), AT_ONCE, self.position)
        self.position += len(data)
        if len(self.head) < HEAD:
            self.head = os.pread(self.file.fileno(), HEAD, 0)
        self.still = 0 if data else self.still + 1
        whole, newline, self.rest = (self.rest + data).rpartition(b"\n")
        return whole + newline

    def is_cut(self) -> bool:
        size = os.fstat(self.file.fileno()).st_size
        return size < self.position or os.pread(self.file.fileno(), len(self.head), 0) != self.head

    def begin(self) -> None:
        """From the first byte on."""
        self.position, self.rest, self.head = 0, b"", b""

    def has_copy(self, path: Path) -> bool:
        """Is the file, by its name and beginning, what a rotation copied from this one?"""
        own = Path(self.name)
        named = path.name != own.name and path.name.startswith(own.name)
        return named and path.parent == own.parent and self.behind(path, most=0) is not None

    def behind(self, path: Path, most: int = AT_ONCE) -> bytes | None:
        """What stands in a copy, packed or not, behind the place to which this one was read."""
        try:
            with path.open("rb") as file:
                carrier = carrier_of(file.read(HEAD))
            with OPENED_BY.get(carrier, open)(path, "rb") as copy:
                head = copy.read(HEAD)
                if len(self.head) < TELLING or not head.startswith(self.head):
                    return None
                copy.seek(max(self.position - 1, 0))
                reaches = len(copy.read(1)) == 1
                unread: bytes = copy.read(most)
                return unread if reaches else None
        except TORN:
            return None


@dataclass
class Follower:
    """What grows under these paths and patterns.

    Args:
        context: Bytes of each log that the first look takes, from the end; what came before is not
            read. A log that appears later is read from its beginning.

    Raises:
        SettingsError: no such file, or one that cannot grow.
    """

    patterns: Sequence[str]
    context: int
    _logs: dict[Key, _Log] = field(default_factory=dict)
    _missing: dict[str, int] = field(default_factory=dict)  # looks without a file, by pattern
    _shut: set[str] = field(default_factory=set)  # paths that cannot be opened
    _notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        paths = self._paths()
        if not paths:
            remedy = "Give growing logs, such as /var/log/mail.log."
            raise SettingsError("there is no such file", ", ".join(self.patterns), remedy)
        for path in paths:
            with path.open("rb") as file:
                packed = carrier_of(file.read(HEAD)) != "plain"
            if packed:
                self.close()
                remedy = "Give the log that is written now; analyze reads the older ones."
                raise SettingsError("a packed file does not grow", path, remedy)
            self._take(path, from_end=True)

    def look(self) -> dict[str, bytes]:
        """New whole lines, by the path at which each log was first seen."""
        present = {self._take(path, from_end=False) for path in self._paths()}
        new: dict[str, bytes] = {}
        for key, log in list(self._logs.items()):
            new[log.name] = new.get(log.name, b"") + self._read(log)
            if key not in present and log.still >= STILL:
                log.file.close()
                del self._logs[key]
        return {name: lines for name, lines in new.items() if lines}

    def notices(self) -> list[Notice]:
        """What is to be told since this was last asked, in order."""
        told, self._notices = self._notices, []
        return told

    def close(self) -> None:
        for log in self._logs.values():
            log.file.close()
        self._logs.clear()

    def _paths(self) -> list[Path]:
        found: list[Path] = []
        for pattern in self.patterns:
            names = (
                [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern))  # noqa: PTH110, PTH207 - no error where a folder is shut
            )
            paths = [Path(name) for name in names if os.path.isfile(name)]  # noqa: PTH113
            self._count(pattern, bool(paths))
            found += paths
        return found

    def _count(self, pattern: str, there: bool) -> None:
        """A rotation may leave a name empty for a moment; longer, and it is told."""
        looks = 0 if there else self._missing.get(pattern, 0) + 1
        if looks == STILL:
            self._tell("gone", pattern)
        if there and self._missing.get(pattern, 0) >= STILL:
            self._tell("back", pattern)
        self._missing[pattern] = looks

    def _take(self, path: Path, *, from_end: bool) -> Key:
        """Begin to follow a file that is not known; the inode by which it is."""
        try:
            file = path.open("rb")
        except FileNotFoundError:  # gone between two looks
            return 0, 0
        except OSError as error:
            if str(path) not in self._shut:
                self._cannot(str(path), error)
            self._shut.add(str(path))
            return 0, 0
        if str(path) in self._shut:
            self._shut.remove(str(path))
            self._tell("readable", str(path))
        status = os.fstat(file.fileno())
        key = status.st_dev, status.st_ino
        head = os.pread(file.fileno(), HEAD, 0)
        if key in self._logs or carrier_of(head) != "plain":
            file.close()
            return key
        log = _Log(str(path), file, 0, head)
        if from_end and status.st_size > self.context:
            log.position = status.st_size - self.context
            cut = os.pread(file.fileno(), self.context, log.position)
            log.position += cut.find(b"\n") + 1  # from a whole line on
        if not from_end:
            self._appeared(log, path)
        self._logs[key] = log
        return key

    def _appeared(self, log: _Log, path: Path) -> None:
        """A copy is read from where its original was; any other new file from its beginning."""
        of = [known for known in self._logs.values() if known.has_copy(path)]
        if of:
            log.position = of[0].position - len(of[0].rest)
        elif any(known.name == log.name for known in self._logs.values()):
            self._tell("rotated", log.name)
        elif log.name not in self.patterns:
            self._tell("new", log.name)

    def _read(self, log: _Log) -> bytes:
        try:
            lines = self._end_of_copy(log) + log.read()
        except OSError as error:  # the disk, or a server of files
            log.still += 1
            if not log.failing:
                self._cannot(log.name, error)
            log.failing = True
            return b""
        if log.failing:
            self._tell("readable", log.name)
        log.failing = False
        return lines

    def _end_of_copy(self, log: _Log) -> bytes:
        """Of a log that was cut, the whole lines that a rotation copied and nobody read yet."""
        if not log.is_cut():
            return b""
        copies = list(self._copies(log))
        self._tell("cut_copied" if copies else "cut", log.name)
        unread = copies[0] if copies else b""
        whole, newline, _ = (log.rest + unread).rpartition(b"\n")
        log.begin()
        return whole + newline

    def _copies(self, log: _Log) -> Iterator[bytes]:
        """What stands in copies of the log behind the place to which it was read."""
        for path in sorted(Path(log.name).parent.glob(glob.escape(Path(log.name).name) + "?*")):
            unread = log.behind(path)
            if unread is not None:
                status = path.stat()
                followed = (status.st_dev, status.st_ino) in self._logs
                yield b"" if followed else unread

    def _cannot(self, name: str, error: OSError) -> None:
        self._tell("unreadable", name, error.strerror or type(error).__name__)

    def _tell(self, what: str, name: str, detail: str = "") -> None:
        self._notices.append(Notice(what, name, detail=detail))
