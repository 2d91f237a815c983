"""Which text do the given configuration files hold, and where does each piece of it stand?"""

from __future__ import annotations

import codecs
import hashlib
import os
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
    sha256: str = ""  # of the file as it lies on disk

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """That line; empty for a number that no line has."""
        lines = self.lines
        return lines[number - 1] if 0 < number <= len(lines) else ""


class NotText(SettingsError):
    """A folder, a compiled table, an archive: worth a word beside other files, and no more."""


def read(paths: Iterable[Path]) -> tuple[list[Given], list[str]]:
    """The files in the order given, named from the folder that holds them all; and a word about
    each that is no text, where others are: `/etc/postfix/*`.

    Raises:
        SettingsError: a file is missing or too large, or none is text.
    """
    given, skipped = [], []
    for path, name in _named(paths):
        try:
            given.append(_read(path, name))
        except NotText as error:
            skipped.append((error, f"{name}: skipped: {error.args[0]}"))
    if skipped and not given:
        raise skipped[0][0]
    return given, [note for _, note in skipped]


def _named(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    paths = list(paths)
    whole = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - links are kept
    common = os.path.commonpath([path.parent for path in whole]) if whole else ""
    names = [path.relative_to(common).as_posix() for path in whole]
    return list(zip(paths, names, strict=True))


def _read(path: Path, name: str) -> Given:
    try:
        if path.is_dir():
            raise NotText("this is a folder", path, "Give the configuration files in it.")
        if path.stat().st_size > LARGEST:
            raise SettingsError("too large for a configuration", path, "Give logs to `analyze`.")
        data = path.read_bytes()
        return Given(name, _text(data, path), hashlib.sha256(data).hexdigest())
    except OSError as error:
        remedy = "Check the path and its permissions."
        raise SettingsError(f"cannot be read: {error.strerror}", path, remedy) from None


def _text(data: bytes, path: Path) -> str:
    """PowerShell writes UTF-16; older systems Latin-1, in which every byte means something."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        remedy = "A compiled table (.db) cannot be read: give the text it was made of."
        raise NotText("this is not a text file", path, remedy)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
