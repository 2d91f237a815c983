"""Which text do the given configuration files hold, and where does each piece of it stand?"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import SettingsError

LARGEST = 64 << 20  # bytes; no configuration is larger, a log is


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Said:
    """A value, where it stands, and for an entry of a table the key it belongs to."""

    value: str
    place: Place
    key: str = ""


@dataclass(frozen=True)
class Given:
    """One file, as text."""

    name: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """That line; empty for a number that no line has."""
        lines = self.lines
        return lines[number - 1] if 0 < number <= len(lines) else ""


def read(paths: Iterable[Path]) -> list[Given]:
    """The files in the order given.

    Raises:
        SettingsError: a file is missing, too large, or no text.
    """
    return [_read(path) for path in paths]


def _read(path: Path) -> Given:
    try:
        if path.is_dir():
            raise SettingsError("this is a folder", path, "Give the configuration files in it.")
        if path.stat().st_size > LARGEST:
            raise SettingsError("too large for a configuration", path, "Give logs to `analyze`.")
        return Given(str(path), _text(path.read_bytes(), path))
    except OSError as error:
        remedy = "Check the path and its permissions."
        raise SettingsError(f"cannot be read: {error.strerror}", path, remedy) from None


def _text(data: bytes, path: Path) -> str:
    """PowerShell writes UTF-16; older systems Latin-1, in which every byte means something."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        remedy = "A compiled table (.db) cannot be read: give the text it was made of."
        raise SettingsError("this is not a text file", path, remedy)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
