"""Which of ours was a recipient before Sendmail expanded it?

Sendmail logs the result of an alias, a list or a .forward; the address before it only at LogLevel
11. What marks a result is that it stands without angle brackets, as envelope addresses do not. A
client that writes no brackets looks the same: many such recipients of a stranger are not believed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.messages.addresses import per_value
from analyzer.messages.legs import frame
from analyzer.messages.links import HAND_OVER
from analyzer.messages.lives import Events
from analyzer.messages.locality import OUTSIDE
from analyzer.site import Site

# More than one person's alias has, each reached by this client alone, in more than a few messages.
MANY_TARGETS, MANY_MESSAGES = 10, 3


def expanded_here(last: pd.DataFrame, known: pd.DataFrame) -> pd.Series[bool]:
    """Rows whose recipient stands without brackets though it came in with them, or was made here.

    What a local program hands over is logged as it wrote it, and a client that writes its sender
    without brackets does the same with its recipients.
    """
    told = known[["mta", "submission", "bare", "sender"]]
    leg = told.take(last["life"].to_numpy("int64")).reset_index(drop=True)
    as_written = leg["submission"].eq("local") | (leg["bare"].eq(True) & leg["sender"].ne(""))
    without = last["expanded"].eq(True).reset_index(drop=True) & leg["mta"].eq("sendmail")
    return without & ~as_written


def where_it_left(rows: pd.DataFrame, site: Site | None) -> pd.Series[str]:
    """The recipient of each row; of an address of ours that left this machine, where it went.

    A virtusertable's result is not logged: the line names our address and another host. Where the
    site says that the address goes to one place, that place is the recipient.
    """
    stated = site.forwards or {} if site else {}
    only = {ours.lower(): targets[0] for ours, targets in stated.items() if len(targets) == 1}
    if not only:
        return rows["recipient"]
    left = rows["mta"].eq("sendmail") & rows["agent"].isin(HAND_OVER) & ~rows["expanded"]
    target = per_value(rows["recipient"].where(left), lambda ours: only.get(ours.lower()))
    known = target.notna()
    if not known.any():
        return rows["recipient"]
    asked = rows.loc[known, ["life"]].assign(target=target[known])
    beside = rows.loc[rows["life"].isin(asked["life"]), ["life", "recipient"]]
    code, texts = pd.factorize(pd.concat([asked["target"], beside["recipient"]]).astype("str"))
    life = np.concatenate([asked["life"], beside["life"]])
    pair = life * (len(texts) + 1) + code
    free = asked.index[~np.isin(pair[: len(asked)], pair[len(asked) :])]
    return rows["recipient"].mask(rows.index.isin(free), target)


def before_expansion(rows: pd.DataFrame, events: Events, site: Site | None) -> pd.Series[str]:
    """The address of ours that each expanded row came from, where one is known; else null.

    Args:
        rows: Deliveries with `expanded`, `recipient` (complete), `recipient_logged`, `life`,
            `origin_life`, and `owner`: the sender of a list's clone.
    """
    if not rows["expanded"].any():
        return pd.Series(None, rows.index, "object")
    found = _by_line(rows, events)
    stated = site.forwards or {} if site else {}
    sources: dict[str, set[str]] = {}
    for source, targets in stated.items():
        for target in targets:
            sources.setdefault(target.lower(), set()).add(source)
    only = {target: next(iter(of)) for target, of in sources.items() if len(of) == 1}
    whom = rows["recipient"].where(rows["expanded"])
    found = found.where(found.notna(), per_value(whom, lambda target: only.get(target.lower())))
    lists = site.lists or [] if site else []
    if len(lists) == 1:  # a list's owner is the sender of what it sends on
        found = found.mask(found.isna() & rows["owner"].notna(), lists[0])
    return found.where(rows["expanded"])


def _by_line(rows: pd.DataFrame, events: Events) -> pd.Series[str]:
    """What Sendmail's own lines say of each row."""
    told = frame(events, "expansion", ["life", "recipient", "orig_recipient"])
    if told.empty:
        return pd.Series(None, rows.index, "object")
    told = told.drop_duplicates(["life", "recipient"])
    by_line = pd.Series(
        told["orig_recipient"].to_numpy(),
        index=pd.MultiIndex.from_frame(told[["life", "recipient"]]),
    )
    # A list's copy goes on under an id of its own; the line stands under the first.
    own, first = (
        by_line.reindex(pd.MultiIndex.from_frame(rows[[leg, "recipient_logged"]])).to_numpy()
        for leg in ("life", "origin_life")
    )
    found = pd.Series(own, rows.index, "object")
    return found.where(found.notna(), pd.Series(first, rows.index, "object"))


def came_for_us(rows: pd.DataFrame) -> pd.Series[bool]:
    """Expanded rows, which came in for one of ours.

    Unless a stranger has many recipients of its own that nothing explains: then it is the client
    that writes no brackets.
    """
    if not rows["expanded"].any():
        return rows["expanded"]
    unexplained = rows["expanded"] & ~rows["explained"] & rows["recipient_side"].eq(OUTSIDE)
    unexplained &= rows["client_side"].eq(OUTSIDE) & rows["submission"].eq("smtp")
    asked = rows[unexplained]
    clients = asked.groupby("recipient")["client_ip"].transform("nunique")
    own = asked[clients.eq(1)].groupby("client_ip")
    many = own["recipient"].nunique().ge(MANY_TARGETS)
    many &= own["origin_life"].nunique().ge(MANY_MESSAGES)
    bare_client = unexplained & rows["client_ip"].isin(many.index[many])
    return rows["expanded"] & ~bare_client
