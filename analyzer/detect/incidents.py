"""Incidents: which findings are one story?

The probe, the open door, the flood through it, the notices about it and the refusals afterwards
are told by different detectors. What they have in common ties them: an address, a login, a door.
"""

from __future__ import annotations

import pandas as pd

APART = pd.Timedelta(days=3)  # a probe may come two days before; what comes later is another story


def incidents(found: pd.DataFrame) -> pd.Series[str]:
    """The incident of each finding, numbered in order of time; null where no abuse belongs to it.

    Args:
        found: `kind, first_seen, last_seen`, and `keys`: what may tie a finding to others.
    """
    ties = found[["first_seen", "last_seen"]].assign(key=found["keys"], finding=found.index)
    ties = _near(ties.explode("key").dropna())
    story = pd.Series(found.index, found.index)
    while len(ties):
        mine = ties["finding"].map(story)
        told = mine.groupby(ties["tie"]).transform("min").groupby(ties["finding"]).min()
        if told.eq(story.reindex(told.index)).all():
            break
        story.update(told)
    begins = found[found["kind"].eq("abuse")].groupby(story)["first_seen"].min()
    in_turn = begins.sort_values(kind="stable").index
    names = {number: f"incident-{place}" for place, number in enumerate(in_turn, 1)}
    return story.map(names)


def _near(ties: pd.DataFrame) -> pd.DataFrame:
    """With `tie`: a number for those with the same key that follow each other within APART."""
    ties = ties.sort_values(["key", "first_seen", "finding"], kind="stable", ignore_index=True)
    until = ties.groupby("key")["last_seen"].cummax().groupby(ties["key"]).shift()
    return ties.assign(tie=(until.isna() | (ties["first_seen"] > until + APART)).cumsum())
