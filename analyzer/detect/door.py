"""The door: when did the server begin to relay for strangers, and when did it stop?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analyzer.detect.detector import NEVER, PLACE, Detector, Evidence, places, span
from analyzer.detect.open_relay import DOOR_KEY
from analyzer.detect.relay_probes import probes
from analyzer.rows import Flags, heads, numbered, those
from analyzer.words import count, stamp

CHANGES = {
    "daemon started": "the mail server was started",
    "reload": "the configuration was reloaded",
}


def judge(evidence: Evidence) -> pd.DataFrame:
    """Two findings a server that relayed: the moment it opened and the moment it closed.

    `first_seen` to `last_seen` is the span in which the door must have moved: from the last
    contrary answer to the first such answer, or the one change of configuration between them.
    """
    answers = _answers(evidence)
    return pd.DataFrame(
        [
            {"subject": server, **moment}
            for server, mine in answers.groupby("server")
            if mine["relayed"].any()
            for moment in _moments(mine.reset_index(drop=True), str(server), evidence)
        ]
    )


def _answers(evidence: Evidence) -> pd.DataFrame:
    """What strangers who asked us to relay were told: `time, server, accepted, relayed`, place; and
    `its_own`: whether they ever relayed. Of the messages that were relayed between the first and
    the last one, nothing is asked.

    A client that relayed later and had a recipient accepted without a message found the same door
    open, a moment earlier.
    """
    rows = evidence.deliveries
    asked = ["received", "server", *(f"orig_{name}" for name in PLACE)]
    mine = rows["mechanism"].eq("open_relay").to_numpy()
    once = heads(rows["origin_life"].to_numpy(np.int64), mine)
    taken = those(rows[asked], _at_an_end(rows, once)).set_axis(["time", "server", *PLACE], axis=1)
    taken = taken.assign(accepted=True, relayed=True, its_own=True)
    tried = probes(evidence.attempts)
    refused = tried["kind"].eq("relay_denied")
    came_through = tried["client_ip"].isin(numbered(rows["client_ip"], once)[1])
    tried = tried.assign(accepted=~refused, relayed=False, its_own=came_through)
    tried = tried[refused | came_through]
    parts = [part for part in (taken, tried[taken.columns]) if len(part)] or [taken]
    known = pd.concat(parts).dropna(subset=["time"])  # an answer without a time tells no moment
    return known.sort_values(["time", "source", "line"], kind="stable")


def _at_an_end(rows: pd.DataFrame, which: Flags) -> Flags:
    """Those of the first and of the last moment of their server, among some rows."""
    server, servers = numbered(rows["server"], which)
    time = rows["received"].to_numpy("datetime64[us]")
    first, last = (np.append(times, NEVER) for times in span(server, time, len(servers)))
    found: Flags = (first[server] == time) | (last[server] == time)
    return found


def _moments(mine: pd.DataFrame, server: str, evidence: Evidence) -> list[dict[str, Any]]:
    """When the door opened and when it closed, from the answers of one server in order of time.

    Of a door that was not open to everybody, refusals of its own users alone tell.
    """
    accepted, refused = mine[mine["accepted"]], mine[~mine["accepted"]]
    first, last = accepted.index[0], accepted.index[-1]
    changes = evidence.server_events
    changes = changes[changes["server"].eq(server) & changes["action"].isin(CHANGES.keys())]
    between = len(refused[(refused.index > first) & (refused.index < last)])
    tells, of = (refused[refused["its_own"]], " of its own users") if between else (refused, "")
    before, after = tells[tells.index < first].tail(1), tells[tells.index > last].head(1)
    opened = _moment(before, accepted.head(1), changes, "opened", of)
    closed = _moment(accepted.tail(1), after, changes, "closed", of)
    if between:
        opened["reason"] += (
            f" Meanwhile {count(between, 'other request')} refused: it was not open to everybody."
        )
    if opened["first_seen"] is None:
        opened["first_seen"] = evidence.begins
    verdict = "probable" if evidence.site_known else "possible"
    context = {"kind": "context", "verdict": verdict, "subject_kind": "server", "keys": [DOOR_KEY]}
    return [{**context, **moment} for moment in (opened, closed)]


def _moment(
    earlier: pd.DataFrame, later: pd.DataFrame, changes: pd.DataFrame, what: str, of: str
) -> dict[str, Any]:
    """The span between two contrary answers, or the one change of configuration in it; *of*: whose
    answers tell.
    """
    if earlier.empty:  # the log begins with an open door
        end = later["time"].iloc[0]
        before = f"no refusal{of} before the first relayed message ({_say(end)})"
        return {
            "first_seen": None,
            "last_seen": end,
            "reason": f"the log shows {before}: when the door opened is not shown.",
            "evidence": places(later),
        }
    start = earlier["time"].iloc[0]
    if later.empty:
        after = f"no refusal{of} after the last relayed message ({_say(start)})"
        return {
            "first_seen": start,
            "last_seen": start,
            "reason": f"the log shows {after}: it does not show that the door is shut.",
            "evidence": places(earlier),
        }
    end = later["time"].iloc[0]
    known = changes[changes["time"].between(start, end)]
    reason = f"the door {what} between {_say(start)} and {_say(end)}"
    if known["time"].nunique() == 1:
        start = end = known["time"].iloc[0]
        reason += f"; {CHANGES[known['action'].iloc[-1]]} at {_say(start)}, the only change then."
    elif len(known):
        reason += f"; the configuration changed {count(known['time'].nunique(), 'time')} then."
    else:
        reason += "."
    proof = pd.concat([part[PLACE] for part in (earlier, known, later) if len(part)])
    return {"first_seen": start, "last_seen": end, "reason": reason, "evidence": places(proof)}


def _say(time: pd.Timestamp) -> str:
    return f"{stamp(time)} UTC"


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
