"""How is each compression known, and how is it unpacked, a piece at a time?"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from analyzer import words
from analyzer.evidence.raw import Source

INPUT_PIECE = 64 << 10
XZ_MEMORY = 256 << 20  # bytes; `xz -9` asks for 65 MiB to decompress

BROKEN = (zlib.error, lzma.LZMAError, OSError, ValueError)  # bz2 and pyarrow raise OSError

# Decompresses a source, one piece for each step; a step is the most bytes a piece may have.
# Raises EOFError if the source ends early, one of BROKEN if it is damaged; problems that do not
# end it are appended to the list.
Pieces = Callable[[Source, Iterator[int], list[str]], Iterator[bytes]]


@dataclass(frozen=True)
class Carrier:
    """A compression, known by how its files begin."""

    name: str
    magic: tuple[bytes, ...]
    pieces: Pieces


class _Input:
    """A source that takes back what was not needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rest = b""

    def piece(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest or self._source.read(INPUT_PIECE)

    def put_back(self, data: bytes) -> None:
        self._rest = data + self._rest

    def take(self, size: int) -> bytes:
        data = self.at_most(size)
        if len(data) < size:
            raise EOFError
        return data

    def at_most(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (more := self.piece()):
            data += more
        self.put_back(data[size:])
        return data[:size]

    def skip_text(self) -> None:
        """Skip text that ends with NUL."""
        while (piece := self.piece()) and b"\0" not in piece:
            pass
        self.put_back(piece.partition(b"\0")[2])


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Inflate:
    """zlib behind the interface of bz2 and lzma. It checks no sum: gzip has its own."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(output) < max_length and not self._zlib.unconsumed_tail
        return output


def _one_stream(
    decompressor: _Decompressor, given: _Input, steps: Iterator[int]
) -> Iterator[bytes]:
    while not decompressor.eof:
        asked = decompressor.needs_input
        data = given.piece() if asked else b""
        output = decompressor.decompress(data, next(steps))
        yield output
        # Called once more after the last input: it may still hold output.
        if asked and not data and not output and not decompressor.eof:
            raise EOFError
    given.put_back(decompressor.unused_data)


def _one_after_another(name: str, magic: bytes, new: Callable[[], _Decompressor]) -> Carrier:
    def pieces(source: Source, steps: Iterator[int], problems: list[str]) -> Iterator[bytes]:
        given = _Input(source)
        while True:
            yield from _one_stream(new(), given, steps)
            if not _another(given, name, magic, problems):
                return

    return Carrier(name, (magic,), pieces)


def _another(given: _Input, name: str, magic: bytes, problems: list[str]) -> bool:
    """Does another stream follow? Zeros after a stream are padding; anything else is reported."""
    while (piece := given.piece()) and not piece.strip(b"\0"):
        pass
    given.put_back(piece.lstrip(b"\0"))
    begin = given.at_most(len(magic))
    given.put_back(begin)
    if begin == magic:
        return True
    garbage = sum(map(len, iter(given.piece, b"")))
    if garbage:
        more, are = words.count(garbage, "byte"), words.form(garbage, "is", "are")
        problems.append(f"{more} after the end of the {name} data {are} no {name} data")
    return False


def _gzip_pieces(source: Source, steps: Iterator[int], problems: list[str]) -> Iterator[bytes]:
    given = _Input(source)
    begin = 0
    while True:
        _skip_gzip_header(given)
        checksum = size = 0
        for piece in _one_stream(_Inflate(), given, steps):
            checksum = zlib.crc32(piece, checksum)
            size += len(piece)
            yield piece
        trailer = given.take(8)
        if trailer != checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little"):
            problems.append(
                f"checksum wrong: {size:,} bytes from byte {begin:,} on are not what was compressed"
            )
        begin += size
        if not _another(given, "gzip", b"\x1f\x8b", problems):
            return


def _skip_gzip_header(given: _Input) -> None:
    """Source: RFC 1952, section 2.3."""
    header = given.take(10)
    method, flags = header[2], header[3]
    if method != 8 or flags & 0xE0:
        raise ValueError("the gzip header is not valid")
    if flags & 4:
        given.take(int.from_bytes(given.take(2), "little"))
    if flags & 8:
        given.skip_text()  # file name
    if flags & 16:
        given.skip_text()  # comment
    if flags & 2:
        given.take(2)


class _ForArrow:
    """A source as the file that Arrow wants and closes."""

    closed = False

    def __init__(self, source: Source) -> None:
        self.read = source.read

    def close(self) -> None:
        self.closed = True


def _zstd_pieces(source: Source, steps: Iterator[int], _problems: list[str]) -> Iterator[bytes]:
    import pyarrow as pa  # slow to import: only when such a file turns up

    with pa.CompressedInputStream(pa.PythonFile(_ForArrow(source), mode="r"), "zstd") as stream:
        while piece := stream.read(next(steps)):
            yield piece


def zipped(method: int, checksum: int, size: int) -> Carrier:
    """How a zip's member is packed: deflated, or stored as it is."""

    def pieces(source: Source, steps: Iterator[int], problems: list[str]) -> Iterator[bytes]:
        if method:
            unpacked = _one_stream(_Inflate(), _Input(source), steps)
        else:
            unpacked = iter(lambda: source.read(next(steps)), b"")
        found = given = 0
        for piece in unpacked:
            found = zlib.crc32(piece, found)
            given += len(piece)
            yield piece
        if (found, given) != (checksum, size):
            problems.append(
                "checksum wrong: these are not the bytes that were put into the archive"
            )

    return Carrier("zip", (), pieces)


CARRIERS = {
    carrier.name: carrier
    for carrier in (
        Carrier("gzip", (b"\x1f\x8b",), _gzip_pieces),
        _one_after_another(
            "xz", b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)
        ),
        _one_after_another("bzip2", b"BZh", bz2.BZ2Decompressor),
        Carrier("zstd", (b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"), _zstd_pieces),  # second: pzstd
    )
}
