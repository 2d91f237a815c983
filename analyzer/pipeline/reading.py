"""What is in each piece of evidence? One pass: its hashes, and its lines as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from analyzer import engines, evidence, formats
from analyzer.pipeline import memory
from analyzer.pipeline.kept import Job, Kept, Said
from analyzer.progress import Show
from analyzer.spool import IN_MEMORY, Spool

MISSED = "it speaks of mail, and none of its lines could be read"
BEGINNING = 16 << 10  # bytes by which text that is no log is told

ROOM = 2 * evidence.BLOCK_SIZE  # bytes; a block may begin with what the one before left


@dataclass(frozen=True)
class Piece:
    """One piece of evidence, and the log or the listing of a queue (QUEUE) in it, if it is one."""

    found: evidence.Evidence
    account: evidence.Account
    log: formats.Log | None
    queue: pa.Table | None = None
    looks: str = ""  # text that is no log: what it is, and what makes it one
    missed: bool = False  # it holds what a mail server wrote, and none of it could be read

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def whole(self) -> bool:
        """Was it read to its end?"""
        return not self.damage and self.found.kind not in ("unreadable", "unsupported")

    @property
    def damage(self) -> str | None:
        """Why not, as far as it could be read at all."""
        said = "; ".join(filter(None, [MISSED, self.looks]))
        return self.account.damage or (said if self.missed else None)

    @property
    def described(self) -> str:
        """What it is, for a person who wonders why it was not read as a log."""
        kind = {"text": "text, but no mail log"}.get(self.found.kind, self.found.kind)
        kind = MISSED if self.missed else kind
        said = [self.account.damage or "", self.looks, self.found.note]
        return f"{self.name} ({'; '.join(filter(None, said)) or kind})"


def read_all(
    found: Sequence[evidence.Evidence], progress: Show | None, spool: Spool = IN_MEMORY
) -> list[Piece]:
    """Every piece of evidence, in order.

    Args:
        spool: Where the tables lie; blocks that a run before left there are taken over.

    Raises:
        EnvironmentTrouble: there is too little memory to join what is in it, or too little room for
            the spool.
    """
    kept, total = Kept(spool), sum(item.size for item in found)
    pieces, done, taken = [], 0, memory.Taken(kept.in_files)
    copies = memory.readers() if kept.in_files else 0
    with engines.Workers(kept.read, copies, ROOM) as workers:
        for item in found:
            show = _from(progress, done, item, total)
            pieces.append(_read(item, show, taken, kept, workers))
            done += item.size
    spool.forget()
    if kept.in_files:
        pa.default_memory_pool().release_unused()  # what blocks took while they were read
    return pieces


def _from(
    progress: Show | None, done: int, item: evidence.Evidence, total: int
) -> Callable[[int], None]:
    def show(bytes_read: int) -> None:
        if progress:
            progress(item.name, done + min(item.size, bytes_read), total)

    return show


def _read(
    item: evidence.Evidence,
    show: Callable[[int], None],
    taken: memory.Taken,
    kept: Kept,
    workers: engines.Workers[Job, Said],
) -> Piece:
    """One piece; *taken*: by the events of those before it, and then with its own."""
    reader = evidence.read(item)
    recogniser = formats.Recogniser()
    beginning = b""

    def jobs() -> Iterator[tuple[Job, bytes]]:
        nonlocal beginning
        for block in formats.whole_records(reader):
            beginning = beginning or block.data[:BEGINNING]
            # Of a block that is taken over, too: the next may need it.
            read = recogniser.of(block.data)
            job = Job(kept.key(reader, block), read, block.source, block.first_line, block.offset)
            yield job, block.data

    readings = []
    for said in workers.in_order(jobs()):
        readings.append(kept.mapped(said))
        taken.add(readings[-1].tables, item.name)
        show(readings[-1].bytes_read)
    show(item.size)
    log = formats.joined(item.name, readings)
    log.tables = {kind: kept.gathered(kind, table) for kind, table in log.tables.items()}
    return _piece(item, reader.account, log, beginning)


def _piece(
    item: evidence.Evidence, account: evidence.Account, log: formats.Log, beginning: bytes
) -> Piece:
    """What was read, by what is in it."""
    if formats.LISTING in log.tables:
        return Piece(item, account, log, formats.told(log.tables.pop(formats.LISTING)))
    if any(map(len, log.tables.values())):
        return Piece(item, account, log)
    # A log may hold nothing but lines of a mail server that need not be read.
    if formats.HEADING in log.ignored_by_program and not (len(log.unread) or account.overlong):
        return Piece(item, account, None)
    known = any(map(formats.is_mail_server, log.ignored_by_program))
    beginning = beginning or b"".join(line.first for line in account.overlong[:1])
    missed = not known and formats.speaks_of_mail(beginning)
    return Piece(item, account, None, looks=formats.what_it_is(beginning), missed=missed)
