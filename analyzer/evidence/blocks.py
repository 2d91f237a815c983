"""How is a stream cut into blocks of whole lines?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.evidence.raw import Stream

NEWLINE = 10
LONGEST = 1 << 20  # bytes; no line of a mail log comes near it
_NO_ZERO = re.compile(rb"[^\0]")
NEAR = 128 << 10  # bytes
EDGE = 4 << 10  # bytes kept of both ends of a longer line


@dataclass(frozen=True)
class Block:
    """Whole lines, each ended by a newline, the last one too where the file has none."""

    source: str
    first_line: int  # from 1
    offset: int  # of its first byte in the decompressed stream
    data: bytes


@dataclass(frozen=True)
class Overlong:
    """A line too long to be handed on, but counted. Length, hash and ends leave out its newline."""

    source: str
    line: int
    offset: int
    length: int
    sha256: str
    first: bytes
    last: bytes


def _newlines(byte: npt.NDArray[np.uint8]) -> int:
    """How many, counted a stretch at a time that a core has near it."""
    starts = range(0, len(byte), NEAR)
    return sum(int(np.count_nonzero(byte[at : at + NEAR] == NEWLINE)) for at in starts)


class Cutter:
    """Cuts a stream where its bytes and the block size say, however it arrives.

    A block ends with the last line that ends within `block_size` bytes; a longer line is a block
    of its own. Lines longer than `longest` are left out, and what follows begins a new block; the
    zeros before one are passed over first.
    """

    def __init__(
        self, stream: Stream, source: str, block_size: int, longest: int = LONGEST
    ) -> None:
        self._stream = stream
        self._source = source
        self._block_size = block_size
        self._longest = longest
        self._needed = max(block_size, longest + 1)  # bytes at hand that decide where to cut
        self._buffer = bytearray(max(block_size, 4 * (longest + 1)))
        self._view = memoryview(self._buffer)
        self._start = self._end = 0  # what of the buffer is not handed out yet
        self._offset = 0  # of _start in the stream
        self._ended = False
        self.lines = 0
        self.partial_last = False
        self.overlong: list[Overlong] = []

    def __iter__(self) -> Iterator[Block]:
        while self._fill(self._needed):
            cut = self._cut()
            if cut == self._start and self._end - self._start > self._longest:
                if self._pass_over_zeros() and self._fill(1):
                    continue
                if self._start == self._end:  # zeros to the end: the last line is empty
                    self.partial_last = True
                    self.lines += 1
                    yield Block(self._source, self.lines, self._offset, b"\n")
                    return
                self._leave_out()
                continue
            self.partial_last = cut == self._start
            first_line, offset = self.lines + 1, self._offset
            data = self._take(self._end) + b"\n" if self.partial_last else self._take(cut)
            self.lines += _newlines(np.frombuffer(data, np.uint8))
            yield Block(self._source, first_line, offset, data)

    def _fill(self, needed: int) -> bool:
        """Have `needed` bytes at hand, unless the stream ends; False if there are none."""
        if self._end - self._start < needed and not self._ended:
            rest = bytes(self._view[self._start : self._end])
            self._view[: len(rest)] = rest
            got = self._stream.readinto(self._view[len(rest) :])
            self._start, self._end = 0, len(rest) + got
            self._ended = self._end < len(self._buffer)
        return self._end > self._start

    def _cut(self) -> int:
        """Where the next block ends; its start if the next line is too long or has no end."""
        find_last, reach = self._buffer.rfind, self._longest + 1
        limit = min(self._start + self._block_size, self._end)
        cut = self._start
        # In steps of the longest line: a step without a newline is one that is longer.
        while (newline := find_last(b"\n", cut, min(cut + reach, limit))) >= 0:
            cut = newline + 1
        if cut > self._start:
            return cut
        newline = self._buffer.find(b"\n", self._start, min(self._start + reach, self._end))
        return newline + 1 if newline >= 0 else self._start

    def _take(self, end: int) -> bytes:
        data = bytes(self._view[self._start : end])
        self._advance(end)
        return data

    def _advance(self, end: int) -> None:
        self._offset += end - self._start
        self._start = end

    def _pass_over_zeros(self) -> bool:
        """Pass over the zeros that a crash left before a line: they are of any length, and no part
        of it.
        """
        begin = self._offset
        while self._fill(1) and self._buffer[self._start] == 0:
            found = _NO_ZERO.search(self._buffer, self._start, self._end)
            self._advance(found.start() if found else self._end)
        return self._offset > begin

    def _leave_out(self) -> None:
        """Pass over a line of any length, in the memory there is."""
        begin, sha256, first, last = self._offset, hashlib.sha256(), b"", b""
        ended = False
        while not ended and self._fill(1):
            newline = self._buffer.find(b"\n", self._start, self._end)
            ended = newline >= 0
            part = self._view[self._start : newline if ended else self._end]
            sha256.update(part)
            first = (first + bytes(part[: EDGE - len(first)]))[:EDGE]
            last = (last + bytes(part[-EDGE:]))[-EDGE:]
            self._advance(self._start + len(part) + ended)
        self.lines += 1
        self.partial_last = not ended
        length = self._offset - begin - ended
        self.overlong.append(
            Overlong(self._source, self.lines, begin, length, sha256.hexdigest(), first, last)
        )
