"""The door: when did the server begin to relay for strangers, and when did it stop?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.detector import Detector, Evidence, places
from analyzer.detect.relay_probes import probes

CHANGES = {"daemon started": "Postfix was started", "reload": "the configuration was reloaded"}


def judge(evidence: Evidence) -> pd.DataFrame:
    """Two findings a server that relayed: the moment it opened and the moment it closed.

    `first_seen` to `last_seen` is the span in which the door must have moved: from the last contrary answer
    to the first such answer, or the one configuration change between them.
    """
    answers = _answers(evidence)
    found = [
        row
        for server, mine in answers.groupby("server")
        if mine["relayed"].any()
        for row in _moments(str(server), mine, evidence)
    ]
    return pd.DataFrame(found)


def _answers(evidence: Evidence) -> pd.DataFrame:
    """What strangers who asked us to relay were told, in order of time: `time, server, accepted`, place.

    A recipient accepted without a message counts once relaying is proven: the same door, a moment earlier.
    """
    rows = evidence.deliveries
    relayed = rows[rows["mechanism"].eq("open_relay")].drop_duplicates("origin_life")
    taken = relayed[["received", "server", "orig_source", "orig_line", "orig_offset"]].copy()
    taken.columns = pd.Index(["time", "server", "source", "line", "offset"])
    tried = probes(evidence.attempts)
    tried = tried[tried["kind"].eq("relay_denied") | tried["client_ip"].isin(relayed["client_ip"])]
    refused = tried["kind"].eq("relay_denied")
    both = [
        taken.assign(accepted=True, relayed=True),
        tried[["time", "server", "source", "line", "offset"]].assign(
            accepted=~refused, relayed=False
        ),
    ]
    joined = (
        pd.concat([part for part in both if len(part)], ignore_index=True)
        if any(map(len, both))
        else both[0]
    )
    return joined.sort_values(["time", "source", "line"], kind="stable", ignore_index=True)


def _moments(server: str, mine: pd.DataFrame, evidence: Evidence) -> list[dict[str, object]]:
    accepted = mine[mine["accepted"]]
    before = mine[(mine["time"] <= accepted["time"].iloc[0]) & ~mine["accepted"]].tail(1)
    after = mine[(mine["time"] >= accepted["time"].iloc[-1]) & ~mine["accepted"]].head(1)
    between = mine[
        (mine.index > accepted.index[0]) & (mine.index < accepted.index[-1]) & ~mine["accepted"]
    ]
    partly = (
        f" Meanwhile {len(between):,} other attempts were refused: it was not open to everybody."
        if len(between)
        else ""
    )
    changes = evidence.server_events[evidence.server_events["server"].eq(server)]
    opened = _moment(before, accepted.head(1), changes, "opened", evidence)
    closed = _moment(accepted.tail(1), after, changes, "closed", evidence)
    opened["reason"] = f"{opened['reason']}{partly}"
    return [{"subject": server, **moment} for moment in (opened, closed)]


def _moment(
    earlier: pd.DataFrame, later: pd.DataFrame, changes: pd.DataFrame, what: str, evidence: Evidence
) -> dict[str, object]:
    """When the answer changed: between two lines, at a change of configuration if just one lies there."""
    start = earlier["time"].iloc[0] if len(earlier) else evidence.begins
    end = later["time"].iloc[0] if len(later) else evidence.ends
    known = changes[
        (changes["time"] >= start)
        & (changes["time"] <= end)
        & changes["action"].isin(list(CHANGES))
    ]
    span = f"between {_say(start)} and {_say(end)}"
    if what == "opened" and not len(earlier):
        reason = f"relayed from its first such request in this log ({_say(end)}): when the door opened is not shown."
        start = evidence.begins
    elif what == "closed" and not len(later):
        reason = f"no stranger was refused after the last relayed message ({_say(start)}): the log does not show that the door is shut."
        start, end = start, start
    elif known["time"].nunique() == 1:
        moment = known["time"].iloc[0]
        reason = f"door {what} {span}; {CHANGES[known['action'].iloc[-1]]} at {_say(moment)}, the only change in that time."
        start = end = moment
    else:
        more = (
            f"; {known['time'].nunique()} changes of configuration in that time"
            if len(known)
            else ""
        )
        reason = f"door {what} {span}{more}."
    columns = ["source", "line", "offset"]
    proof = pd.concat([part[columns] for part in (earlier, known, later) if len(part)])
    return {
        "kind": "context",
        "verdict": "probable" if evidence.site_known else "possible",
        "subject_kind": "server",
        "first_seen": start,
        "last_seen": end,
        "reason": reason,
        "evidence": places(proof),
    }


def _say(time: pd.Timestamp) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


DOOR = Detector(
    name="door",
    question="When did the server begin to relay for strangers, and when did it stop?",
    verdicts={
        "probable": "the answers given to strangers changed in that time",
        "possible": "who is local was inferred from the log",
    },
    forgeable="nothing: the answers are our own server's",
    judge=judge,
)
