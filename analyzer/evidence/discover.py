"""Which files are the evidence, and what is each called in every table?"""

from __future__ import annotations

import glob
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzer import words
from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.evidence.archives import Member, Stretch, members
from analyzer.evidence.raw import open_untouched
from analyzer.evidence.recognise import recognise, recognise_member

# Bytes that are no UTF-8 (Python reads them as surrogates), control characters, and the mark that
# shows both.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")


class Spool(io.FileIO):
    """What came by standard input, in a file without a name."""

    def __del__(self) -> None:
        self.close()


@dataclass(frozen=True)
class Evidence:
    """A file to be read, as it was found."""

    path: Path
    name: str  # `source` in every table
    size: int
    mtime_ns: int | None  # None: standard input from a pipe has none
    carrier: str  # plain, gzip, xz, bzip2, zstd
    kind: str  # text, empty, binary, archive, unsupported, unreadable
    note: str = ""  # why it is not text, or how its text is read
    spool: Spool | None = field(default=None, repr=False, compare=False)
    stretch: Stretch | None = None  # where in the archive at `path` it is


@dataclass(frozen=True)
class _Candidate:
    path: Path
    named_parts: int  # how many of the last parts of the path make the name
    status: os.stat_result | None
    trouble: str = ""  # why there is no status

    @property
    def name(self) -> str:
        parts = self.path.parts[-self.named_parts :]
        if parts[0] == self.path.anchor:  # "/" or "C:\\"
            parts = (parts[0].rstrip("/\\"), *parts[1:])
        return "/".join(map(_printable, parts))


def find(arguments: Sequence[str | Path]) -> list[Evidence]:
    """The evidence that files, folders, patterns and `-` (standard input) stand for.

    An archive is listed, and so is each file in it.

    Sorted by name; each file once, however often and by whatever link it is reached.

    Raises:
        SettingsError: an argument names nothing, or no file.
        EnvironmentTrouble: standard input does not fit into the folder for temporary files.
    """
    if not arguments:
        remedy = "Name mail logs: files, folders, or - for standard input."
        raise SettingsError("no evidence was given", "command line", remedy)
    paths = [Path(argument) for argument in arguments if str(argument) != "-"]
    candidates = [candidate for path in paths for candidate in _candidates(path)]
    with_stdin = len(paths) < len(arguments)
    taken = ["stdin"] if with_stdin else []
    evidence = [
        one
        for candidate in _told_apart(_each_once(candidates), taken)
        for one in _evidence(candidate)
    ]
    if with_stdin:
        evidence += _stdin()
    return sorted(evidence, key=lambda one: one.name)


def _candidates(argument: Path) -> list[_Candidate]:
    """Regular files, and what cannot be looked at, that an argument stands for."""
    where = _printable(str(argument))
    paths = [argument]
    if not _exists(argument):  # not every shell expands patterns
        paths = [Path(match) for match in sorted(glob.glob(str(argument), recursive=True))]  # noqa: PTH207 (absolute patterns)
        if not paths:
            raise SettingsError("no such file or folder", where, "Check the path and its spelling.")
    found = [candidate for path in paths for candidate in _below(_absolute(path))]
    if not found:
        raise SettingsError(
            "this is no file, and there is none in it",
            where,
            "Name a file, or a folder that holds the logs; pipe anything else into `-`.",
        )
    return found


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # it is there, out of reach: evidence that cannot be read
    return True


def _absolute(path: Path) -> Path:
    """The path without `..` and links on the way to it; a link it ends in keeps its name."""
    if path.name in ("", ".."):
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent), path.name)


def _below(path: Path) -> Iterator[_Candidate]:
    """Regular files at or below a path, and what cannot be looked at."""
    unnamed = len(path.parts) - 1
    waiting, linked, seen = deque([path]), deque[Path](), set[str]()
    while waiting or linked:  # links last: what is reached without one is named without one
        here = waiting.popleft() if waiting else linked.popleft()
        named_parts = len(here.parts) - unnamed
        try:
            status = here.stat()
            if stat.S_ISREG(status.st_mode):
                yield _Candidate(here, named_parts, status)
            elif stat.S_ISDIR(status.st_mode) and (real := os.path.realpath(here)) not in seen:
                seen.add(real)  # a link may lead back
                with os.scandir(here) as entries:
                    for entry in sorted(entries, key=lambda entry: entry.name):
                        (linked if entry.is_symlink() else waiting).append(here / entry.name)
        except OSError as error:
            yield _Candidate(here, named_parts, None, _why(error))


def _each_once(candidates: list[_Candidate]) -> list[_Candidate]:
    """One candidate a file, if possible one not reached by a link, whatever the order given."""
    kept: dict[object, _Candidate] = {}
    by_link = {one: os.path.realpath(one.path) != str(one.path) for one in candidates}
    for one in sorted(candidates, key=lambda one: (by_link[one], one.path, -one.named_parts)):
        kept.setdefault(_identity(one), one)
    return list(kept.values())


def _identity(candidate: _Candidate) -> object:
    status = candidate.status
    if status and status.st_nlink > 1:  # only then: some network file systems repeat inode numbers
        return status.st_dev, status.st_ino
    return os.path.realpath(candidate.path) if status else str(candidate.path)


def _told_apart(candidates: list[_Candidate], taken: list[str]) -> list[_Candidate]:
    """Give names that are not alike more of their parents, until no two are."""
    while True:
        count = Counter([*taken, *(one.name for one in candidates)])
        longer = [
            replace(one, named_parts=one.named_parts + 1)
            if count[one.name] > 1 and one.named_parts < len(one.path.parts)
            else one
            for one in candidates
        ]
        if longer == candidates:
            return candidates
        candidates = longer


def _evidence(candidate: _Candidate) -> list[Evidence]:
    path, name, status = candidate.path, candidate.name, candidate.status
    if status is None:
        return [Evidence(path, name, 0, None, "plain", "unreadable", candidate.trouble)]
    size, mtime_ns = status.st_size, status.st_mtime_ns
    try:
        with open_untouched(path) as file:
            carrier, kind, note = recognise(file, size)
            found = Evidence(path, name, size, mtime_ns, carrier, kind, note)
            return _with_members(found, file)
    except OSError as error:
        return [Evidence(path, name, size, mtime_ns, "plain", "unreadable", _why(error))]


def _with_members(found: Evidence, file: io.FileIO) -> list[Evidence]:
    """The evidence, and what is in it if it is an archive."""
    if found.kind != "archive":
        return [found]
    contents = members(file, found.size, found.carrier, found.note)
    listed = [_member(found, member) for member in contents.members]
    if not listed and contents.damage:
        note = f"{found.note} archive, {contents.damage}: mend or unpack it and give the files"
        return [replace(found, kind="unreadable", note=note)]
    note = f"{found.note} archive of {words.count(len(listed), 'file')}"
    if contents.damage:
        return [replace(found, kind="unreadable", note=f"{note}; {contents.damage}"), *listed]
    return [replace(found, note=note), *listed]


def _member(archive: Evidence, member: Member) -> Evidence:
    carrier, kind, note = recognise_member(member.beginning)
    if member.trouble:
        carrier, kind, note = "plain", "unsupported", member.trouble
    return Evidence(
        archive.path,
        f"{archive.name}/{_printable(member.label)}",
        member.size,
        member.mtime_ns,
        carrier,
        kind,
        note,
        archive.spool,
        member.stretch,
    )


def _stdin() -> list[Evidence]:
    if sys.stdin is None:
        raise SettingsError("there is no standard input", "-", "Name files, or pipe a log in.")
    mtime_ns = None
    try:
        status = os.fstat(sys.stdin.fileno())
        if stat.S_ISREG(status.st_mode):  # a pipe's time is the clock's
            mtime_ns = status.st_mtime_ns
    except (OSError, ValueError):
        pass  # not a file of the system
    try:
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
            file.flush()
            spool = Spool(os.dup(file.fileno()))
    except OSError as error:
        raise EnvironmentTrouble(
            f"standard input cannot be kept: {error.strerror}",
            tempfile.gettempdir(),
            "Make room there, or set TMPDIR to a folder with room.",
        ) from None
    size = os.fstat(spool.fileno()).st_size
    found = Evidence(Path("-"), "stdin", size, mtime_ns, *recognise(spool, size), spool)
    return _with_members(found, spool)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char == "\\":
        return r"\\"
    byte = ord(char) - 0xDC00 if 0xDC80 <= ord(char) <= 0xDCFF else ord(char)
    return f"\\x{byte:02x}"
