"""What did the first leg's envelope call each recipient?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.rows import Int64


def original_recipient(last: pd.DataFrame, tried: pd.DataFrame, parent: Int64) -> pd.Series[str]:
    """The recipient in the first leg's envelope: back through forwards and filters.

    A leg and a name in it are a place; each place leads to one in the leg above, by the delivery
    that made the leg of that name, else by a forward that made it. All places are followed at
    once, twice as far each time: a chain of a thousand legs takes ten rounds.

    Args:
        last: From `last_words`: `life, recipient, orig_recipient`.
        tried: Deliveries with `child, how, recipient, orig_recipient`.
        parent: The leg that each leg was made of, -1 for a first leg.
    """
    own = last["orig_recipient"].where(last["orig_recipient"].notna(), last["recipient"])
    own = own.reset_index(drop=True)
    edges = tried[["child", "how", "recipient", "orig_recipient"]][tried["child"] >= 0]
    life = last["life"].to_numpy(np.int64)
    led = np.flatnonzero(own.notna().to_numpy() & (parent[life] >= 0))
    if edges.empty or not len(led):
        return own
    before = edges["orig_recipient"].where(edges["orig_recipient"].notna(), edges["recipient"])
    words = [texts.astype("str") for texts in (own.iloc[led], edges["recipient"], before)]
    code, names = pd.factorize(pd.concat(words))
    mine, named, source = np.split(code.astype(np.int64), [len(led), len(led) + len(edges)])
    child = edges["child"].to_numpy(np.int64)
    ways = _Ways(parent, child, named, source, edges["how"].eq("forwarded").to_numpy(), len(names))
    end = _followed(ways.place(life[led], mine), ways) % ways.names
    own.iloc[led] = names[end]
    return own


class _Ways:
    """The place above each place, as `life * names + name`."""

    def __init__(
        self,
        parent: Int64,
        child: Int64,
        named: Int64,
        source: Int64,
        forwarded: npt.NDArray[np.bool_],
        names: int,
    ) -> None:
        self.names = names
        known = source >= 0
        of_name, first = np.unique((child * names + named)[known & (named >= 0)], return_index=True)
        self._of_name, self._source = of_name, source[known & (named >= 0)][first]
        self._forward = np.full(len(parent), -1)
        rows = np.flatnonzero(forwarded & known)[::-1]  # of several the first counts
        self._forward[child[rows]] = source[rows]
        self._parent = parent
        self._up = self._to_a_leg_that_renames(child)
        self.targets = self.place(parent[child[known]], source[known])

    def _to_a_leg_that_renames(self, child: Int64) -> Int64:
        """The nearest leg, from each on upwards, in which a name may change; else the first."""
        stays = np.ones(len(self._parent), np.bool_)
        stays[child] = False
        up = np.where(stays & (self._parent >= 0), self._parent, np.arange(len(self._parent)))
        while not np.array_equal(further := up[up], up):
            up = further
        return up

    def place(self, life: Int64, name: Int64) -> Int64:
        return self._up[np.maximum(life, 0)] * self.names + np.maximum(name, 0)

    def above(self, places: Int64) -> Int64:
        """The place that each leads to; a place of a first leg leads to itself."""
        life, name = places // self.names, places % self.names
        at = np.minimum(np.searchsorted(self._of_name, places), max(len(self._of_name) - 1, 0))
        by_name = self._of_name[at] == places if len(self._of_name) else np.zeros(len(at), np.bool_)
        forward = self._forward[life]
        renamed = np.where(forward >= 0, forward, name)
        if len(self._of_name):
            renamed = np.where(by_name, self._source[at], renamed)
        moves = self._parent[life] >= 0
        return np.where(moves, self.place(self._parent[life], renamed), places)


def _followed(start: Int64, ways: _Ways) -> Int64:
    """The last place that each way leads to."""
    places = fresh = _distinct(np.concatenate([start, ways.targets]))
    while len(fresh):
        fresh = _distinct(ways.above(fresh))
        at = np.minimum(np.searchsorted(places, fresh), len(places) - 1)
        fresh = fresh[places[at] != fresh]
        places = np.sort(np.concatenate([places, fresh]), kind="stable")
    to = np.searchsorted(places, ways.above(places))
    while not np.array_equal(further := to[to], to):
        to = further
    end: Int64 = places[to[np.searchsorted(places, start)]]
    return end


def _distinct(numbers: Int64) -> Int64:
    """In order; by sorting, as multiples of one number all fall into one slot of a hash table."""
    ordered = np.sort(numbers)
    distinct: Int64 = ordered[np.diff(ordered, prepend=-1) != 0]
    return distinct
