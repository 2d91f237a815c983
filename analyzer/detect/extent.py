"""Which messages does a run of misuse take in, and which of them are its owner's all the same?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.runs import (
    compact,
    from_few,
    gone_on,
    in_run,
    same_addresses,
    several,
    trimmed,
    without_ends,
)
from analyzer.detect.to_whom import nearly_all_exist
from analyzer.detect.weighing import PROBABLE, Misuse, Weighed

MOSTLY_WITHIN = 0.8  # of what a host or program sends under one of our senders, if a run forges it


def extent(
    best: pd.DataFrame, weighed: Weighed, misuse: Misuse, left: pd.Series[bool]
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Which messages lie in the runs, and which of them are told.

    Args:
        best: One row a source: `first`, `last`, `score`, as of `runs.best_run`.
        left: Which messages are in no run so far.
    """
    mail, owners, login = weighed.mail, weighed.owners, misuse.by == "auth_user"
    sure = best["score"].ge(PROBABLE)
    run = in_run(mail["by"], best)
    unlike = _unlike(weighed, misuse, run)
    others = (weighed.acquitted & ~_from_there(mail, run)) | unlike
    if not login:  # a dead address of the owner's, days later, is no end of it
        best = without_ends(best, mail["by"], unlike)
    # A thief's test from a strange network, days before, is his; elsewhere nobody can tell.
    away = mail["strange"][run].groupby(mail["by"]).mean().reindex(best.index).ge(0.5)
    best = pd.concat([compact(best[~away], mail, weighed.forged), best[away]])
    sure = sure.reindex(best.index)
    best = pd.concat([gone_on(best[sure], mail, others), best[~sure]])
    best = trimmed(best, mail.loc[~owners, "by"], mail.loc[~owners, "network"])
    inside = in_run(mail["by"], best) & left
    if login:
        theirs, his = same_addresses(mail, inside & ~owners & mail["by"].isin(sure.index[sure]))
        inside = (inside | (left & theirs)) & ~his
        # A thief, too, writes under the owner's name: from his addresses, or, if he has a new one
        # for each message, from any from which the owner does not write at other times.
        his_own = inside & ~unlike
        few = mail["by"].map(from_few(mail["by"][his_own], mail["client_ip"][his_own])).eq(True)
        unlike &= ~_from_addresses(mail, his_own) & (few | _from_addresses(mail, ~inside))
    return inside, inside & ~owners & (~unlike | weighed.forged)


def _unlike(weighed: Weighed, misuse: Misuse, inside: pd.Series[bool]) -> pd.Series[bool]:
    """Messages that are not of the kind of their source's run.

    Under a sender of ours, where the run is mostly under outside senders; of a host or a program,
    under a sender that it always uses, where the run mostly is not. Of these, unless nearly all
    under that sender is within the run, to people of whom more do not exist than of a shop's on the
    day of its sale: the run forges it. (What proves misuse counts for more: on such a day a shop
    sends more than the thief.) Or from a network that the run does not use: a lone message from
    elsewhere, hours before, may well be the owner's. Of a run from everywhere it is, unless it is a
    network of many messages.
    """
    mail, usual = weighed.mail, weighed.usual
    counts = 1.0 + weighed.proof[inside]
    whole = counts.groupby(mail["by"]).sum()
    other = pd.Series(False, mail.index)
    outside, login = mail["sender_side"].eq("outside"), misuse.by == "auth_user"
    sender = mail.groupby(["by", mail["origin_sender"].fillna("")]).ngroup()
    otherwise = inside.groupby(sender).transform("mean").le(MOSTLY_WITHIN)
    otherwise |= usual & nearly_all_exist(mail, sender)
    for forged, own in [(outside, login | otherwise), *([] if login else [(~usual, otherwise)])]:
        mostly = (counts * forged[inside]).groupby(mail["by"]).sum().gt(0.5 * whole)
        other |= ~forged & own & mail["by"].map(mostly).eq(True)
    network = pd.MultiIndex.from_arrays([mail["by"], mail["network"].fillna("")])
    elsewhere = ~network.isin(network[inside.to_numpy()].unique())
    few = mail["by"].map(from_few(mail["by"][inside], mail["network"][inside])).eq(True)
    elsewhere &= few | several(mail["by"], mail["network"])
    return other | elsewhere


def _from_addresses(mail: pd.DataFrame, some: pd.Series[bool]) -> pd.Series[bool]:
    """What each source sends from the addresses from which it sends some of its messages."""
    address = pd.MultiIndex.from_arrays([mail["by"], mail["client_ip"].fillna("")])
    known = mail["client_ip"].notna()
    theirs: pd.Series[bool] = known & address.isin(address[(some & known).to_numpy()])
    return theirs


def _from_there(mail: pd.DataFrame, run: pd.Series[bool]) -> pd.Series[bool]:
    """Mail to ourselves from the strange networks of its source's run: thieves write to us, too."""
    place = pd.MultiIndex.from_arrays([mail["by"], mail["network"].fillna("")])
    theirs = place[(run & mail["strange"].gt(0)).to_numpy()].unique()
    return mail["outside"].eq(0) & place.isin(theirs)
