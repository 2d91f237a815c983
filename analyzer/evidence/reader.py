"""What does one pass over a piece of evidence give: blocks, then the account of what was read?"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.evidence.archives import MemberBytes
from analyzer.evidence.blocks import Block, Cutter, Overlong
from analyzer.evidence.carriers import CARRIERS
from analyzer.evidence.decoded import Decoded, joined
from analyzer.evidence.discover import Evidence
from analyzer.evidence.encoding import Transcoded
from analyzer.evidence.raw import Hashed, RawFile, open_untouched

BLOCK_SIZE = 8 << 20


@dataclass(frozen=True)
class Account:
    """What was read. `size` and `sha256` are of the file, `stream_*` of what it carries."""

    size: int
    sha256: str
    stream_size: int
    stream_sha256: str
    lines: int = 0  # overlong ones included; 0 where the evidence is no text
    partial_last: bool = False  # the last line has no newline
    damage: str | None = None
    overlong: list[Overlong] = field(default_factory=list)


class Reader:
    """Blocks of evidence, in order; after the last one, `account`. What is no text has no block."""

    def __init__(self, evidence: Evidence, block_size: int) -> None:
        self._evidence = evidence
        self._block_size = block_size
        self._account: Account | None = None
        self._stream: Hashed | None = None

    @property
    def sha256_so_far(self) -> str:
        """The hash of what was read of the stream: at least up to the end of the latest block."""
        return self._stream.hexdigest() if self._stream else ""

    @property
    def account(self) -> Account:
        if self._account is None:
            raise RuntimeError("the account is known when every block was read")
        return self._account

    def __iter__(self) -> Iterator[Block]:
        self._account = None
        try:
            opened = _opened(self._evidence)
        except OSError as error:
            nothing = Hashed(io.BytesIO()).hexdigest()
            damage = f"cannot be opened: {error.strerror}"
            self._account = Account(0, nothing, 0, nothing, damage=damage)
            return
        with opened as file:
            yield from self._blocks(file)

    def _blocks(self, file: io.FileIO) -> Iterator[Block]:
        own = self._own_bytes(file)
        hashed_file = hashed_stream = Hashed(own)
        problems: list[str] = []
        if self._evidence.carrier != "plain":
            carrier = CARRIERS[self._evidence.carrier]
            decoded = Decoded(carrier, hashed_file, again=lambda: self._own_bytes(file))
            hashed_stream, problems = Hashed(decoded), decoded.problems
        self._stream = hashed_stream
        text = Transcoded(hashed_stream)
        cutter = Cutter(text, self._evidence.name, self._block_size)
        if self._evidence.kind == "text":
            yield from cutter
        hashed_stream.drain()  # evidence that is no text is only hashed
        hashed_file.drain()  # a decompressor may have stopped before the end
        self._account = Account(
            size=hashed_file.position,
            sha256=hashed_file.hexdigest(),
            stream_size=hashed_stream.position,
            stream_sha256=hashed_stream.hexdigest(),
            lines=cutter.lines,
            partial_last=cutter.partial_last,
            damage=joined(own.problems + problems + text.problems),
            overlong=cutter.overlong,
        )

    def _own_bytes(self, file: io.FileIO) -> RawFile | MemberBytes:
        """What the evidence consists of: the file, or a stretch of it."""
        found = self._evidence
        if found.stretch is not None:
            return MemberBytes(file, found.stretch)
        return RawFile(file, found.size)


def read(evidence: Evidence, block_size: int = BLOCK_SIZE) -> Reader:
    """Read evidence in one pass; only the bytes that were there when it was found."""
    return Reader(evidence, block_size)


def _opened(evidence: Evidence) -> contextlib.AbstractContextManager[io.FileIO]:
    if evidence.spool is not None:
        return contextlib.nullcontext(evidence.spool)  # it must outlive this pass
    return open_untouched(evidence.path)
