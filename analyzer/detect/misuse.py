"""How are signs of misuse weighed, and what does a run of them amount to?

The three doors that need judgement (a login, a trusted host, a user of the server) are judged
alike: points for every message, the stretch that speaks most for abuse, and a verdict by its sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.detect.clues import always
from analyzer.detect.own_networks import with_networks
from analyzer.detect.runs import (
    best_run,
    compact,
    from_few,
    gone_on,
    in_run,
    several,
    trimmed,
    without_ends,
)
from analyzer.words import count

POSSIBLE, PROBABLE, CONFIRMED = 10.0, 15.0, 25.0  # points of a run from which it is called so
OWNERS_TOO = 10.0  # points of a run, at most, by what an honest owner shows as well
ALL_AT_ONCE = 15.0  # the same, where nearly all messages show MANY_SIGNS of it
MOSTLY_WITHIN = 0.8  # of what a host or program sends under one of our senders, if a run forges it
MANY_SIGNS, IN_FULL, NEARLY_ALL = 4, 0.8, 0.9
ACQUITS = -1.0  # points against abuse with which a message speaks for its owner
OWNER = -0.1  # points up to which a message from the owner's own network is the owner's
STRONG = 0.1  # points a message with which a clue is named
ROUNDS = 4  # a source may be misused several times: what remains is asked again

OF_A_RUN = ["lives", "score", "clues", "measured", "checks"]


@dataclass(frozen=True)
class Clue:
    """One sign.

    Args:
        weight: Points for a message that shows it in full; negative points acquit.
        measure: How far each message shows it, see `analyzer.detect.clues`.
        telling: Only misuse shows it so much. Of what owners show as well, however much there is
            of it, OWNERS_TOO count: a new place and new people are no proof. A new place, many new
            people, in an hour in which the owner sleeps, are more than these.
    """

    weight: float
    meaning: str
    measure: Callable[[pd.DataFrame], pd.Series[float]]
    telling: bool = True


@dataclass(frozen=True)
class Misuse:
    """What speaks for the misuse of one kind of source.

    Args:
        by: Column of a message that says whose it is.
        base: Points of every message before any sign: the presumption of innocence.
        least: Messages below which nothing is called a run, unless they went to twice as many.
    """

    mechanism: str
    by: str
    subject_kind: str
    words: str
    base: float
    clues: tuple[Clue, ...]
    least: int = 5

    @property
    def weak(self) -> list[int]:
        """Numbers of the clues that owners show as well."""
        return [n for n, clue in enumerate(self.clues) if clue.weight > 0 and not clue.telling]


def find(mail: pd.DataFrame, misuse: Misuse) -> pd.DataFrame:
    """The runs of misuse among messages of one kind of source.

    Args:
        mail: One row a message, in order of time, see `analyzer.detect.mail`.

    Returns:
        One row a run: `lives` (`origin_life` of its messages), `score`, `clues` (in words),
        `measured` (points of each sign) and `checks` (messages that show what acquits).
    """
    if mail.empty:
        return pd.DataFrame(columns=OF_A_RUN)
    mail = with_networks(mail.assign(by=mail[misuse.by].astype("str")).reset_index(drop=True))
    parts = pd.DataFrame({n: c.weight * c.measure(mail) for n, c in enumerate(misuse.clues)})
    # What a host or a program sends to ourselves says nothing of what it sends to others.
    aside = mail["outside"].eq(0) & (misuse.by != "auth_user")
    parts[aside] = 0.0
    parts[len(misuse.clues)] = np.where(aside, 0.0, misuse.base)
    points = parts.sum(axis=1)
    against = parts[[n for n, c in enumerate(misuse.clues) if c.weight < 0]].sum(axis=1)
    acquitted = against.le(ACQUITS) | aside
    telling = [n for n, c in enumerate(misuse.clues) if c.weight > 0 and c.telling]
    proof, weak = parts[telling].sum(axis=1), parts[misuse.weak].sum(axis=1)
    signs_at_once = pd.Series(_at_once(parts.to_numpy().T, misuse), mail.index)
    owners = _owners(mail, misuse, points, proof, acquitted)
    usual = always(mail)
    if misuse.by != "auth_user":  # to ourselves, too, only what forges
        owners |= aside & (usual | mail["sender_side"].ne("outside"))
    forged = mail["sender_side"].eq("outside") & mail["outside"].gt(0) & ~usual
    lives, signs = mail["origin_life"].to_numpy(), parts.to_numpy().T
    left = pd.Series(True, index=mail.index)
    found: list[dict[str, Any]] = []
    proved: set[str] = set()
    for _ in range(ROUNDS):
        if not left.any():
            break
        by, at_once = mail.loc[left, "by"], signs_at_once[left]
        best = _best(points[left], weak[left], proof[left], at_once, by)
        # Of a source that was misused, what is no more than possible is the owner's.
        best = best[best["score"].ge(PROBABLE) | ~best.index.isin([*proved])]
        if best.empty:
            break
        sure = best["score"].ge(PROBABLE)
        proved |= {*best.index[sure]}
        run = in_run(mail["by"], best)
        unlike = _unlike(mail, misuse, run, usual)
        others = (acquitted & ~_from_there(mail, run)) | unlike
        if misuse.by != "auth_user":  # a dead address of the owner's, days later, is no end of it
            best = without_ends(best, mail["by"], unlike)
        # A thief's test from a strange network, days before, is his; elsewhere nobody can tell.
        away = mail["strange"][run].groupby(mail["by"]).mean().reindex(best.index).ge(0.5)
        best = pd.concat([compact(best[~away], mail, forged), best[away]])
        sure = best["score"].ge(PROBABLE)
        best = pd.concat([gone_on(best[sure], mail, others), best[~sure]])
        best = trimmed(best, mail["by"], mail["network"])
        inside = in_run(mail["by"], best) & left
        if misuse.by == "auth_user":
            inside |= left & _same_addresses(mail, inside & mail["by"].isin(best.index[sure]))
        left &= ~inside
        if misuse.by == "auth_user":  # a thief, too, writes under the owner's name
            unlike &= ~_from_addresses(mail, inside & ~unlike)
        told = inside & ~owners & ~unlike
        for by, rows in _long_enough(mail.loc[told, ["by", "outside"]], misuse):
            score = float(best["score"].loc[by])
            found.append({"lives": lives[rows], **_told(signs.take(rows, axis=1), score, misuse)})
    return pd.DataFrame(found, columns=OF_A_RUN)


def _best(
    points: pd.Series[float],
    weak: pd.Series[float],
    proof: pd.Series[float],
    at_once: pd.Series[int],
    by: pd.Series[str],
) -> pd.DataFrame:
    """The run of each source, from POSSIBLE on.

    Where it is proved, what owners show as well does not say when it began: they wrote before.

    Args:
        at_once: How many signs that owners show as well each message shows in full.
    """
    proved = best_run(points - weak, by)
    proved = proved[proved["score"].ge(PROBABLE)]
    other = best_run(points, by).drop(proved.index)
    runs = pd.concat([proved, other[other["score"].ge(POSSIBLE)]])
    inside = in_run(by, runs)
    telling, rest = (
        of[inside].groupby(by[inside]).sum().reindex(runs.index, fill_value=0.0)
        for of in (proof, points - proof)
    )
    often = at_once[inside].groupby(by[inside]).mean().reindex(runs.index, fill_value=0.0)
    most = _most(often.to_numpy())
    # Summed anew, and so perhaps a hair below what it was let through with.
    return runs.assign(score=(telling + rest.clip(upper=most)).round(6))


def _at_once(parts: npt.NDArray[np.float64], misuse: Misuse) -> npt.NDArray[np.int64]:
    """How many signs that owners show as well each message shows in full.

    Args:
        parts: Points of the messages, one row a clue.
    """
    in_full = [parts[n] >= IN_FULL * misuse.clues[n].weight for n in misuse.weak]
    shown: npt.NDArray[np.int64] = np.sum(in_full, 0)
    return shown


def _most(at_once: Any) -> Any:
    """Points that such signs may add to a run, by how many its messages show on average."""
    return np.where(at_once >= MANY_SIGNS * NEARLY_ALL, ALL_AT_ONCE, OWNERS_TOO)


def _long_enough(mail: pd.DataFrame, misuse: Misuse) -> list[tuple[Any, pd.Index]]:
    """The messages of each source's run, by source; of runs that deserve the name."""
    groups = mail.groupby("by")
    enough = groups.size().ge(misuse.least) | groups["outside"].sum().ge(2 * misuse.least)
    return [(by, groups.groups[by]) for by in enough.index[enough]]


def _owners(
    mail: pd.DataFrame,
    misuse: Misuse,
    points: pd.Series[float],
    proof: pd.Series[float],
    acquitted: pd.Series[bool],
) -> pd.Series[bool]:
    """Messages that are the owner's even within a run.

    Of a login: from its own network, to people it knows from none that is strange, or from a desk
    from where nothing proves misuse. Of the server itself: what speaks against abuse, for its
    programs may share one user, or have none in the log.
    """
    if misuse.by == "auth_user":
        network = proof.groupby([mail["by"], mail["network"].fillna("")])
        desk = mail["address_side"].eq("inside") & network.transform("max").eq(0)
        return (points.le(OWNER) & mail["own"].eq(1)) | (acquitted & mail["strange"].eq(0)) | desk
    return acquitted if misuse.by == "user" else pd.Series(False, mail.index)


def _unlike(
    mail: pd.DataFrame, misuse: Misuse, inside: pd.Series[bool], usual: pd.Series[bool]
) -> pd.Series[bool]:
    """Messages that are not of the kind of their source's run.

    Under a sender of ours, where the run is mostly under outside senders; of a host or a program,
    under a sender that it always uses, where the run mostly is not. Of these, unless nearly all
    under that sender is within the run, which forges it. Or from a network that
    the run does not use: a lone message from elsewhere, hours before, may well be the owner's. Of
    a run from everywhere it is, unless it is a network of many messages.
    """
    other = pd.Series(False, mail.index)
    outside, login = mail["sender_side"].eq("outside"), misuse.by == "auth_user"
    within = inside.groupby([mail["by"], mail["origin_sender"].fillna("")])
    otherwise = within.transform("mean").le(MOSTLY_WITHIN)
    for forged, own in [(outside, login | otherwise), *([] if login else [(~usual, otherwise)])]:
        mostly = forged[inside].astype("float64").groupby(mail["by"]).mean().gt(0.5)
        other |= ~forged & own & mail["by"].map(mostly).eq(True)
    network = pd.MultiIndex.from_arrays([mail["by"], mail["network"].fillna("")])
    elsewhere = ~network.isin(network[inside.to_numpy()].unique())
    few = mail["by"].map(from_few(mail["by"][inside], mail["network"][inside])).eq(True)
    elsewhere &= few | several(mail["by"], mail["network"])
    return other | elsewhere


def _same_addresses(mail: pd.DataFrame, run: pd.Series[bool]) -> pd.Series[bool]:
    """All that a login ever sends from the strange addresses of its run: a thief may begin slowly,
    and go on when the flood is over.
    """
    strange = mail["strange"].gt(0) & ~mail["always_had"]
    return strange & _from_addresses(mail, run & strange)


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


def _told(parts: npt.NDArray[np.float64], score: float, misuse: Misuse) -> dict[str, Any]:
    """All that is told of one run, from its messages' points: one row a clue, then the base."""
    base, parts, number = parts[-1].sum(), parts[:-1], parts.shape[1]
    most = float(_most(_at_once(parts, misuse).mean()))
    points = parts.sum(axis=1)
    reached = max(least for least in (POSSIBLE, PROBABLE, CONFIRMED) if score >= least)
    signs: list[tuple[str, float, float | None]] = [("points of the run", score, reached)]
    told = _strongest(points, misuse)
    signs += [(f"points: {clue.meaning}", of, None) for clue, of in told if of]
    signs += [("points: every message, before any sign", base, None)]
    proof = points[[clue.telling and clue.weight > 0 for clue in misuse.clues]].sum()
    beyond = points.sum() + base - proof - most
    if beyond > 0:
        signs += [("points: not counted, as owners show as much", -beyond, None)]
    strong = [(clue, of) for clue, of in _strongest(points / number, misuse) if of > STRONG]
    return {
        "score": score,
        "clues": ", ".join(f"{clue.meaning} (+{of:.1f})" for clue, of in strong),
        "measured": [
            {"what": what, "value": round(value, 1), "threshold": threshold}
            for what, value, threshold in signs
        ],
        "checks": [
            f"{clue.meaning}: {(shown < 0).sum():,} of {count(number, 'message')}"
            for clue, shown in zip(misuse.clues, parts, strict=True)
            if clue.weight < 0
        ],
    }


def _strongest(points: npt.NDArray[np.float64], misuse: Misuse) -> list[tuple[Clue, float]]:
    """The clues with their points, the largest first."""
    told = zip(misuse.clues, points.tolist(), strict=True)
    return sorted(told, key=lambda clue: -clue[1])
