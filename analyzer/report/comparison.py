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
from analyzer.display import display
from analyzer.schema import NOT_DELIVERIES
from analyzer.window import Window

ENOUGH = 24  # clean hours with mail; a day and a night
HOUR = pd.Timedelta(hours=1)
COLUMNS = [
    *("received", "completed", "origin_life", "client_ip", "auth_user", "status"),
    *("mechanism", "verdict"),
]
OVER, LIKELY, NOT_OVER, NOT_SHOWN = "over", "likely_over", "not_over", "not_shown"
TRIED = {"open_relay": ("relay_denied",), "stolen_account": ("auth_failed", "relay_denied")}


@dataclass(frozen=True)
class _Side:
    """One case: when it was read, and one row a message with its gravest verdict."""

    case: Case
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    messages: pd.DataFrame  # hour, verdict, mechanism, client_ip, auth_user, deferred

    @property
    def abusive(self) -> pd.DataFrame:
        return self.messages[self.messages["verdict"].eq("abusive")]


def compare(before: Case, after: Case) -> dict[str, Any]:
    """The two cases side by side.

    Returns:
        `verdict` (`over`, `likely_over`, `not_over`, `not_shown`) and `reason`; `before` and
        `after`: `first, last, hours_with_mail, abusive_hours, clean_hours, abusive, notices`
        (backscatter of another door, whose mail was taken earlier), `unclear, last_abuse`;
        `refused`: `attempts, addresses, known` (addresses of the incident that tried again),
        `last`; `same`: hours of the week in which the abuse ran, `slots, seen, abusive`, and own
        mail an hour in them, `own_before, own_after`; `deferred`: share of own messages that wait;
        `blocklists`: provider → last refusal; `doubts`.
    """
    zone = after.manifest.get("site", {}).get("timezone") or "UTC"
    old, new = _side(before), _side(after)
    if not old.abusive["mechanism"].eq("backscatter").all():
        old, new = _without_notices(old), _without_notices(new)
    told = {
        "before": _told(old),
        "after": _told(new),
        "refused": _refused(old, new),
        "same": _same_hours(old, new, zone),
        "deferred": {"before": _waiting(old), "after": _waiting(new)},
        "blocklists": {"before": _lists(before), "after": _lists(after)},
        "doubts": _doubts(old, new),
    }
    verdict, reason = _verdict(told)
    if verdict in (OVER, LIKELY) and (why := _unfit(old, new, _told(old)["last_abuse"])):
        verdict, reason = NOT_SHOWN, why
    return {"verdict": verdict, "reason": reason, **told}


def _side(case: Case) -> _Side:
    rows = case.deliveries.select(COLUMNS).to_pandas()
    rows["time"] = rows["received"].fillna(rows["completed"])
    rows = rows[rows["time"].notna()]
    rows["grave"] = rows["verdict"].map({"abusive": 0, "unclear": 1, "legitimate": 2})
    rows["deferred"] = rows["status"].isin(["deferred", "expired"])
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)]
    waits = counted.groupby("origin_life")["deferred"].any()
    once = rows.sort_values("grave", kind="stable").drop_duplicates("origin_life")
    once = once.assign(
        hour=once["time"].dt.floor("h"),
        deferred=once["origin_life"].map(waits).fillna(False).astype(bool),
    )
    inputs = [entry for entry in case.manifest.get("inputs", []) if not entry.get("duplicate_of")]
    times = [pd.Timestamp(e[key]) for e in inputs for key in ("first", "last") if e.get(key)]
    asked = case.manifest.get("options", {})
    window = Window(asked.get("since"), asked.get("until"))
    since, until = window.bounds(case.manifest.get("site", {}).get("timezone") or "UTC")
    first = max([min(times, default=None), since], key=_or_earliest)
    last = min([max(times, default=None), until], key=_or_latest)
    return _Side(case, first, last, once)


def _or_earliest(time: pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.min.tz_localize("UTC") if time is None else time


def _or_latest(time: pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.max.tz_localize("UTC") if time is None else time


def _without_notices(side: _Side) -> _Side:
    """Notices about mail of another door go on while the queue drains: they open none."""
    notice = side.messages["mechanism"].eq("backscatter") & side.messages["verdict"].eq("abusive")
    verdict = side.messages["verdict"].mask(notice, "notice")
    return replace(side, messages=side.messages.assign(verdict=verdict))


def _told(side: _Side) -> dict[str, Any]:
    abusive = side.abusive
    hours = set(side.messages["hour"])
    bad = set(side.messages.loc[side.messages["verdict"].isin(["abusive", "unclear"]), "hour"])
    return {
        "first": words.iso(side.first),
        "last": words.iso(side.last),
        "messages": len(side.messages),
        "hours_with_mail": len(hours),
        "abusive_hours": int(abusive["hour"].nunique()),
        "clean_hours": len(hours - bad),
        "abusive": len(abusive),
        "notices": int(side.messages["verdict"].eq("notice").sum()),
        "unclear": int(side.messages["verdict"].eq("unclear").sum()),
        "last_abuse": words.iso(abusive["time"].max()) if len(abusive) else None,
    }


def _refused(old: _Side, new: _Side) -> dict[str, Any]:
    """Who tried the same door again, and was refused."""
    doors = set(old.abusive["mechanism"].dropna())
    kinds = {kind for door in doors for kind in TRIED.get(door, ())} or {"relay_denied"}
    rows = new.case.attempts.select(["time", "client_ip", "kind", "repeat"]).to_pandas()
    rows = rows[rows["kind"].isin(kinds)]
    sources = set(old.abusive["client_ip"].dropna())
    addresses = set(rows["client_ip"].dropna())
    return {
        "kinds": sorted(kinds),
        "attempts": int(rows["repeat"].sum()),
        "addresses": len(addresses),
        "known": len(addresses & sources),
        "last": words.iso(rows["time"].max()) if len(rows) else None,
    }


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
    if old.last is not None and new.first is not None and new.first < old.last:
        found.append("the two cases overlap in time: hours in both count in both")
    sites = [
        {key: value for key, value in side.case.manifest.get("site", {}).items() if key != "path"}
        for side in (old, new)
    ]
    if sites[0] != sites[1]:
        found.append("the two cases were judged by different settings of who is local")
    if new.case.manifest.get("site", {}).get("origin") == "inferred":
        found.append("who is local was inferred afterwards, so abuse may be called unclear")
    servers = [set(side.case.deliveries["server"].to_pylist()) for side in (old, new)]
    if missing := sorted(servers[0] - servers[1]):
        found.append(f"no mail of {words.listing(missing)} is in the second case")
    if "log_gap" in new.case.findings["detector"].to_pylist():
        found.append("lines are missing from the second case")
    return found


def _unfit(old: _Side, new: _Side, last_abuse: str | None) -> str:
    """Why the second case cannot show that the abuse of the first ended; empty where it can."""
    if last_abuse is None:
        return "the first case has no abuse to compare with"
    if new.last is None or new.last <= pd.Timestamp(last_abuse):
        return "the second case ends before the last abuse of the first"
    servers = [set(side.case.deliveries["server"].to_pylist()) for side in (old, new)]
    return "no server of the first case is in the second" if not servers[0] & servers[1] else ""


def _verdict(told: dict[str, Any]) -> tuple[str, str]:
    after, refused = told["after"], told["refused"]
    if after["abusive"]:
        mail = words.count(after["abusive"], "abusive message")
        return NOT_OVER, f"{mail} in the second case, the last at {after['last_abuse']}"
    if after["unclear"]:
        mail = words.count(after["unclear"], "message")
        return NOT_SHOWN, f"{mail} of the second case may or may not be abuse"
    clean = words.count(after["clean_hours"], "clean hour")
    if after["clean_hours"] < ENOUGH:
        return NOT_SHOWN, f"only {clean} with mail; {ENOUGH} are the least that shows anything"
    tries = words.count(refused["attempts"], "attempt")
    if refused["attempts"]:
        return OVER, f"{clean} with mail, and {tries} at the same door refused in them"
    return LIKELY, f"{clean} with mail, but nobody was seen to try the door again"


TITLES = {
    OVER: "It is over",
    LIKELY: "It is likely over",
    NOT_OVER: "It is not over",
    NOT_SHOWN: "It is not shown that it is over",
}


def as_text(told: dict[str, Any]) -> list[str]:
    """At most 80 columns; strangers' words are safe to print."""
    old, new, same, refused = (told[key] for key in ("before", "after", "same", "refused"))
    lines = [*words.wrapped(f"{TITLES[told['verdict']]}: {told['reason']}."), ""]
    lines.append(f"{'':32}{'before':>22}  {'after':>22}")
    lines += [
        _line(title, old[key], new[key])
        for title, key in (
            ("log begins (UTC)", "first"),
            ("log ends (UTC)", "last"),
            ("messages", "messages"),
            ("abusive", "abusive"),
            ("notices about it", "notices"),
            ("unclear", "unclear"),
            ("hours with mail", "hours_with_mail"),
            ("of them with abuse", "abusive_hours"),
            ("of them clean", "clean_hours"),
            ("last abusive message", "last_abuse"),
        )
    ]
    lines.append(_line("own mail that waits", *map(_percent, told["deferred"].values())))
    lines.append(_line("own mail an hour, same hours", same["own_before"], same["own_after"]))
    lines += ["", *words.wrapped(_refusals(refused)), *words.wrapped(_slots(same))]
    for provider in dict.fromkeys([*told["blocklists"]["before"], *told["blocklists"]["after"]]):
        last = told["blocklists"]["after"].get(provider)
        said = f"still refused us at {last}" if last else "refused nothing in the second case"
        lines += words.wrapped(display(f"{provider} {said}.", 120))
    lines += [
        line for doubt in told["doubts"] for line in words.wrapped(f"Beware: {display(doubt)}.")
    ]
    return lines


def _line(title: str, before: Any, after: Any) -> str:
    said = [
        words.NONE if v is None else f"{v:,}" if isinstance(v, int) else str(v)
        for v in (before, after)
    ]
    return f"{title:32}{said[0]:>22}  {said[1]:>22}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


def _refusals(refused: dict[str, Any]) -> str:
    if not refused["attempts"]:
        return "Nobody was refused at that door in the second case."
    tries = words.capital(words.count(refused["attempts"], "attempt"))
    by = words.count(refused["addresses"], "address")
    return (
        f"{tries} refused in the second case, from {by}, {refused['known']} of them sources of "
        f"the incident; the last at {refused['last']}."
    )


def _slots(same: dict[str, Any]) -> str:
    if not same["slots"]:
        return "The first case has no abuse to compare with."
    return (
        f"The abuse ran in {words.count(same['slots'], 'hour')} of the week. The second case has "
        f"mail in {same['seen']} of them, and abuse in {same['abusive']}."
    )
