"""Which files does an archive hold, and how is each read where it lies?

Nothing is extracted: a member's name is a label and never a path, and its bytes are a stretch of
the archive.
"""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, cast

from analyzer import words
from analyzer.evidence.carriers import CARRIERS, zipped
from analyzer.evidence.decoded import Decoded
from analyzer.evidence.raw import RawFile, Stream
from analyzer.evidence.recognise import BEGINNING

MOST_MEMBERS = 10_000
LINK = "a link: what it points to is not read"
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    OverflowError,
    ValueError,
    NotImplementedError,
    RecursionError,
)


@dataclass(frozen=True)
class Stretch:
    """Where a member's bytes are.

    `carrier`: compression around the whole archive. `zip_method`, `checksum`, `unpacked`: of a
    zip's member.
    """

    carrier: str
    archive_size: int
    offset: int
    size: int
    zip_method: int | None = None
    checksum: int = 0
    unpacked: int = 0


@dataclass(frozen=True)
class Member:
    """A file in an archive. `trouble`: why it is not read; `beginning`: its first bytes."""

    label: str
    size: int
    mtime_ns: int | None
    stretch: Stretch | None
    beginning: bytes = b""
    trouble: str = ""


@dataclass
class Contents:
    """What could be listed, and what kept the rest from it."""

    members: list[Member]
    damage: str = ""


class MemberBytes(Stream):
    """A member's own bytes. `problems` says what was wrong on the way to them."""

    def __init__(self, file: io.FileIO, stretch: Stretch) -> None:
        self._file, self._stretch = file, stretch
        self._raw = RawFile(file, stretch.archive_size)
        self._found: list[str] = []
        self._stream: Stream = self._slice(self._raw)
        if stretch.zip_method is not None:
            carrier = zipped(stretch.zip_method, stretch.checksum, stretch.unpacked)
            packed = self._slice(self._raw)
            decoded = Decoded(
                carrier, packed, lambda: self._slice(RawFile(file, stretch.archive_size))
            )
            self._stream, self._found = decoded, decoded.problems
        self.position = 0

    @property
    def problems(self) -> list[str]:
        return self._raw.problems + self._found

    def readinto(self, view: memoryview) -> int:
        got = self._stream.readinto(view)
        self.position += got
        return got

    def _slice(self, raw: RawFile) -> _Slice:
        stretch = self._stretch
        if stretch.carrier == "plain":
            raw.position = stretch.offset
            return _Slice(raw, 0, stretch.size, self._found)
        around = Decoded(
            CARRIERS[stretch.carrier], raw, lambda: RawFile(self._file, stretch.archive_size)
        )
        return _Slice(around, stretch.offset, stretch.size, self._found)


class _Slice(Stream):
    """A stretch of a stream, as a stream."""

    def __init__(self, stream: Stream, skip: int, size: int, problems: list[str]) -> None:
        self._stream, self._skip, self._size, self._problems = stream, skip, size, problems
        self.position = 0

    def readinto(self, view: memoryview) -> int:
        waste = memoryview(bytearray(min(self._skip, 1 << 20)))
        while self._skip:
            got = self._stream.readinto(waste[: self._skip])
            self._skip = self._skip - got if got else 0
        wanted = min(len(view), self._size - self.position)
        got = self._stream.readinto(view[:wanted]) if wanted else 0
        self.position += got
        if got < wanted:
            missing = words.count(self._size - self.position, "byte")
            self._problems.append(f"the archive ends {missing} too early")
            self._size = self.position
        return got


def members(file: io.FileIO, size: int, carrier: str, kind: str) -> Contents:
    """The files in a zip or tar archive, in its order."""
    contents = Contents([])
    listing = _of_zip(file, size) if kind == "zip" else _of_tar(file, size, carrier)
    taken: dict[str, int] = {}
    try:
        for member in listing:
            if len(contents.members) == MOST_MEMBERS:
                contents.damage = (
                    f"it holds more than {MOST_MEMBERS:,} files; unpack it and give the logs"
                )
                break
            again = taken[member.label] = taken.get(member.label, 0) + 1
            named = f"{member.label} ({again})" if again > 1 else member.label
            contents.members.append(replace(member, label=named))
    except _DAMAGED as error:
        contents.damage = f"damaged: {error}"
    return contents


def _of_tar(file: io.FileIO, size: int, carrier: str) -> Iterator[Member]:
    raw = RawFile(file, size)
    stream: RawFile | Decoded = raw
    problems: list[str] = []
    if carrier != "plain":
        stream = Decoded(CARRIERS[carrier], raw, lambda: RawFile(file, size))
        problems = stream.problems
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            for info in archive:
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                if not info.isdir():
                    yield _of_info(archive, info, carrier, size)
    except _DAMAGED as error:
        raise tarfile.ReadError("; ".join(problems) or str(error)) from error
    if problems:
        raise tarfile.ReadError("; ".join(problems))


def _of_info(archive: tarfile.TarFile, info: tarfile.TarInfo, carrier: str, size: int) -> Member:
    label, mtime = _label(info.name), int(info.mtime * 1_000_000_000)
    if info.issym() or info.islnk():
        return Member(label, 0, mtime, None, trouble=LINK)
    if not info.isreg() or info.issparse():
        return Member(label, 0, mtime, None, trouble="no plain file")
    opened = archive.extractfile(info)
    beginning = opened.read(BEGINNING) if opened else b""
    return Member(
        label, info.size, mtime, Stretch(carrier, size, info.offset_data, info.size), beginning
    )


def _of_zip(file: io.FileIO, size: int) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            label, mtime = _label(info.filename), _time_of(info)
            trouble, at = _why_not(file, info)
            if trouble:
                yield Member(label, 0, mtime, None, trouble=trouble)
                continue
            stretch = Stretch(
                "plain", size, at, info.compress_size, info.compress_type, info.CRC, info.file_size
            )
            beginning = MemberBytes(file, stretch).read(BEGINNING)
            yield Member(label, info.file_size, mtime, stretch, beginning)


def _why_not(file: io.FileIO, info: zipfile.ZipInfo) -> tuple[str, int]:
    """Why a zip's member is not read; or where its bytes begin."""
    if stat.S_ISLNK(info.external_attr >> 16):
        return LINK, 0
    if info.flag_bits & 1:
        return "it is encrypted: unpack it and give the files", 0
    if info.compress_type not in ZIP_METHODS:
        return f"zip method {info.compress_type}: unpack it and give the files", 0
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\3\4":
        return "its header is damaged", 0
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    return "", info.header_offset + 30 + name + extra


def _time_of(info: zipfile.ZipInfo) -> int | None:
    try:
        moment = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000_000


def _label(name: str) -> str:
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "unnamed"
