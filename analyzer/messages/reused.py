"""Which lines of a queue id begin another message than the lines before them are of?

Short ids are used again as soon as the message has left the queue.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.rows import Int32, Int64

BEGINS = {"client", "pickup", "received"}
ENDS = {"removed", "cancelled"}
# A second of these after an end is of a new message whose first lines are lost.
AFTER_END = ["message_id", "queued"]
# No second message-id of one message comes after one of these.
UNDER_WAY = {"message_id", "queued", "delivery", "expired", "notice", "remote_reply"}
# Microseconds after the end: a line of another process may be written, or arrive, after `removed`.
LATE = pd.Timedelta(minutes=1).value // 1000


def begun(
    other: npt.NDArray[np.bool_], times: Int64, kind_of: dict[str, npt.NDArray[np.bool_]]
) -> npt.NDArray[np.bool_]:
    """Which lines of an id begin another message than the lines before them are of.

    Args:
        other: The first lines of each id, in order.
        times: Of each line, in microseconds.
        kind_of: Which lines are of each kind.
    """
    here = np.arange(len(other), dtype=np.int32)  # half the memory: there are many such arrays

    def any_of(kinds: set[str]) -> npt.NDArray[np.bool_]:
        found = here < 0
        for kind in kinds & kind_of.keys():
            found = found | kind_of[kind]
        return found

    def last(which: npt.NDArray[np.bool_]) -> Int32:
        """Of each line the last of these before it; -1 for none."""
        before = np.full(len(here) + 1, -1, np.int32)
        np.maximum.accumulate(np.where(which, here, np.int32(-1)), out=before[1:])
        return before[:-1]

    def start(which: npt.NDArray[np.bool_]) -> Int32:
        """Of each line the last of these up to it; 0 for none."""
        begun: Int32 = np.maximum.accumulate(np.where(which, here, np.int32(0)))
        return begun

    def repeated(kinds: set[str]) -> npt.NDArray[np.bool_]:
        """Which of these lines only say once more what was said: a log may hold lines twice. No id
        is given twice in a second, as it is made of the time.
        """
        these = any_of(kinds)
        before = last(these)
        said = (times == times[np.maximum(before, 0)]) & (times != 0) & (before >= of_id)
        once_more: npt.NDArray[np.bool_] = these & said
        return once_more

    begin, ended = any_of(BEGINS), last(any_of(ENDS))
    taken = last(begin)
    of_id = start(other)
    over = (ended >= of_id) & (taken <= ended)
    since = np.where(over, times - times[np.maximum(ended, 0)], 0)
    long_over = over & (since > LATE)
    same = np.concatenate([[False], long_over[:-1] & (ended[1:] == ended[:-1])])[: len(here)]
    new: npt.NDArray[np.bool_] = other | (long_over & ~same)
    first = start(new)
    # The line that took a message may be written after others of it, but with no later stamp.
    new |= begin & ((taken >= first) | (times > times[first])) & ~repeated(BEGINS)
    for kind in AFTER_END:
        first = start(new)
        second = any_of({kind}) & (last(any_of({kind})) >= first) & ~repeated({kind})
        new |= second & (ended >= first) & ~long_over & (since >= 0)
    ids = any_of({"message_id"})
    new |= (
        ids
        & ~repeated({"message_id"})
        & (last(any_of(UNDER_WAY)) == here - 1)
        & (last(ids) >= start(new))
    )
    return new
