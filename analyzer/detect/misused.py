"""What is told of a login, a host or a user that was misused? One finding each, from its runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analyzer.detect.detector import PLACE, TOLD, Evidence, evidence_of, totals
from analyzer.detect.mail import networks, user
from analyzer.detect.misuse import AS_A_MAILING
from analyzer.detect.weighing import CONFIRMED, POSSIBLE, PROBABLE, Misuse
from analyzer.rows import those
from analyzer.site import LOOPBACK

READ = """
    server client_ip auth_user uid local_user submission address_side origin_masked
    origin_queue_id run
""".split()
ASK_THE_OWNER = "; a mailing of its owner's to a very old list would show as much: ask"
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


def judge(evidence: Evidence, misuse: Misuse) -> pd.DataFrame:
    """One finding a source, from the rows of its runs; what speaks for it is of the strongest.

    Of whom nothing was accepted, all having been refused after its DATA, the finding is an attempt:
    it shows that a login is stolen or a host infected, and is no abuse.
    """
    rows = _of_runs(evidence, misuse)
    if rows.empty:
        return pd.DataFrame()
    groups = rows.groupby("by")
    strongest = evidence.runs.loc[rows["run"].loc[groups["score"].idxmax()]]
    found = totals(rows, "by").assign(
        score=groups["score"].max(),
        **{name: strongest[name].to_numpy() for name in ("clues", "measured", "checks")},
        runs=groups["run"].nunique(),
        queue_id=groups["origin_queue_id"].first(),
        baseline_first=evidence.begins,
        baseline_last=evidence.ends,
        evidence=evidence_of(rows, "by", "orig_"),
        masked=groups["origin_masked"].any(),
        accepted=groups["accepted"].any(),
        keys=_keys(rows, misuse),
    )
    return found.assign(
        kind=found["accepted"].map({True: "abuse", False: "attempt"}),
        mechanism=pd.Series(misuse.mechanism, found.index).where(found["accepted"]),
        verdict=found["score"].map(_verdict) if evidence.site_known else "possible",
        subject_kind=_kind(found.index.to_series(), set(rows["server"]), misuse),
        reason=found.apply(_reason, axis=1, misuse=misuse),
    ).reset_index(names="subject")


def _of_runs(evidence: Evidence, misuse: Misuse) -> pd.DataFrame:
    """The rows of all runs of one kind: of each source those that were accepted, if there are any;
    with `by`, `score` and `accepted`.
    """
    rows, runs = evidence.deliveries, evidence.runs
    mine = np.append(runs["mechanism"].eq(misuse.mechanism).to_numpy(np.bool_), False)
    rows = those(rows[[*TOLD, *PLACE, *READ]], pd.Series(mine[rows["run"]], rows.index))
    if rows.empty:
        return rows
    by = user(rows) if misuse.by == "user" else rows[misuse.by]
    rows = rows.assign(
        by=by.astype("str"),
        score=runs["score"].to_numpy()[rows["run"]],
        accepted=rows["status"].ne("rejected"),
    )
    return rows[rows["accepted"] | ~rows.groupby("by")["accepted"].transform("any")]


def _reason(row: pd.Series[Any], misuse: Misuse) -> str:
    who = BEHIND_A_GATEWAY if row.masked else misuse.words
    if row.score < PROBABLE:
        who = f"perhaps {who}"
    refused = "" if row.accepted else "; nothing was accepted, each was refused after its DATA"
    runs = f"in {row.runs} runs; of the strongest: " if row.runs > 1 else ""
    return (
        f"{who}{refused}; {runs}a message of the run, on average: {row.clues}; in all "
        f"{row.score:.0f} points, where {POSSIBLE:.0f} is possible, {PROBABLE:.0f} probable "
        f"and {CONFIRMED:.0f} confirmed"
        f"{ASK_THE_OWNER if AS_A_MAILING in [of['what'] for of in row.measured] else ''}"
    )


def _keys(rows: pd.DataFrame, misuse: Misuse) -> pd.Series[Any]:
    """The outside addresses of each source's run; two logins used from one are one incident. So are
    two hosts of ours in one network: whoever is in one of them soon is in the others.
    """
    if misuse.by == "client_ip":
        hosts = rows[["by"]].drop_duplicates()
        keys = "network " + networks(hosts["by"])
    else:
        hosts = rows.loc[rows["address_side"].ne("inside"), ["by", "client_ip"]].dropna()
        keys = hosts.drop_duplicates()["client_ip"].map("ip {}".format)
    named = keys.groupby(hosts["by"]).agg(list)
    cause = f"{misuse.mechanism} "
    return pd.Series(
        {by: [cause + str(by), *named.get(by, [])] for by in rows["by"].unique()}, dtype=object
    )


def _kind(subject: pd.Series[str], servers: set[str], misuse: Misuse) -> pd.Series[str]:
    """A program that speaks SMTP to localhost is named by that address, else see `mail.user`."""
    kinds = dict.fromkeys(servers, "server") | dict.fromkeys(LOOPBACK, "ip")
    return subject.map(lambda name: kinds.get(name, misuse.subject_kind))
