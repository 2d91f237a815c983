"""How are signs of misuse weighed, and what does a run of them amount to?

The three doors that need judgement (a login, a trusted host, a user of the server) are judged
alike: points for every message, the stretch that speaks most for abuse, and a verdict by its sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.detect.extent import extent
from analyzer.detect.runs import best_run, in_run
from analyzer.detect.weighing import (
    CONFIRMED,
    POSSIBLE,
    PROBABLE,
    Clue,
    Misuse,
    Weighed,
    signs_at_once,
    weigh,
)
from analyzer.words import count

OWNERS_TOO = 10.0  # points of a run, at most, by what an honest owner shows as well
ALL_AT_ONCE = 15.0  # the same, where nearly all messages show MANY_SIGNS of it
MANY_SIGNS, NEARLY_ALL = 4, 0.9
STRONG = 0.1  # points a message with which a clue is named
AS_A_MAILING = "points: not counted, as a mailing to a very old list shows them"
ROUNDS = 4  # a source may be misused several times: what remains is asked again

OF_A_RUN = ["lives", "score", "clues", "measured", "checks"]


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
    weighed = weigh(mail, misuse)
    mail, signs = weighed.mail, weighed.parts.to_numpy().T
    lives = mail["origin_life"].to_numpy()
    left = pd.Series(True, index=mail.index)
    found: list[dict[str, Any]] = []
    proved: set[str] = set()
    for _ in range(ROUNDS):
        best = _best(weighed, left)
        # Of a source that was misused, what is no more than possible is the owner's.
        best = best[best["score"].ge(PROBABLE) | ~best.index.isin([*proved])]
        if best.empty:
            break
        proved |= {*best.index[best["score"].ge(PROBABLE)]}
        inside, told = extent(best, weighed, misuse, left)
        left &= ~inside
        for by, rows in _long_enough(mail.loc[told, ["by", "outside"]], misuse):
            score = float(best["score"].loc[by])
            found.append({"lives": lives[rows], **_told(signs.take(rows, axis=1), score, misuse)})
    return pd.DataFrame(found, columns=OF_A_RUN)


def _best(weighed: Weighed, left: pd.Series[bool]) -> pd.DataFrame:
    """The run of each source, from POSSIBLE on, in what is left.

    Where it is proved, what owners show as well does not say when it began: they wrote before. What
    only the dead of a mailing prove is never more than PROBABLE: its list may be very old.
    """
    by: pd.Series[str] = weighed.mail["by"][left]
    points, weak = weighed.points[left], weighed.weak[left]
    if by.empty:
        return pd.DataFrame({"first": [], "last": [], "score": []})
    proved = best_run(points - weak, by)
    proved = proved[proved["score"].ge(PROBABLE)]
    other = best_run(points, by).drop(proved.index)
    runs = pd.concat([proved, other[other["score"].ge(POSSIBLE)]])
    inside = in_run(by, runs)
    telling, rest, often, dead = (
        of[left][inside].groupby(by[inside])
        for of in (
            weighed.proof,
            weighed.points - weighed.proof,
            weighed.at_once,
            weighed.of_a_mailing,
        )
    )
    most = _most(often.mean().reindex(runs.index, fill_value=0.0).to_numpy())
    beyond = rest.sum().reindex(runs.index, fill_value=0.0).clip(upper=most)
    # Summed anew, and so perhaps a hair below what it was let through with.
    score = (telling.sum().reindex(runs.index, fill_value=0.0) + beyond).round(6)
    otherwise = (score - dead.sum().reindex(runs.index, fill_value=0.0)).clip(lower=PROBABLE)
    return runs.assign(score=np.minimum(score, otherwise))


def _most(at_once: Any) -> Any:
    """Points that such signs may add to a run, by how many its messages show on average."""
    return np.where(at_once >= MANY_SIGNS * NEARLY_ALL, ALL_AT_ONCE, OWNERS_TOO)


def _long_enough(mail: pd.DataFrame, misuse: Misuse) -> list[tuple[Any, pd.Index]]:
    """The messages of each source's run, by source; of runs that deserve the name."""
    groups = mail.groupby("by")
    enough = groups.size().ge(misuse.least) | groups["outside"].sum().ge(2 * misuse.least)
    return [(by, groups.groups[by]) for by in enough.index[enough]]


def _told(parts: npt.NDArray[np.float64], score: float, misuse: Misuse) -> dict[str, Any]:
    """All that is told of one run, from its messages' points: one row a clue, then the base."""
    base, parts, number = parts[-1].sum(), parts[:-1], parts.shape[1]
    most = float(_most(signs_at_once(parts, misuse).mean()))
    points = parts.sum(axis=1)
    reached = max(least for least in (POSSIBLE, PROBABLE, CONFIRMED) if score >= least)
    signs: list[tuple[str, float, float | None]] = [("points of the run", score, reached)]
    told = _strongest(points, misuse)
    signs += [(f"points: {clue.meaning}", of, None) for clue, of in told if of]
    signs += [("points: every message, before any sign", base, None)]
    proof = points[misuse.telling].sum()
    beyond = max(0.0, points.sum() + base - proof - most)
    if beyond:
        signs += [("points: not counted, as owners show as much", -beyond, None)]
    if score == PROBABLE < points.sum() + base - beyond:
        beyond = points.sum() + base - beyond - PROBABLE
        signs += [(AS_A_MAILING, -beyond, None)]
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
