"""Whose queue does a line belong to, where its service logs under another name than its instance?

Several instances may log into one file, and a service of one under the name of another: Debian's
master.cf gives `submission` and `relay` the name of the first (`-o syslog_name=postfix/relay`).
cleanup and qmgr log under their instance's own: those that write of the same queue id then tell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.rows import Flags, Int64

NEAR = pd.Timedelta(hours=1).value // 1000  # microseconds; a queue id comes again


def at_home(lines: dict[str, Int64], owns: Flags, server: Int64) -> Int64:
    """The queue of each line: its own name's, if a queue's own daemon writes of the id under it.

    Args:
        lines: `code` of each line's queue id (-1 for none), `rank`, `time` and `queue` by its name.
        owns: Is the line one of a queue's own daemons?
        server: Of each queue, the code of its server.
    """
    queue = lines["queue"]
    several = (np.bincount(server) > 1)[server[queue]] & (lines["code"] >= 0)
    owners, others = np.flatnonzero(several & owns), np.flatnonzero(several & ~owns)
    if not len(others):
        return queue
    by_name = _nearest(lines, lines["code"] * len(server) + queue, owners, others)
    of_server = lines["code"] * len(server) + server[queue]
    sole = owners[~_contested(lines, of_server, owners)]
    nearest = _nearest(lines, of_server, sole, others)
    away = (by_name < 0) & (nearest >= 0)
    home = queue.copy()
    home[others[away]] = queue[nearest[away]]
    return home


def _contested(lines: dict[str, Int64], key: Int64, owners: Int64) -> Flags:
    """Owners beside which, at that time, another queue's write of the same id."""
    order = np.lexsort([lines["rank"][owners], key[owners]])
    one, next_one = owners[order[:-1]], owners[order[1:]]
    other = (key[one] == key[next_one]) & (lines["queue"][one] != lines["queue"][next_one])
    other &= np.abs(lines["time"][next_one] - lines["time"][one]) <= NEAR
    found = np.zeros(len(owners), np.bool_)
    found[order[:-1][other]] = found[order[1:][other]] = True
    return found


def _nearest(lines: dict[str, Int64], key: Int64, owners: Int64, others: Int64) -> Int64:
    """For each of the others the owner of the same key that is nearest in time, before or after it;
    -1 where none is near.
    """
    rank, time, number = lines["rank"], lines["time"], len(lines["rank"])
    if not len(owners):
        return np.full(len(others), -1)
    place = key[owners] * number + rank[owners]
    order = np.argsort(place)
    at = np.searchsorted(place[order], key[others] * number + rank[others])
    found, least = np.full(len(others), -1), np.full(len(others), NEAR + 1)
    for beside in (at - 1, at):
        one = owners[order[np.clip(beside, 0, len(owners) - 1)]]
        apart = np.abs(time[one] - time[others])
        nearer = (key[one] == key[others]) & (apart < least)
        found[nearer], least[nearer] = one[nearer], apart[nearer]
    return found
