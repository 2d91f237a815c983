"""Which lines of a large log are joined at once? A part: its own messages, and all that they ask of.

A part has the messages whose first line lies between two lines of the log, with every line tied to
them, wherever it stands. With them come the whole dialogues that they were handed in by, and the
other messages of those: they are there to be counted, and are another part's to tell of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.lives import Events
from analyzer.messages.processes import with_dialogues
from analyzer.messages.ties import tied

Flags = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

LINES_A_PART = 500_000  # joining takes some 900 bytes a line
FOR_ALL = ["repeated"]  # kinds whose lines tell of the line before them, whatever that is


@dataclass(frozen=True)
class Part:
    """Lines to be joined, and which of them are the part's own.

    Args:
        events: By kind, in order; those of dialogues with `dialogue`.
        lines: `order` of the lines of its own messages, and of lines of no message; None: all.
        dialogues: `order` of the lines of its own dialogues; None: all.
    """

    events: Events
    lines: Int64 | None = None
    dialogues: Int64 | None = None


def parts(events: Events) -> Iterator[Part]:
    """The parts of a log, in order; one for a small log.

    Exchange's is one, too: what ties its rows is made ready over all of them (`exchange.prepared`).
    """
    number = -(-sum(map(len, events.values())) // LINES_A_PART)
    events, dialogues = with_dialogues(events)
    if number <= 1 or _of_exchange(events):
        yield Part(events)
        return
    log = _Log.of(events, dialogues, number)
    for part in range(number):
        yield log.part(part)


def _of_exchange(events: Events) -> bool:
    return any(
        pc.any(pc.equal(chunk.cast(pa.string()), "exchange")).as_py()
        for table in events.values()
        for chunk in table["mta"].chunks
    )


@dataclass(frozen=True)
class _Log:
    """Of each line its group of ties, -1 for none; of groups and dialogues their part."""

    events: Events
    group: dict[str, Int32]
    part_of_group: Int32
    part_of_dialogue: Int32
    bounds: Int64  # `order` before which each part but the last ends
    pairs: Int32  # group and dialogue of lines that have both

    @classmethod
    def of(cls, events: Events, dialogues: Int64, number: int) -> _Log:
        ties = tied(events)
        begins = np.full(ties.groups, np.iinfo(np.int64).max)
        lines = np.zeros(ties.groups, np.int64)
        both = [np.empty((2, 0), np.int32)]
        for kind, group in ties.of.items():
            mine = group >= 0
            order = events[kind]["order"].to_numpy()
            np.minimum.at(begins, group[mine], order[mine])
            lines += np.bincount(group[mine], minlength=ties.groups)
            if (dialogue := _dialogue(events[kind])) is not None:
                met = mine & (dialogue >= 0)
                both.append(_once(group[met], dialogue[met]))
        there = np.flatnonzero(lines)
        there = there[np.argsort(begins[there], kind="stable")]
        part = np.full(ties.groups, -1, np.int32)
        before = np.cumsum(lines[there]) - lines[there]
        part[there] = before * number // max(int(lines.sum()), 1)
        borders = np.searchsorted(part[there], np.arange(1, number))
        bounds = np.append(begins[there], np.iinfo(np.int64).max)[borders]
        return cls(
            events,
            ties.of,
            part,
            np.searchsorted(bounds, dialogues, "right").astype(np.int32),
            bounds,
            _once(*np.concatenate(both, axis=1)),
        )

    def part(self, number: int) -> Part:
        own, talks = self.part_of_group == number, self.part_of_dialogue == number
        group, dialogue = self.pairs
        met = talks.copy()
        met[dialogue[own[group]]] = True
        beside = own.copy()
        beside[group[met[dialogue]]] = True
        events, lines, of_talks = {}, [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for kind, table in self.events.items():
            g, d = self.group[kind], _dialogue(table)
            order = table["order"].to_numpy()
            alone = g < 0 if d is None else (g < 0) & (d < 0)
            mine = _of(own, g) | (alone & (np.searchsorted(self.bounds, order, "right") == number))
            wanted = _of(beside, g) | mine
            if d is not None:
                of_talk = _of(talks, d)
                mine |= (g < 0) & of_talk
                wanted |= _of(met, d)
                of_talks.append(order[of_talk])
            if kind in FOR_ALL:
                wanted[:] = True
            if wanted.any():
                events[kind] = table.filter(pa.array(wanted))
            lines.append(order[mine])
        return Part(events, *(np.sort(np.concatenate(orders)) for orders in (lines, of_talks)))


def _dialogue(table: pa.Table) -> Int32 | None:
    return table["dialogue"].to_numpy() if "dialogue" in table.column_names else None


def _once(group: Int32, dialogue: Int32) -> Int32:
    """The pairs, each once."""
    key = np.unique((group.astype(np.int64) << 32) | dialogue)
    return np.stack([key >> 32, key & 0xFFFFFFFF]).astype(np.int32)


def _of(flags: Flags, number: Int32) -> Flags:
    """The flag of each number, false for -1."""
    found: Flags = np.append(flags, False)[number]
    return found
