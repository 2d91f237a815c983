"""What still waits in the queue: by a listing of it where there is one, else by the log's end?

The page and first aid both count by this, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer import words
from analyzer.case import Case
from analyzer.schema import NOT_DELIVERIES, WAITING

HOLDER = ["server", "queue_id"]
QUEUED = ["mta", *HOLDER]  # what one message in a queue is known by
ROW = [*QUEUED, "mechanism", "received", "source", "line"]
STILL_HERE = ["deferred", "held"]  # the log says so; of `unknown` it says nothing


@dataclass(frozen=True)
class Queue:
    """A row a message: `mta, server, queue_id, recipients, mechanism, received, source, line`.

    `waits`: the log or the listing says so; else the log shows no end of it.
    """

    ground: str  # `listing` or `log`
    abuse: pd.DataFrame
    unsure: pd.DataFrame  # may be abuse, and may be honest mail


@dataclass(frozen=True)
class Waiting:
    """What waits of that which is told of."""

    ground: str
    sure: bool  # else honest mail may be among it
    queued: pd.DataFrame

    @property
    def messages(self) -> int:
        return len(self.queued)

    def named(self, which: str) -> str:
        """How many, notices told apart where these are sure. *which*: of the abuse."""
        notices = int(self.queued["mechanism"].eq("backscatter").sum()) if self.sure else 0
        return named(self.messages, notices, which)

    @property
    def told(self) -> str:
        """In a sentence about `it`; empty where nothing waits."""
        if not self.messages:
            return ""
        which = "of it" if self.sure else "that may be of it"
        wait = words.form(self.messages, "waits", "wait")
        return f"{self.named(which)} still {wait} in the queue"

    def on(self, mta: str) -> Waiting:
        """What waits on one kind of mail server."""
        return Waiting(self.ground, self.sure, self.queued[self.queued["mta"].eq(mta)])


def named(messages: int, notices: int, which: str) -> str:
    """115 messages of the abuse (2 notices among them)."""
    told = f"{words.count(messages, 'message')} {which}"
    apart = 0 < notices < messages
    return f"{told} ({words.count(notices, 'notice')} among them)" if apart else told


def perhaps_honest(messages: int) -> str:
    """Why messages that may be abuse are not deleted unseen."""
    return words.form(messages, "it may be honest", "honest mail may be among them")


def waiting(case: Case, *, sure: bool) -> Waiting:
    """What the log or the listing says of it. *sure*: what is told of was judged as abuse."""
    queue = in_queue(case)
    told = queue.abuse if sure else queue.unsure
    return Waiting(queue.ground, sure, told[told["waits"]])


def in_queue(case: Case) -> Queue:
    """Messages of the abuse, and those that may be, with what the log shows no end of."""
    if not len(case.queue):
        return _by_log(case)
    listed = case.queue.to_pandas()  # what truly waited at that moment
    listed = listed[listed["queue_id"].notna()].assign(waits=True)
    listed["received"] = listed["arrived"]
    unsure = listed["verdict"].eq("unclear") | listed["verdict"].isna()
    return Queue("listing", _once(listed[listed["verdict"].eq("abusive")]), _once(listed[unsure]))


def _by_log(case: Case) -> Queue:
    rows = case.deliveries
    waits = pc.is_in(rows["status"], pa.array(WAITING))
    waits = pc.and_(waits, pc.is_in(rows["verdict"], pa.array(["abusive", "unclear"])))
    of = [*ROW, "origin_life", "recipient", "status", "verdict"]
    # A message without an end in the log may wait too; to delete one that left does nothing.
    left = rows.select(of).filter(waits)
    found = left.to_pandas()
    found = found[_last_of_id(found, case, pc.unique(left["queue_id"]))]
    found = found.assign(waits=found["status"].isin(STILL_HERE))
    abuse = found["verdict"].eq("abusive")
    return Queue("log", _once(found[abuse]), _once(found[~abuse]))


def _last_of_id(found: pd.DataFrame, case: Case, ids: pa.Array) -> pd.Series[bool]:
    """An id may be used again: only the last message that had it can still wait."""
    columns = case.deliveries.select([*QUEUED, "origin_life", "status"])
    uses = columns.filter(pc.is_in(columns["queue_id"], ids)).to_pandas()
    uses = uses[~uses["status"].isin(NOT_DELIVERIES)]
    lives = uses.groupby(QUEUED, dropna=False)["origin_life"].max()
    # That one may have no line of a delivery yet.
    columns = case.messages.select([*HOLDER, "received"])
    came = columns.filter(pc.is_in(columns["queue_id"], ids)).to_pandas()
    newest = came.groupby(HOLDER)["received"].max()
    last = lives.reindex(pd.MultiIndex.from_frame(found[QUEUED])).set_axis(found.index)
    later = newest.reindex(pd.MultiIndex.from_frame(found[HOLDER])).set_axis(found.index)
    is_last: pd.Series[bool] = found["origin_life"].eq(last) & ~later.gt(found["received"])
    return is_last


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a message, in the order in which they came."""
    rows = rows.sort_values(["source", "line"], kind="stable")
    found = rows.groupby(QUEUED, dropna=False, sort=False).agg(
        recipients=("recipient", "count"),
        mechanism=("mechanism", "first"),
        received=("received", "min"),
        source=("source", "first"),
        line=("line", "first"),
        waits=("waits", "max"),
    )
    found = found.reset_index().astype({"waits": bool})
    return found.sort_values(["mta", "received", "queue_id"], kind="stable", na_position="last")
