"""Which whole lines were written to growing logs since the last look?

A log that is renamed is read to its end under its new name, a new file in its place from its
beginning; one that is cut short (copytruncate) is read from its beginning again.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from analyzer.errors import SettingsError

HEAD = 256  # bytes by which a file that was cut and has grown again is told
AT_ONCE = 64 << 20  # bytes of one file in one look
STILL = 3  # looks without a byte until a file that is gone is let go
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


@dataclass
class _Log:
    """One file, known by its inode whatever its name becomes."""

    name: str
    file: BufferedReader
    position: int
    head: bytes
    rest: bytes = b""
    still: int = 0

    def read(self) -> bytes:
        """What is new, up to the last whole line."""
        if self._cut():
            self.position, self.rest = 0, b""
            self.head = b""
        data = os.pread(self.file.fileno(), AT_ONCE, self.position)
        self.position += len(data)
        if len(self.head) < HEAD:
            self.head = os.pread(self.file.fileno(), HEAD, 0)
        self.still = 0 if data else self.still + 1
        whole, newline, self.rest = (self.rest + data).rpartition(b"\n")
        return whole + newline

    def _cut(self) -> bool:
        size = os.fstat(self.file.fileno()).st_size
        return size < self.position or os.pread(self.file.fileno(), len(self.head), 0) != self.head


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
    _logs: dict[tuple[int, int], _Log] = field(default_factory=dict)

    def __post_init__(self) -> None:
        paths = self._paths()
        if not paths:
            remedy = "Give growing logs, such as /var/log/mail.log."
            raise SettingsError("there is no such file", ", ".join(self.patterns), remedy)
        for path in paths:
            with path.open("rb") as file:
                packed = file.read(6).startswith(PACKED)
            if packed:
                self.close()
                remedy = "Give the log that is written now; analyze reads the older ones."
                raise SettingsError("a packed file does not grow", path, remedy)
            self._take(path, from_end=True)

    def look(self) -> dict[str, bytes]:
        """New whole lines, by the path at which each log was first seen."""
        present = set()
        for path in self._paths():
            present.add(self._take(path, from_end=False))
        new: dict[str, bytes] = {}
        for key, log in list(self._logs.items()):
            new[log.name] = new.get(log.name, b"") + log.read()
            if key not in present and log.still >= STILL:
                log.file.close()
                del self._logs[key]
        return {name: lines for name, lines in new.items() if lines}

    def close(self) -> None:
        for log in self._logs.values():
            log.file.close()
        self._logs.clear()

    def _paths(self) -> list[Path]:
        found = [
            Path(name)
            for pattern in self.patterns
            for name in (
                [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern))  # noqa: PTH207
            )
        ]
        return [path for path in found if path.is_file()]

    def _take(self, path: Path, *, from_end: bool) -> tuple[int, int]:
        """Begin to follow a file that is not known; the inode by which it is."""
        try:
            file = path.open("rb")
        except OSError:  # gone between two looks
            return 0, 0
        status = os.fstat(file.fileno())
        key = status.st_dev, status.st_ino
        head = os.pread(file.fileno(), HEAD, 0)
        if key in self._logs or head.startswith(PACKED):
            file.close()
            return key
        log = _Log(str(path), file, 0, head)
        if from_end and status.st_size > self.context:
            log.position = status.st_size - self.context
            cut = os.pread(file.fileno(), self.context, log.position)
            log.position += cut.find(b"\n") + 1  # from a whole line on
        self._logs[key] = log
        return key
