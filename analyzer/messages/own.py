"""Which of what was joined is the part's own? What came with it only to be counted is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.dialogues import Dialogues
from analyzer.messages.legs import PLACE
from analyzer.messages.lives import Lives
from analyzer.messages.parts import Part
from analyzer.rows import Flags, Int64
from analyzer.schema import ATTEMPTS, fit


@dataclass(frozen=True)
class Own:
    """`life`: which lives are the part's own; `number`: of each its place among them by their first
    lines, whose `order` are `begins`; -1 for others.
    """

    part: Part
    order: Int64  # of each rank
    life: Flags
    number: Int64
    begins: Int64

    @classmethod
    def of(cls, part: Part, lives: Lives) -> Self:
        begins = lives.order[lives.begin] if len(lives) else np.empty(0, np.int64)
        mine = _among(begins, part.lines)
        own = np.flatnonzero(mine)
        own = own[np.argsort(begins[own], kind="stable")]
        number = np.full(len(lives), -1)
        number[own] = np.arange(len(own))
        return cls(part, lives.order, mine, number, begins[own])

    def rows(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of its lives (`life`)."""
        mine = self.life[rows["life"].to_numpy(np.int64)]
        return rows if mine.all() else rows[mine].reset_index(drop=True)

    def numbered(self, rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
        """The rows with its own numbers of lives in these columns."""
        number = np.append(self.number, -1)
        return rows.assign(**{name: number[rows[name].to_numpy(np.int64)] for name in columns})

    def attempts(self, rows: pd.DataFrame) -> pa.Table:
        """ATTEMPTS that stand in its lines, with their `order`."""
        order = self.order[rows["rank"].to_numpy(np.int64)]
        mine = _among(order, self.part.lines)
        told = pa.Table.from_pandas(rows[mine].drop(columns="rank"), preserve_index=False)
        return fit(told, ATTEMPTS).append_column("order", pa.array(order[mine]))

    def sessions(self, talks: Dialogues) -> pa.Table:
        """Its dialogues, in order of place."""
        begun, syslog = self.order[talks.rank], len(talks.table)
        mine = _among(begun[:syslog], self.part.dialogues), _among(begun[syslog:], self.part.lines)
        told = talks.sessions.filter(pa.array(np.concatenate(mine)))
        return told.sort_by([(name, "ascending") for name in PLACE[:2]])


def _among(orders: Int64, own: Int64 | None) -> Flags:
    if own is None:
        return np.ones(len(orders), np.bool_)
    at = np.minimum(np.searchsorted(own, orders), max(len(own) - 1, 0))
    return own[at] == orders if len(own) else np.zeros(len(orders), np.bool_)
