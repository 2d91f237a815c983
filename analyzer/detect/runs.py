"""When was a source used by somebody else? The stretch of its messages that speaks most for it.

A flood, one message an hour for weeks, and abuse from the first line to the last are found alike:
it is the sum of points that counts, not the rate. A run begins with the first message that adds to
the sum and ends with the last; where it is sure, it goes on over what is of the same kind.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

IN_A_ROW = 3  # a flood, too, writes to somebody twice
# Messages (recipients, of an address) of a run from a network, and their share of it; the share of
# all such networks.
SEVERAL, SOME, NEARLY_ALL = 5, 0.01, 0.9
# Of a source that is silent ten times as long as nearly ever within its run, the run has ended.
SILENCE, NEARLY_EVER = 10, 0.9
SHORTEST, LONGEST = 900.0, 86400.0  # seconds
AS_MUCH = 3  # times what an address sends otherwise
SMALL = 0.1  # of the messages of the largest part between two such silences


def best_run(points: pd.Series[float], by: pd.Series[str]) -> pd.DataFrame:
    """The stretch with the largest sum of points for each source.

    Args:
        points: Of each message, in order of time; the index says which.
        by: Whose message it is; same index.

    Returns:
        One row a source, by name: `first`, `last` (labels of the index), `score`.
    """
    total = points.groupby(by).cumsum()
    before = total - points
    lowest = before.groupby(by).cummin()
    score = total - lowest
    last = score.groupby(by).idxmax()
    # The run begins where the sum before it was lowest, for the last time before its end.
    lows = pd.DataFrame({"by": by, "label": points.index})[before.eq(lowest)]
    lows = lows[lows["label"].le(lows["by"].map(last))]
    first = lows.groupby("by")["label"].max()
    return pd.DataFrame({"first": first, "last": last, "score": score[last].to_numpy()})


def compact(runs: pd.DataFrame, mail: pd.DataFrame, forged: pd.Series[bool]) -> pd.DataFrame:
    """The runs without what lies days before or after nearly all of them.

    A message in which something is odd, before a script was misused, adds to the sum, and the
    innocent ones up to the flood take nothing away. What is parted by silences that are long for
    the run, and small beside its largest part, is no end of it; what comes night by night is.

    Args:
        runs: As of `best_run`.
        mail: `by` and `received` of every message, in order of time.
        forged: Which of them are under a sender that no owner has: a first try is part of it.
    """
    if runs.empty:
        return runs
    inside = mail[in_run(mail["by"], runs)]
    gaps = inside.groupby("by")["received"].diff().dt.total_seconds()
    usual = gaps.groupby(inside["by"]).quantile(NEARLY_EVER)
    silent = gaps.gt(inside["by"].map((SILENCE * usual).clip(SHORTEST, LONGEST)))
    part = silent.groupby(inside["by"]).cumsum()
    size = part.groupby([inside["by"], part]).transform("size")
    large = size.ge(SMALL * size.groupby(inside["by"]).transform("max"))
    return _from_to(runs, inside["by"][large | forged[inside.index]])


def gone_on(runs: pd.DataFrame, mail: pd.DataFrame, acquitted: pd.Series[bool]) -> pd.DataFrame:
    """The runs, in both directions up to IN_A_ROW messages of the owner, or a silence.

    Where somebody else is known to send, mail of the same kind before and after is his too, though
    it adds nothing to the sum.

    Args:
        runs: As of `best_run`.
        mail: `by` and `received` of every message, in order of time.
        acquitted: Which of them speak for the owner.
    """
    gaps = mail.groupby("by")["received"].diff().dt.total_seconds()
    within = in_run(mail["by"], runs) & ~mail.index.isin(runs["first"])
    usual = gaps[within].groupby(mail["by"]).quantile(NEARLY_EVER)
    silent = gaps.gt(mail["by"].map((SILENCE * usual).clip(SHORTEST, LONGEST)))
    so_far = acquitted.astype("int64").groupby(mail["by"]).cumsum()
    owners = (so_far - so_far.groupby(mail["by"]).shift(IN_A_ROW, fill_value=0)).eq(IN_A_ROW)
    stretch = (owners | silent).astype("int64").groupby(mail["by"]).cumsum()
    others = pd.DataFrame({"by": mail["by"], "stretch": stretch, "label": mail.index})[~acquitted]
    ends = others.groupby(["by", "stretch"])["label"].agg(["min", "max"])
    first = pd.MultiIndex.from_arrays([runs.index, stretch.loc[runs["first"]]])
    last = pd.MultiIndex.from_arrays([runs.index, stretch.loc[runs["last"]]])
    return runs.assign(
        first=np.fmin(runs["first"], ends["min"].reindex(first).to_numpy()),
        last=np.fmax(runs["last"], ends["max"].reindex(last).to_numpy()),
    )


def trimmed(runs: pd.DataFrame, by: pd.Series[str], network: pd.Series[str]) -> pd.DataFrame:
    """The runs without what came from elsewhere before and after all that their networks sent.

    Where nearly all of a run comes from a few networks, a lone message from another one at its end
    is somebody on a journey as likely as the thief. A run from everywhere stays as it is.

    Args:
        network: Of each message, in the index of *by*.
    """
    inside = in_run(by, runs)
    by, network = by[inside], network[inside]
    few = from_few(by, network)
    return _from_to(runs, by[several(by, network) & by.isin(few.index[few])])


def without_ends(runs: pd.DataFrame, by: pd.Series[str], unlike: pd.Series[bool]) -> pd.DataFrame:
    """The runs from the first to the last of their messages that is of their kind.

    Args:
        unlike: Which messages are not of the kind of their source's run; in the index of *by*.
    """
    return _from_to(runs, by[in_run(by, runs) & ~unlike])


def _from_to(runs: pd.DataFrame, by: pd.Series[str]) -> pd.DataFrame:
    """The runs from the first to the last of these messages; as they are, where none is theirs."""
    label = by.index.to_series().groupby(by)
    return runs.assign(
        first=label.min().reindex(runs.index).fillna(runs["first"]).astype("int64"),
        last=label.max().reindex(runs.index).fillna(runs["last"]).astype("int64"),
    )


def same_addresses(
    mail: pd.DataFrame, run: pd.Series[bool]
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """What else a login sends from the strange addresses of its run: a thief may begin slowly, and
    go on when the flood is over; and what of the run comes from an address from which as much comes
    at other times: the owner's telephone. Of one that the source always had it is the owner's, too,
    if it is not AS_MUCH more than usual, and the run lasts for less than half of the time: a shop.

    Args:
        mail: `by`, `client_ip`, `received`, `recipients`, `strange`, `always_had`.
        run: Which messages are of it.
    """
    strange = mail["strange"].gt(0) & mail["client_ip"].notna()
    address = mail.groupby(["by", mail["client_ip"].fillna("")]).ngroup()
    times = mail["received"].groupby(mail["by"])
    whole = times.transform("max") - times.transform("min")
    within = mail["received"].where(run).groupby(mail["by"])
    span = within.transform("max") - within.transform("min")
    inside, outside = (of.dt.total_seconds().clip(lower=SHORTEST) for of in (span, whole - span))
    sent, others = (
        mail["recipients"].where(of, 0).groupby(address).transform("sum") for of in (run, ~run)
    )
    had = mail["always_had"]
    theirs = sent.ge(SEVERAL) & (sent * outside > others * inside * np.where(had, AS_MUCH, 1))
    asked = strange & sent.gt(0) & others.gt(0) & (~had | inside.lt(outside))
    return asked & theirs & ~had, asked & ~theirs


def several(by: pd.Series[str], network: pd.Series[str]) -> pd.Series[bool]:
    """Which messages come from a network from where their source sends SEVERAL, and SOME of all."""
    size: pd.Series[int] = by.groupby([by, network.fillna("")]).transform("size")
    return size.ge(SEVERAL) & size.ge(SOME * by.groupby(by).transform("size"))


def from_few(by: pd.Series[str], network: pd.Series[str]) -> pd.Series[bool]:
    """Does each source send nearly all from a few networks?"""
    found: pd.Series[bool] = several(by, network).groupby(by).mean().ge(NEARLY_ALL)
    return found


def in_run(by: pd.Series[str], runs: pd.DataFrame) -> pd.Series[bool]:
    """Which messages lie in the run of their source; in the index of *by*."""
    label = by.index.to_series()
    # Of no messages the map holds texts.
    first, last = (by.map(runs[name]).astype("float64") for name in ("first", "last"))
    return label.ge(first) & label.le(last)
