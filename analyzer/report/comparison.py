"""Is it over? What a case of the time after the fix proves against the case of the incident.

Silence proves nothing: only hours in which the server carried mail count as clean. The best proof
is a stranger who tried again and was refused. Like is compared with like: the same weekday and
hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.report.end_shown import end_shown
from analyzer.report.facts import asked_about
from analyzer.report.tried_again import tried_again
from analyzer.schema import NOT_DELIVERIES

HOUR = pd.Timedelta(hours=1)
COLUMNS = """
    server origin_queue_id received completed origin_life client_ip auth_user status mechanism
    verdict
""".split()
ATTEMPTS = ["server", "time", "client_ip", "auth_user", "kind", "repeat"]


@dataclass(frozen=True)
class _Side:
    """One case: when it was read, and one row a message with its gravest verdict.

    `messages`: `server, entered, time, hour, verdict, mechanism, client_ip, auth_user, deferred`.
    """

    case: Case
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    messages: pd.DataFrame
    untimed: int  # messages that are or may be abuse, and have no time in the log
    attempts: pd.DataFrame  # server, time, client_ip, auth_user, kind, repeat

    @property
    def abusive(self) -> pd.DataFrame:
        return self.messages[self.messages["verdict"].eq("abusive")]

    @property
    def abused(self) -> list[str]:
        """The servers through which abuse came."""
        return sorted(set(self.abusive["server"].dropna()))

    def after(self, time: pd.Timestamp | None) -> _Side:
        """What came later; all of it where there is no time."""
        if time is None:
            return self
        attempts = self.attempts[self.attempts["time"].gt(time)]
        return replace(
            self, messages=self.messages[self.messages["time"].gt(time)], attempts=attempts
        )


def compare(before: Case, after: Case) -> dict[str, Any]:
    """The two cases side by side.

    Returns:
        `verdict` (`over`, `likely_over`, `not_over`, `not_shown`) and `reason`; `before` and
        `after` (later than the last abuse of the first case): `first, last, messages,
        hours_with_mail, abusive_hours, clean_hours` (of the abused server that has the fewest),
        `abusive, notices` (backscatter of another door, whose mail was taken earlier), `untimed`
        (may be abuse, has no time), `unclear, last_abuse`; `refused`: as `tried_again` tells;
        `same`: hours of the week in which the abuse ran, `slots, seen, abusive`, and own mail an
        hour in them, `own_before, own_after`;
        `deferred`: share of own messages that wait; `blocklists`: provider → last refusal;
        `doubts`.
    """
    zone = after.site.get("timezone") or "UTC"
    old, new = _side(before), _side(after)
    if not old.abusive["mechanism"].eq("backscatter").all():
        old, new = _without_notices(old), _without_notices(new)
    ended = old.abusive["time"].max() if len(old.abusive) else None
    whole, new = new, new.after(ended)
    told = {
        "before": _told(old, old.abused),
        "after": _told(new, old.abused),
        "refused": tried_again(old.abusive, old.attempts, new.attempts),
        "same": _same_hours(old, new, zone),
        "deferred": {"before": _waiting(old), "after": _waiting(new)},
        "blocklists": {"before": _lists(before), "after": _lists(after)},
        "doubts": _doubts(old, whole),
    }
    verdict, reason = end_shown(told, before, after, old.abused)
    return {"verdict": verdict, "reason": reason, **told}


def _side(case: Case) -> _Side:
    rows = case.deliveries.select(COLUMNS).to_pandas()
    rows["time"] = rows["received"].fillna(rows["completed"])
    untimed = rows[rows["time"].isna() & rows["verdict"].isin(["abusive", "unclear"])]
    rows = rows[rows["time"].notna()]
    rows["grave"] = rows["verdict"].map({"abusive": 0, "unclear": 1, "legitimate": 2})
    rows["deferred"] = rows["status"].isin(["deferred", "expired"])
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)]
    waits = counted.groupby("origin_life")["deferred"].any()
    once = rows.sort_values("grave", kind="stable").drop_duplicates("origin_life")
    once = once.assign(
        hour=once["time"].dt.floor("h"),
        entered=_entered(once, case),
        deferred=once["origin_life"].map(waits).fillna(False).astype(bool),
    )
    first, last = asked_about(case)
    attempts = case.attempts.select(ATTEMPTS)
    number = int(untimed["origin_life"].nunique())
    return _Side(case, first, last, once, number, attempts.to_pandas())


def _entered(rows: pd.DataFrame, case: Case) -> pd.Series[Any]:
    """The server whose door a message came through; rows name the one that delivered it."""
    id_, time = "queue_id", "received"
    first = case.messages.select(["server", id_, time]).to_pandas()
    first = first.drop_duplicates([id_, time], keep=False).set_index([id_, time])["server"]
    key = pd.MultiIndex.from_frame(rows[["origin_queue_id", time]], names=[id_, time])
    entered: pd.Series[Any] = first.reindex(key).set_axis(rows.index)
    return entered.fillna(rows["server"])


def _without_notices(side: _Side) -> _Side:
    """Notices about mail of another door go on while the queue drains: they open none."""
    notice = side.messages["mechanism"].eq("backscatter") & side.messages["verdict"].eq("abusive")
    verdict = side.messages["verdict"].mask(notice, "notice")
    return replace(side, messages=side.messages.assign(verdict=verdict))


def _told(side: _Side, servers: list[str]) -> dict[str, Any]:
    abusive = side.abusive
    clean = [_clean(side.messages[side.messages["server"].eq(name)]) for name in servers]
    hours = set(side.messages["hour"])
    return {
        "first": words.iso(side.first),
        "last": words.iso(side.last),
        "messages": len(side.messages),
        "hours_with_mail": len(hours),
        "abusive_hours": int(abusive["hour"].nunique()),
        "clean_hours": min(clean, default=_clean(side.messages)),
        "abusive": len(abusive),
        "notices": int(side.messages["verdict"].eq("notice").sum()),
        "untimed": side.untimed,
        "unclear": int(side.messages["verdict"].eq("unclear").sum()),
        "last_abuse": words.iso(abusive["time"].max()) if len(abusive) else None,
    }


def _clean(messages: pd.DataFrame) -> int:
    """Hours with mail in which nothing is or may be abuse."""
    bad = messages.loc[messages["verdict"].isin(["abusive", "unclear"]), "hour"]
    return len(set(messages["hour"]) - set(bad))


def _same_hours(old: _Side, new: _Side, zone: str) -> dict[str, Any]:
    """The hours of the week in which the abuse ran, in both cases."""

    def slot(hours: pd.Series[Any]) -> pd.Series[Any]:
        local = pd.DatetimeIndex(hours).tz_convert(zone)
        return pd.Series(local.day_of_week * 24 + local.hour, hours.index)

    def own_an_hour(side: _Side, slots: set[int]) -> float | None:
        own = side.messages[side.messages["verdict"].eq("legitimate")]
        own = own[slot(own["hour"]).isin(slots)]
        mine = side.messages[slot(side.messages["hour"]).isin(slots)]
        hours = mine["hour"].nunique()
        return round(len(own) / hours, 1) if hours else None

    slots = set(slot(old.abusive["hour"]))
    seen = set(slot(new.messages["hour"])) & slots
    return {
        "slots": len(slots),
        "seen": len(seen),
        "abusive": len(set(slot(new.abusive["hour"])) & slots),
        "own_before": own_an_hour(old, seen),
        "own_after": own_an_hour(new, seen),
    }


def _waiting(side: _Side) -> float | None:
    own = side.messages[side.messages["verdict"].eq("legitimate")]
    return round(float(own["deferred"].mean()), 4) if len(own) else None


def _lists(case: Case) -> dict[str, str]:
    """Provider → its last refusal."""
    return {entry["provider"]: entry["last"] for entry in case.impact.get("blocklists", [])}


def _doubts(old: _Side, new: _Side) -> list[str]:
    found = []
    ends = [_or_latest(side.last) for side in (old, new)]
    if max(_or_earliest(side.first) for side in (old, new)) < min(ends):
        found.append("the two cases overlap in time: only what came later than the abuse counts")
    if old.last is not None and new.first is not None and new.first - old.last > HOUR:
        gap = f"{words.moment(old.last)} and {words.moment(new.first)}"
        found.append(f"no log between {gap} was given")
    sites = [
        {key: value for key, value in side.case.site.items() if key != "path"}
        for side in (old, new)
    ]
    if sites[0] != sites[1]:
        found.append("the two cases were judged by different settings of who is local")
    if new.case.site.get("origin") == "inferred":
        found.append("who is local was inferred afterwards, so abuse may be called unclear")
    servers = [set(side.case.deliveries["server"].to_pylist()) for side in (old, new)]
    if missing := sorted(servers[0] - servers[1]):
        found.append(f"no mail of {words.listing(missing)} is in the second case")
    if "log_gap" in new.case.findings["detector"].to_pylist():
        found.append("lines are missing from the second case")
    return found


def _or_earliest(time: pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.min.tz_localize("UTC") if time is None else time


def _or_latest(time: pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.max.tz_localize("UTC") if time is None else time
