"""What is this file, judged by how it begins and never by its name?"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from analyzer.evidence.carriers import CARRIERS
from analyzer.evidence.decoded import Decoded
from analyzer.evidence.encoding import NOTE, as_utf8, is_utf16
from analyzer.evidence.raw import Hashed, RawFile, Source

BEGINNING = 64 << 10  # bytes that are looked at
BINARY_SHARE = 0.10  # of control bytes; random bytes have 0.113, a log next to none

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG image",
    b"\xff\xd8\xff": "JPEG image",
    b"GIF87a": "GIF image",
    b"GIF89a": "GIF image",
    b"%PDF-": "PDF document",
    b"PK\x03\x04": "zip archive",
    b"PK\x05\x06": "zip archive",
    b"-----BEGIN PGP MESSAGE": "encrypted data",
    b"7z\xbc\xaf\x27\x1c": "7z archive",
    b"Rar!\x1a\x07": "RAR archive",
    b"\x7fELF": "program",
    b"SQLite format 3\0": "SQLite database",
    b"LPKSHHRH": "systemd journal",
    b"ElfFile\0": "Windows event log",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Microsoft Office document",
    b"\xd4\xc3\xb2\xa1": "packet capture",
    b"\xa1\xb2\xc3\xd4": "packet capture",
    b"\x0a\x0d\x0d\x0a": "packet capture",
    b"PAR1": "Parquet file",
    b"ARROW1\0\0": "Arrow file",
    b"\x1f\x9d": "compress (.Z) data",
    b"\x04\x22\x4d\x18": "lz4 data",
    b"LZIP\x01": "lzip data",
    b"\x5d\x00\x00": "lzma data",
}
_WHAT_TO_DO = {
    "Microsoft Office document": "save its table as CSV, or its text, and give that",
    "encrypted data": "decrypt it and give the result",
    "7z archive": "unpack it and give the files",
    "RAR archive": "unpack it and give the files",
    "compress (.Z) data": "decompress it and give the result",
    "lz4 data": "decompress it and give the result",
    "lzip data": "decompress it and give the result",
    "lzma data": "decompress it and give the result",
    "systemd journal": "export it with journalctl -o short-iso and give the result",
}
ARCHIVES = {"zip archive": "zip", "tar archive": "tar"}
_NUL_RUN = re.compile(rb"\0{8,}")  # left by a crash, or by a log cut while it was written
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\r\f"))


def recognise(file: io.FileIO, size: int) -> tuple[str, str, str]:
    """Carrier, kind and note of an open file.

    Kinds: `text`, `empty`, `binary`, `archive` (the note says which), `unsupported` (there may be
    logs in it; the note says what to do), `unreadable` (the note says why).
    """
    raw = RawFile(file, size)
    beginning = raw.read(BEGINNING)
    if raw.problems and not beginning:
        return "plain", "unreadable", raw.problems[0]
    carrier = carrier_of(beginning)
    if carrier == "plain":
        return carrier, *_kind(beginning)
    return carrier, *_inside(carrier, lambda: RawFile(file, size))


def recognise_member(beginning: bytes) -> tuple[str, str, str]:
    """The same of a file in an archive, of which the beginning is at hand."""
    carrier = carrier_of(beginning)
    if carrier == "plain":
        kind, note = _kind(beginning)
    else:
        kind, note = _inside(carrier, lambda: Hashed(io.BytesIO(beginning)))
    if kind == "archive":
        return (
            carrier,
            "unsupported",
            f"{note} archive inside an archive: unpack it and give the files",
        )
    return carrier, kind, note


def _inside(carrier: str, source: Callable[[], Source]) -> tuple[str, str]:
    """Kind and note of what compressed data carry."""
    decoded = Decoded(CARRIERS[carrier], source(), source)
    beginning = decoded.read(BEGINNING)
    if not beginning and decoded.problems:
        return "text", ""  # whatever it was: reading it will report the damage
    inner = carrier_of(beginning)
    if inner != "plain":
        note = f"{inner} data inside {carrier} data: decompress it and give the result"
        return "unsupported", note
    return _kind(beginning)


def carrier_of(beginning: bytes) -> str:
    names = (one.name for one in CARRIERS.values() if beginning.startswith(one.magic))
    return next(names, "plain")


def _kind(beginning: bytes) -> tuple[str, str]:
    if not beginning:
        return "empty", ""
    if is_utf16(beginning):
        kind, note = _kind(as_utf8(beginning))
        return kind, NOTE if kind == "text" else note
    what = next((what for magic, what in _MAGIC.items() if beginning.startswith(magic)), None)
    if beginning[257:262] == b"ustar":
        what = "tar archive"
    if beginning[30:49] == b"[Content_Types].xml":
        what = "Microsoft Office document"
    if what in ARCHIVES:
        return "archive", ARCHIVES[what]
    if what:
        remedy = _WHAT_TO_DO.get(what)
        return ("unsupported", f"{what}: {remedy}") if remedy else ("binary", what)
    written = _NUL_RUN.sub(b"", beginning)
    controls = len(written) - len(written.translate(None, _CONTROL))
    if controls > BINARY_SHARE * len(written):
        return "binary", f"{100 * controls // len(written)} % of its beginning are control bytes"
    return "text", ""
