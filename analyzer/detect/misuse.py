"""How are signs of misuse weighed, and what does a run of them amount to?

The three doors that need judgement (a login, a trusted host, a user of the server) are judged
alike: points for every message, the stretch that speaks most for abuse, and a verdict by its sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analyzer.detect.clues import own_network
from analyzer.detect.detector import Evidence, evidence_of, totals
from analyzer.detect.mail import user
from analyzer.detect.runs import best_run, gone_on, in_run, trimmed
from analyzer.site import LOOPBACK
from analyzer.words import count

POSSIBLE, PROBABLE, CONFIRMED = 10.0, 15.0, 25.0  # points of a run from which it is called so
ACQUITS = -1.0  # points against abuse with which a message speaks for its owner
OWNER = -0.1  # points up to which a message from the owner's own network is the owner's
ROUNDS = 4  # a source may be misused several times: what remains is asked again


@dataclass(frozen=True)
class Clue:
    """One sign.

    Args:
        weight: Points for a message that shows it in full; negative points acquit.
        measure: How far each message shows it, see `analyzer.detect.clues`.
    """

    weight: float
    meaning: str
    measure: Callable[[pd.DataFrame], pd.Series[float]]


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


BEHIND_A_GATEWAY = "somebody behind this gateway, whom the log does not show, sent"
VERDICTS = {
    "confirmed": f"the signs of a run sum up to {CONFIRMED:.0f} points or more",
    "probable": f"to {PROBABLE:.0f} or more",
    "possible": f"to {POSSIBLE:.0f} or more, or who is local was inferred",
}


def _verdict(score: float) -> str:
    if score >= CONFIRMED:
        return "confirmed"
    return "probable" if score >= PROBABLE else "possible"


def find(mail: pd.DataFrame, misuse: Misuse) -> pd.DataFrame:
    """The runs of misuse among messages of one kind of source.

    Args:
        mail: One row a message, in order of time, see `analyzer.detect.mail`.

    Returns:
        One row a message in a run: `origin_life`, and of the run `score`, `clues` (in words),
        `measured` (points of each sign) and `checks` (messages that show what acquits).
    """
    columns = ["origin_life", "score", "clues", "measured", "checks"]
    mail = mail[mail[misuse.by].notna()].reset_index(drop=True)
    if mail.empty:
        return pd.DataFrame(columns=columns)
    mail = mail.assign(by=mail[misuse.by].astype("str"))
    parts = pd.DataFrame({n: c.weight * c.measure(mail) for n, c in enumerate(misuse.clues)})
    points = parts.sum(axis=1) + misuse.base
    acquitted = (
        parts[[n for n, c in enumerate(misuse.clues) if c.weight < 0]].sum(axis=1).le(ACQUITS)
    )
    owners = _owners(mail, misuse, points, acquitted)
    left = pd.Series(True, index=mail.index)
    found = []
    for _ in range(ROUNDS):
        if not left.any():
            break
        best = best_run(points[left], mail.loc[left, "by"])
        best = best[best["score"].ge(POSSIBLE)]
        if best.empty:
            break
        sure = best["score"].ge(PROBABLE)
        others = acquitted | _unlike(mail, in_run(mail["by"], best))
        best = pd.concat([gone_on(best[sure], mail, others), best[~sure]])
        best = trimmed(best, mail["by"], mail["network"])
        inside = in_run(mail["by"], best) & left
        left &= ~inside
        inside &= ~owners
        for by, rows in mail[inside].groupby("by"):
            if len(rows) >= misuse.least or rows["outside"].sum() >= 2 * misuse.least:
                score = float(best["score"].loc[by])
                found.append(_told(rows, parts.loc[rows.index], score, misuse))
    return pd.concat(found) if found else pd.DataFrame(columns=columns)


def _owners(
    mail: pd.DataFrame, misuse: Misuse, points: pd.Series[float], acquitted: pd.Series[bool]
) -> pd.Series[bool]:
    """Messages that are the owner's even within a run.

    Of a login: from its own network. Of the server itself: what speaks against abuse, for its
    programs may share one user, or have none in the log.
    """
    if misuse.by == "auth_user":
        return points.le(OWNER) & own_network(mail).eq(1)
    return acquitted if misuse.by == "user" else pd.Series(False, mail.index)


def _unlike(mail: pd.DataFrame, inside: pd.Series[bool]) -> pd.Series[bool]:
    """Messages that are not of the kind of their source's run.

    Under a sender of ours, where the run is mostly under outside senders; or from a network that
    the run does not use: a lone message from elsewhere, hours before, may well be the owner's.
    """
    forged = mail["sender_side"].eq("outside")
    share = forged[inside].astype("float64").groupby(mail["by"]).mean()
    network = pd.MultiIndex.from_arrays([mail["by"], mail["network"].fillna("")])
    elsewhere = ~network.isin(network[inside.to_numpy()].unique())
    return (~forged & mail["by"].map(share).gt(0.5)) | elsewhere


def _told(rows: pd.DataFrame, parts: pd.DataFrame, score: float, misuse: Misuse) -> pd.DataFrame:
    """The messages of one run, each with all that is told of the run."""
    points = parts.sum()
    reached = max(least for least in (POSSIBLE, PROBABLE, CONFIRMED) if score >= least)
    signs: list[tuple[str, float, float | None]] = [("points of the run", score, reached)]
    signs += [
        (f"points: {misuse.clues[int(str(number))].meaning}", float(points[number]), None)
        for number in points.sort_values(ascending=False, kind="stable").index
        if points[number]
    ]
    signs += [("points: every message, before any sign", misuse.base * len(rows), None)]
    checks = [
        f"{clue.meaning}: {parts[number].lt(0).sum():,} of {count(len(rows), 'message')}"
        for number, clue in enumerate(misuse.clues)
        if clue.weight < 0
    ]
    run = {
        "score": score,
        "clues": _said(parts.mean(), misuse),
        "measured": [
            {"what": what, "value": round(value, 1), "threshold": threshold}
            for what, value, threshold in signs
        ],
        "checks": checks,
    }
    each = {name: pd.Series([told] * len(rows), rows.index) for name, told in run.items()}
    return rows[["origin_life"]].assign(**each)


def _said(means: pd.Series[float], misuse: Misuse) -> str:
    """The signs that speak for abuse, the strongest first, with their points a message."""
    strong = means[means > 0.1].sort_values(ascending=False, kind="stable")
    meanings = [misuse.clues[int(str(number))].meaning for number in strong.index]
    told = zip(meanings, strong, strict=True)
    return ", ".join(f"{meaning} (+{points:.1f})" for meaning, points in told)


def judge(evidence: Evidence, misuse: Misuse) -> pd.DataFrame:
    """One finding a source, from the rows marked with the mechanism."""
    rows = evidence.deliveries
    rows = rows[rows["mechanism"].eq(misuse.mechanism)]
    if rows.empty:
        return pd.DataFrame()
    by = user(rows) if misuse.by == "user" else rows[misuse.by]
    rows = rows.assign(by=by.astype("str"))
    rows = rows.sort_values(["received", "source", "line"], kind="stable")
    groups = rows.groupby("by")
    found = totals(rows, "by").assign(
        score=groups["score"].max(),
        clues=groups["clues"].first(),
        measured=groups["measured"].first(),
        checks=groups["checks"].first(),
        queue_id=groups["origin_queue_id"].first(),
        baseline_first=evidence.begins,
        baseline_last=evidence.ends,
        evidence=evidence_of(rows, "by", "orig_"),
        masked=groups["origin_masked"].any(),
        keys=_keys(rows, misuse),
    )

    def reason(row: pd.Series[Any]) -> str:
        who = BEHIND_A_GATEWAY if row.masked else misuse.words
        return (
            f"{who}; a message of the run, on average: {row.clues}; in all "
            f"{row.score:.0f} points, where {POSSIBLE:.0f} is possible, {PROBABLE:.0f} probable "
            f"and {CONFIRMED:.0f} confirmed"
        )

    return found.assign(
        kind="abuse",
        mechanism=misuse.mechanism,
        verdict=found["score"].map(_verdict) if evidence.site_known else "possible",
        subject_kind=_kind(found.index.to_series(), set(rows["server"]), misuse),
        reason=found.apply(reason, axis=1),
    ).reset_index(names="subject")


def _keys(rows: pd.DataFrame, misuse: Misuse) -> pd.Series[Any]:
    """The outside addresses of each source's run; two logins used from one are one incident."""
    away = rows.loc[rows["address_side"].ne("inside"), ["by", "client_ip"]].dropna()
    keys = away.drop_duplicates()["client_ip"].map("ip {}".format)
    named = keys.groupby(away["by"]).agg(list)
    cause = f"{misuse.mechanism} "
    return pd.Series(
        {by: [cause + str(by), *named.get(by, [])] for by in rows["by"].unique()}, dtype=object
    )


def _kind(subject: pd.Series[str], servers: set[str], misuse: Misuse) -> pd.Series[str]:
    """A program that speaks SMTP to localhost is named by that address, else see `mail.user`."""
    kinds = dict.fromkeys(servers, "server") | dict.fromkeys(LOOPBACK, "ip")
    return subject.map(lambda name: kinds.get(name, misuse.subject_kind))
