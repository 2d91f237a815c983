"""What is a sign of misuse, and what does each message show?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.detect.customers import foreign
from analyzer.detect.own_networks import SHARED, users, with_networks
from analyzer.detect.to_whom import at_most_old, failed, mailing
from analyzer.detect.under_whom import always

POSSIBLE, PROBABLE, CONFIRMED = 10.0, 15.0, 25.0  # points of a run from which it is called so
IN_FULL = 0.8  # of a sign's points
ACQUITS = -1.0  # points against abuse with which a message speaks for its owner
OWNER = -0.1  # points up to which a message from the owner's own network is the owner's


@dataclass(frozen=True)
class Clue:
    """One sign.

    Args:
        weight: Points for a message that shows it in full; negative points acquit.
        measure: How far each message shows it, see `analyzer.detect.to_whom`.
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
    def telling(self) -> list[int]:
        """Numbers of the clues that only misuse shows so much."""
        return [n for n, clue in enumerate(self.clues) if clue.weight > 0 and clue.telling]

    @property
    def weak(self) -> list[int]:
        """Numbers of the clues that owners show as well."""
        return [n for n, clue in enumerate(self.clues) if clue.weight > 0 and not clue.telling]


@dataclass(frozen=True)
class Weighed:
    """Messages and what each shows.

    Args:
        mail: With `by`, and what `with_networks` tells.
        parts: Points, one column a clue, then the base; `points`: their sum.
        proof: Points of what only misuse shows so much; `weak`: of what owners show as well;
            `of_a_mailing`: of the former, what a mailing to a very old list would show.
        at_once: How many of the latter signs a message shows in full.
        acquitted: What speaks for the owner; `owners`: the owner's even within a run.
        usual: Under a sender that the source uses on most days.
        forged: To somebody outside, under an outside sender that is not usual; of a host or a
            program, nor its customer's.
    """

    mail: pd.DataFrame
    parts: pd.DataFrame
    points: pd.Series[float]
    proof: pd.Series[float]
    weak: pd.Series[float]
    of_a_mailing: pd.Series[float]
    at_once: pd.Series[int]
    acquitted: pd.Series[bool]
    owners: pd.Series[bool]
    usual: pd.Series[bool]
    forged: pd.Series[bool]


def weigh(mail: pd.DataFrame, misuse: Misuse) -> Weighed:
    mail = with_networks(mail.assign(by=mail[misuse.by].astype("str")).reset_index(drop=True))
    mail = mail.assign(foreign=misuse.by != "auth_user" and foreign(mail))  # no login is asked
    # A script that floods looks like one that sends a mailing, but for the dead.
    alike = mailing(mail)
    mail = mail.assign(mailing=alike)
    parts = pd.DataFrame({n: c.weight * c.measure(mail) for n, c in enumerate(misuse.clues)})
    # What a host or a program sends to ourselves says nothing of what it sends to others.
    aside = mail["outside"].eq(0) & (misuse.by != "auth_user")
    parts[aside] = 0.0
    parts[len(misuse.clues)] = np.where(aside, 0.0, misuse.base)
    points = parts.sum(axis=1)
    against = parts[[n for n, c in enumerate(misuse.clues) if c.weight < 0]].sum(axis=1)
    acquitted = against.le(ACQUITS) | aside
    proof, weak = (parts[clues].sum(axis=1) for clues in (misuse.telling, misuse.weak))
    dead = parts[[n for n in misuse.telling if misuse.clues[n].measure is failed]].sum(axis=1)
    dead *= alike & at_most_old(mail) if misuse.by == "user" else alike
    at_once = pd.Series(signs_at_once(parts.to_numpy().T, misuse), mail.index)
    owners = _owners(mail, misuse, points, proof, acquitted)
    usual = always(mail)
    away = mail["sender_side"].eq("outside") & mail["outside"].gt(0)
    forged = away & ~usual if misuse.by == "auth_user" else mail["foreign"]
    if misuse.by != "auth_user":  # to ourselves, too, only what forges
        owners |= aside & (usual | mail["sender_side"].ne("outside"))
    return Weighed(
        mail, parts, points, proof, weak, dead, at_once, acquitted, owners, usual, forged
    )


def signs_at_once(parts: npt.NDArray[np.float64], misuse: Misuse) -> npt.NDArray[np.int64]:
    """How many signs that owners show as well each message shows in full.

    Args:
        parts: Points of the messages, one row a clue.
    """
    in_full = [parts[n] >= IN_FULL * misuse.clues[n].weight for n in misuse.weak]
    shown: npt.NDArray[np.int64] = np.sum(in_full, 0)
    return shown


def _owners(
    mail: pd.DataFrame,
    misuse: Misuse,
    points: pd.Series[float],
    proof: pd.Series[float],
    acquitted: pd.Series[bool],
) -> pd.Series[bool]:
    """Messages that are the owner's even within a run.

    Of a login: from its own network, to people it knows from none that is strange, or from its
    desk, from where nothing proves misuse. Of a mailbox, and of the server itself: what speaks
    against abuse, for its programs may share one user, or have none in the log.
    """
    if misuse.by == "auth_user":
        network = proof.groupby([mail["by"], mail["network"].fillna("")])
        desk = mail["address_side"].eq("inside") & network.transform("max").eq(0)
        desk &= users(mail).lt(SHARED)
        return (points.le(OWNER) & mail["own"].eq(1)) | (acquitted & mail["strange"].eq(0)) | desk
    return acquitted if misuse.by != "client_ip" else pd.Series(False, mail.index)
