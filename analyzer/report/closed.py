"""Is it over, is the door closed, and what proves it? Only what the log or a relay test shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report.ending import QUIET_ENOUGH
from analyzer.report.facts import Facts

OF_RELAY = {"open_relay"}
# What a relay test says of the door; what is not here leaves the question open.
FOUND_OPEN = "open_confirmed"
NOT_SHUT = ("accepts_everything", "takes_strangers_mail", "doubtful")  # accepted, and then unknown


@dataclass(frozen=True)
class Closing:
    """`ended`: no abuse in the last hour of the log or more. `closed`: something proves it.

    `open_again`: a relay test after the end found the door open. `proofs`: sentences with places.
    `draining`: what was queued went out in the last hour of the log; `waiting`: how many wait.
    """

    ended: bool
    closed: bool
    open_again: bool
    end: pd.Timestamp | None
    clean: pd.Timedelta | None  # from the last abusive message to the end of the log
    messages_since: int | None
    draining: bool
    waiting: str
    proofs: list[str] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """The answer in a few words, for page 1."""
        if self.open_again:
            return "No: a relay test found the door open"
        if not self.ended:
            return "Not shown: it was going on when the log ends"
        if self.draining:
            return "No: no new mail of it came, but what was queued still went out at the end"
        if self.waiting:
            though = ", though the door is shown shut" if self.closed else ""
            return f"Not yet: {self.waiting}{though}"
        return (
            "Yes, and the door is shown shut"
            if self.closed
            else "Quiet; that it is shut is not shown"
        )


def closing(case: Case, facts: Facts) -> Closing:
    """What the case shows of the end."""
    last, ends = facts.total.last, facts.log_last
    quiet = None if last is None or ends is None else ends - last
    test = _test(case, facts)
    again = _refused_again(case, facts)
    proofs = [*_refusals(facts, again), *_door(facts), *([test[1]] if test else [])]
    proofs += _others(facts) if proofs else []
    proofs += _logins(facts)
    refused = bool(again) and _at_every_server(case)
    only_relay = not set(facts.causes) - OF_RELAY
    tested_shut = test is not None and test[0] == "closed"
    open_again = test is not None and test[0] == FOUND_OPEN
    doubted = test is not None and test[0] in NOT_SHUT
    until = facts.course.sent_until
    ended = quiet is not None and quiet >= QUIET_ENOUGH
    return Closing(
        ended=ended,
        closed=ended and only_relay and (refused or tested_shut) and not open_again and not doubted,
        open_again=open_again,
        end=last,
        clean=quiet,
        messages_since=(case.impact.get("clean") or {}).get("messages_since"),
        draining=until is not None and ends is not None and ends - until < QUIET_ENOUGH,
        waiting=facts.waiting.told,
        proofs=proofs,
    )


def _refused_again(case: Case, facts: Facts) -> list[str]:
    """Addresses that had relayed, and were refused after the last relayed message.

    A door need not be open to everybody: that others are refused shows nothing of theirs.
    """
    relay = facts.doors.get("open_relay")
    if relay is None or relay.last is None:
        return []
    denied = pc.equal(case.attempts["kind"], "relay_denied")
    rows = case.attempts.select(["time", "client_ip"]).filter(denied).to_pandas()
    after = set(rows.loc[rows["time"] > relay.last, "client_ip"].dropna())
    return [address for address in relay.addresses if address in after]


def _at_every_server(case: Case) -> bool:
    """Was an address that had relayed by it refused afterwards at every open relay?"""
    relayed = case.deliveries.select(["server", "client_ip", "received", "mechanism"])
    mine = pc.fill_null(pc.equal(relayed["mechanism"], "open_relay"), False)
    rows = relayed.filter(mine).to_pandas()
    last = rows.groupby("server")["received"].max()
    denied = pc.equal(case.attempts["kind"], "relay_denied")
    tried = case.attempts.select(["server", "time", "client_ip"]).filter(denied).to_pandas()
    had_relayed = pd.MultiIndex.from_frame(rows[["server", "client_ip"]]).unique()
    known = pd.MultiIndex.from_frame(tried[["server", "client_ip"]]).isin(had_relayed)
    shut = tried[known & tried["time"].gt(tried["server"].map(last))]
    return set(last.index) <= set(shut["server"])


def _refusals(facts: Facts, again: list[str]) -> list[str]:
    if facts.denied_after is None or "open_relay" not in facts.doors:
        return []
    attempts, first = facts.denied_after
    were = words.form(attempts, "was", "were")
    tried = words.count(attempts, "attempt")
    when = f"the first on {words.moment(first)}"
    told = f"{tried} to relay {were} refused after the last relayed message, {when}"
    if not again:
        return [
            f"{told}; none from an address that had relayed, so its own door may be open still."
        ]
    names = words.listing([display(address, 45) for address in again])
    return [f"{told}; among them from {names}, which had relayed before."]


def _door(facts: Facts) -> list[str]:
    """The detector's word on when the door closed, with its first places."""
    seen = facts.findings[facts.findings["detector"] == "door"]
    found = []
    for reason, evidence in zip(seen["reason"], seen["evidence"], strict=True):
        if "the door closed" in str(reason):
            at = ", ".join(
                f"{display(str(p['source']), 80)}:{p['line']}" for p in list(evidence)[:3]
            )
            told = words.capital(display(str(reason), 400)).rstrip(".")
            found.append(f"{told} ({at})." if at else f"{told}.")
    return found


def _others(facts: Facts) -> list[str]:
    """Of which doors nothing of this tells: a refused relay attempt shuts no stolen login."""
    others = [facts.door(name).name.lower() for name in facts.causes if name not in OF_RELAY]
    if not others:
        return []
    return [f"That tells of the relay alone, not whether the rest is shut: {', '.join(others)}."]


def _logins(facts: Facts) -> list[str]:
    """What speaks for a new password, though it proves none."""
    if facts.course.failed_logins is None:
        return []
    logins, first = facts.course.failed_logins
    tried = words.count(logins, "login")
    when = f"the first on {words.moment(first)}"
    told = f"{tried} with its accounts or from its addresses failed after the last abusive message"
    return [f"{told}, {when}."]


def _test(case: Case, facts: Facts) -> tuple[str, str] | None:
    """Answer and sentence of a relay test made after the last abusive message."""
    test, last = case.relay_test, facts.total.last
    if not test or not test.get("started"):
        return None
    started = pd.Timestamp(test["started"])
    if last is not None and started < last:
        return None
    said = display(str(test.get("sentence") or ""), 400)
    answer = str(test.get("answer") or "")
    if answer == "closed" and not test.get("shown_closed", True):
        answer = ""  # not asked as a stranger, or not answered at every door
    host = display(str(test.get("host") or "a host"), 60)
    when = words.moment(started)
    if _is_ours(test, case, facts):
        return answer, f"Relay test of {host}, on {when}: {said}"
    # Whoever tests another machine shows nothing of this one.
    doubt = "which neither the log nor `servers` in site.toml names as this server"
    shown = "" if answer == "closed" else answer
    return shown, f"Relay test of {host}, {doubt}, on {when}: {said}"


def _is_ours(test: dict[str, Any], case: Case, facts: Facts) -> bool:
    """Is the host that was asked one of the log, by name or address? A log may name it in short."""
    told = [test.get("host"), test.get("named"), *(test.get("addresses") or [])]
    ours = [*facts.servers, *(case.site.get("servers") or [])]
    asked, known = ({str(name).lower().rstrip(".") for name in of if name} for of in (told, ours))
    return any(
        one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
        for one in asked
        for other in known
        if one == other or "." not in one or "." not in other
    )
