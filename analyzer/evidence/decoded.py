"""What does a compressed file carry, whatever is wrong with it?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from analyzer import words
from analyzer.evidence.carriers import BROKEN, Carrier
from analyzer.evidence.raw import Source, Stream

OUTPUT_PIECE = 128 << 10
BOMB_FREE = 64 << 20  # bytes; below this no ratio matters
BOMB_RATIO = 200  # logs shrink 4 to 30 times; gzip reaches 1,032 on zeros
PROBLEMS_SHOWN = 5


class Decoded(Stream):
    """What a compressed source carries, as a stream. `problems` says what was wrong."""

    def __init__(self, carrier: Carrier, source: Source, again: Callable[[], Source]) -> None:
        self._carrier = carrier
        self._source = source
        self._again = again
        self._pieces = self._salvaged()
        self._rest = memoryview(b"")
        self._given = 0
        self.problems: list[str] = []

    def readinto(self, view: memoryview) -> int:
        filled = 0
        while filled < len(view):
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            part = self._rest[: len(view) - filled]
            view[filled : filled + len(part)] = part
            self._rest = self._rest[len(part) :]
            filled += len(part)
        return filled

    def _salvaged(self) -> Iterator[bytes]:
        calls = 0
        steps = itertools.repeat(OUTPUT_PIECE)
        try:
            for piece in self._carrier.pieces(self._source, steps, self.problems):
                calls += 1
                yield self._counted(piece)
                if self._given > max(BOMB_FREE, BOMB_RATIO * self._source.position):
                    self.problems.append(
                        f"stopped after {self._given:,} bytes: more than {BOMB_RATIO} times its "
                        f"{self._carrier.name} data, as in a decompression bomb; "
                        "if it is a log, decompress it and give the result"
                    )
                    return
        except EOFError:
            self._ends_early()
        except BROKEN as error:
            yield from self._byte_by_byte(calls, error)

    def _byte_by_byte(self, calls: int, error: Exception) -> Iterator[bytes]:
        """A call that fails swallows what it had decoded: ask again, for one byte at a time."""
        steps = itertools.chain(itertools.repeat(OUTPUT_PIECE, calls), itertools.repeat(1))
        pieces = self._carrier.pieces(self._again(), steps, [])
        try:
            for piece in itertools.islice(pieces, calls, None):
                yield self._counted(piece)
        except EOFError:
            self._ends_early()
            return
        except BROKEN as same:
            error = same
        if "Truncated" in str(error):  # pyarrow has no exception of its own for it
            self._ends_early()
        else:
            where = f"{self._carrier.name} data damaged after {self._given:,} bytes"
            self.problems.append(f"{where}, nothing read behind them: {error}")

    def _counted(self, piece: bytes) -> bytes:
        self._given += len(piece)
        return piece

    def _ends_early(self) -> None:
        self.problems.append(f"{self._carrier.name} stream ends early after {self._given:,} bytes")


def joined(problems: list[str]) -> str | None:
    """One text of all problems, or None."""
    if not problems:
        return None
    more = len(problems) - PROBLEMS_SHOWN
    shown = problems[:PROBLEMS_SHOWN]
    return "; ".join([*shown, f"and {words.count(more, 'more problem')}"] if more > 0 else shown)
