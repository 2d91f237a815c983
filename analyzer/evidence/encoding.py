"""How does UTF-16 text, as Windows exports it, become the UTF-8 that everything here reads?

Known by its byte order mark, or without one by the zero beside each of its first letters, which a
log's stamp is made of. It is transcoded while it is read: line offsets are then those of the
UTF-8 text, hashes those of the bytes as they are in the evidence.
"""

from __future__ import annotations

import codecs

from analyzer import words
from analyzer.evidence.raw import Stream

MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
NOTE = "UTF-16 text, read as UTF-8: line offsets are those of the UTF-8 text"
PIECE = 256 << 10  # bytes
SIGN = 32  # bytes that tell UTF-16 without a mark: sixteen letters, figures and signs of ASCII
_LETTERS = bytes({9, 10, 13, *range(32, 127)})


def _encoding_of(beginning: bytes) -> tuple[str, int] | None:
    """The codec of UTF-16 text by its first SIGN bytes, and how long its mark is; else None."""
    if beginning[:2] in MARKS and beginning[:4] != codecs.BOM_UTF32_LE:
        return MARKS[beginning[:2]], 2
    sign = beginning[:SIGN]
    if len(sign) < SIGN:
        return None
    for codec, letters, zeros in (("utf-16-le", 0, 1), ("utf-16-be", 1, 0)):
        if sign[letters::2].translate(None, _LETTERS) == b"" and not any(sign[zeros::2]):
            return codec, 0
    return None


def is_utf16(beginning: bytes) -> bool:
    return _encoding_of(beginning) is not None


def as_utf8(beginning: bytes) -> bytes:
    """The first bytes of UTF-16 text, as UTF-8."""
    codec, mark = _encoding_of(beginning) or ("utf-8", 0)
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    return _encoded(decoder.decode(beginning[mark:]))


class Transcoded(Stream):
    """A stream of UTF-16 as UTF-8, any other as it is. `problems` says what was wrong.

    Half a pair, which is no character, is kept as the three bytes that would stand for it.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest: memoryview | None = None
        self._ended = False
        self.problems: list[str] = []

    def readinto(self, view: memoryview) -> int:
        if self._rest is None:
            self._begin()
        filled = 0
        while filled < len(view):
            if not self._rest:
                if self._decoder is None:
                    return filled + self._stream.readinto(view[filled:])
                if self._ended:
                    break
                self._rest = memoryview(self._next())
                continue
            part = self._rest[: len(view) - filled]
            view[filled : filled + len(part)] = part
            self._rest = self._rest[len(part) :]
            filled += len(part)
        return filled

    def _begin(self) -> None:
        first = self._stream.read(SIGN)
        if found := _encoding_of(first):
            codec, mark = found
            self._decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
            self._rest = memoryview(_encoded(self._decoder.decode(first[mark:])))
        else:
            self._rest = memoryview(first)

    def _next(self) -> bytes:
        assert self._decoder is not None
        piece = self._stream.read(PIECE)
        if piece:
            return _encoded(self._decoder.decode(piece))
        self._ended = True
        left, _ = self._decoder.getstate()
        if left:
            self.problems.append(
                f"UTF-16 text ends within a character: {words.count(len(left), 'byte')} left"
            )
        return b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
