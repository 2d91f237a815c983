"""Which lines of a large log are joined at once? A part: its messages, and all that they ask of.

A part has the messages whose first line lies between two lines of the log, with every line tied to
them, wherever it stands. With them come the whole dialogues that they were handed in by, and the
other messages of those: they are there to be counted, and are another part's to tell of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.messages.exchange_rows import of_exchange
from analyzer.messages.lives import Events
from analyzer.messages.processes import with_dialogues
from analyzer.messages.ties import Ties, once, tied
from analyzer.rows import Flags, Int32, Int64

Int16 = npt.NDArray[np.int16]

LINES_A_PART = 500_000  # joining takes some 900 bytes a line, in several processes
HUGE = 10_000_000  # lines of a log whose parts are half as large: other things fill the memory
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


def parts_of(events: Events) -> int:
    """How many parts a log is joined in."""
    heavy = is_huge(events) or of_exchange(events)  # its rows take twice as much
    at_once = LINES_A_PART // 2 if heavy else LINES_A_PART
    return max(-(-sum(map(len, events.values())) // at_once), 1)


def is_huge(events: Events) -> bool:
    """Is memory short while it is joined and judged, in the end?"""
    return sum(map(len, events.values())) >= HUGE


def one_part(events: Events) -> Part:
    """The whole log."""
    return Part(with_dialogues(events)[0])


@dataclass(frozen=True)
class Divided:
    """A log in parts: of each line its group of ties, -1 for none, and its part; of each dialogue
    its part.
    """

    events: Events
    number: int
    group: dict[str, Int32]
    part_of: dict[str, Int16]
    part_of_group: Int32
    part_of_dialogue: Int32
    pairs: Int32  # group and dialogue of lines that have both

    @classmethod
    def of(cls, events: Events, number: int) -> Divided:
        """The log in so many parts."""
        events, dialogues = with_dialogues(events)
        ties = tied(events)
        part, bounds = _divided(events, ties, number)
        of_dialogue = np.searchsorted(bounds, dialogues, "right").astype(np.int32)
        both, part_of = [np.empty((2, 0), np.int32)], {}
        for kind, table in events.items():
            group, dialogue = ties.of[kind], _dialogue(table)
            of_line = np.where(group >= 0, np.append(part, -1)[group], -1).astype(np.int16)
            if dialogue is not None:
                met = (group >= 0) & (dialogue >= 0)
                both.append(_once(group[met], dialogue[met]))
                talks = (group < 0) & (dialogue >= 0)
                of_line[talks] = of_dialogue[dialogue[talks]]
            alone = np.flatnonzero(of_line < 0)
            orders = table["order"].take(pa.array(alone)).to_numpy()
            of_line[alone] = np.searchsorted(bounds, orders, "right")
            part_of[kind] = of_line
        pairs = _once(*np.concatenate(both, axis=1))
        return cls(events, number, ties.of, part_of, part, of_dialogue, pairs)

    def part(self, number: int) -> Part:
        """One of the parts; they are numbered in order."""
        own, talks = self.part_of_group == number, self.part_of_dialogue == number
        group, dialogue = self.pairs
        met = talks.copy()
        met[dialogue[own[group]]] = True
        beside = own.copy()
        beside[group[met[dialogue]]] = True
        events, lines, of_talks = {}, [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for kind, table in self.events.items():
            mine, dialogue = self.part_of[kind] == number, _dialogue(table)
            wanted = mine | _flags(beside, self.group[kind])
            if dialogue is not None:
                of_talk = _flags(talks, dialogue)
                wanted |= _flags(met, dialogue)
                of_talks.append(_rows(table.select(["order"]), of_talk)["order"].to_numpy())
            if kind in FOR_ALL:
                wanted[:] = True
            if wanted.any():
                events[kind] = _rows(table, wanted)
            lines.append(_rows(table.select(["order"]), mine)["order"].to_numpy())
        return Part(events, *(np.sort(np.concatenate(orders)) for orders in (lines, of_talks)))


def _divided(events: Events, ties: Ties, number: int) -> tuple[Int32, Int64]:
    """The part of each group, by its first line, so that all have about as many lines; and the
    `order` before which each part but the last ends.
    """
    begins = np.full(ties.groups, np.iinfo(np.int64).max)
    lines = np.zeros(ties.groups, np.int64)
    alone = [np.empty(0, np.int64)]  # a flood of refusals has many lines, and no message
    for kind, group in ties.of.items():
        mine, order = group >= 0, events[kind]["order"].to_numpy()
        np.minimum.at(begins, group[mine], order[mine])
        lines += np.bincount(group[mine], minlength=ties.groups)
        alone.append(order[~mine])
    there = lines > 0
    begun = np.concatenate([begins[there], *alone])
    weight = np.ones(len(begun), np.int64)
    weight[: int(there.sum())] = lines[there]
    in_turn = np.argsort(begun, kind="stable")
    before = np.cumsum(weight[in_turn]) - weight[in_turn]
    borders = np.searchsorted(before * number, np.arange(1, number) * weight.sum())
    bounds = np.append(begun[in_turn], np.iinfo(np.int64).max)[borders]
    part = np.where(there, np.searchsorted(bounds, begins, "right"), -1)
    return part.astype(np.int32), bounds


def _rows(table: pa.Table, wanted: Flags) -> pa.Table:
    """Some rows of a table; chunks that have none are not looked at."""
    found, begin = [table.schema.empty_table()], 0
    for batch in table.to_batches():
        mask = wanted[begin : begin + len(batch)]
        begin += len(batch)
        if mask.any():
            found.append(pa.Table.from_batches([batch.filter(pa.array(mask))]))
    return pa.concat_tables(found)


def _dialogue(table: pa.Table) -> Int32 | None:
    return table["dialogue"].to_numpy() if "dialogue" in table.column_names else None


def _once(group: Int32, dialogue: Int32) -> Int32:
    """The pairs, each once."""
    key = once((group.astype(np.int64) << 32) | dialogue)
    return np.stack([key >> 32, key & 0xFFFFFFFF]).astype(np.int32)


def _flags(flags: Flags, number: Int32) -> Flags:
    """The flag of each number, false for -1."""
    found: Flags = np.append(flags, False)[number]
    return found
