"""Whose legitimate mail was refused or late, and who of our users got notices about abuse?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.impact.blocklists import entries
from analyzer.impact.notices import notices
from analyzer.rows import Flags, Int32, among, picked, saying, slices, those
from analyzer.schema import HARM, HARM_KINDS, NOT_DELIVERIES, WAITING, fit

FEW = 20  # earlier mails to a partner, below which all earlier mail is the baseline
FELT = 300.0  # seconds later than usual that a person notices
USUAL = 0.95
HOUR = 3600.0
# What a mailbox elsewhere says of itself: the mail waits for it, not for our standing.
FULL = (
    r"(?i)\b[45]\.2\.2\b|over ?quota|exceed\w{0,4} (?:\w+ ){0,2}quota|quota exceeded|"
    r"(?:mailbox|inbox) (?:is |size )?(?:full|limit)|out of storage|not enough (?:storage|space)"
)
PLACE = ["source", "line", "offset"]
# A host elsewhere at which nobody answered: it is down, or drops what comes from us.
UNREACHED = r"(?i)connection (?:timed out|refused)|no route to host|network is unreachable"
READ = """
    server queue_id life received completed origin_sender original_recipient recipient
    recipient_logged status reply mechanism source line offset
""".split()


def harmed(
    rows: pd.DataFrame,
    tried: pd.DataFrame,
    refused: pd.DataFrame,
    onset: pd.Timestamp | None,
    ends: pd.Timestamp | None,
) -> tuple[pa.Table, dict[str, Any]]:
    """HARM, and the counts that it does not show.

    Args:
        rows: DELIVERIES rows with `life`, `recipient_side`, `cause_life`.
        tried: Every delivery attempt: `reply`, place.
        refused: From `blocklists.refusals`.
        onset: When the abuse began; without it nothing is late because of it.
        ends: End of the log.

    Returns:
        The table, and `late` (low, mid, high; None where the log has no usual mail to compare
        with), `late_compared` (earlier mails it is compared with), `doubtful` (refused mail that is
        neither legitimate nor abuse for sure, by the kind that it would be), `refused_at` (when own
        mail was refused, whatever became of it).
    """
    mine = ours(rows)
    unsure = mine & rows["verdict"].eq("unclear") & rows["mechanism"].isna()
    own = mine & rows["verdict"].eq("legitimate")
    refused = _because(refused, onset)
    kept_back, late = _kept_back(rows, refused), {"late": (0, 0, 0), "late_compared": 0}
    held_up = _held_up(those(rows[READ], own & kept_back), tried, refused, ends)
    delayed = rows[READ].iloc[:0]
    if onset is not None and ends is not None:
        our_doing = own & ~kept_back & ~_told(FULL, rows, own, tried)
        unsure_why = _told(UNREACHED, rows, our_doing, tried)
        delayed, late = _delayed(rows, our_doing, unsure_why, onset, ends)
    parts = [
        held_up.assign(user=_user(held_up), partner=_domain(held_up["recipient"])),
        delayed.assign(kind="delayed", user=_user(delayed), partner=_domain(delayed["recipient"])),
        notices(rows, READ),
    ]
    if onset is None:  # listed without abuse: whom it hurt is in the log all the same
        parts = parts[:1]
    parts = [part for part in parts if len(part)]
    doubtful = _kinds(rows["status"][unsure & kept_back]).value_counts().to_dict()
    of_ours = np.append(own, False)[refused["delivery"]]  # of no delivery: the last one
    counts = {**late, "doubtful": doubtful, "refused_at": refused["time"][of_ours]}
    if not parts:
        return HARM.empty_table(), counts
    columns = [name for name in HARM.names if any(name in part for part in parts)]
    table = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
    table = table.sort_values(["kind", "time", "source", "line", "recipient"], kind="stable")
    return fit(pa.Table.from_pandas(table, preserve_index=False), HARM), counts


def ours(rows: pd.DataFrame) -> pd.Series[bool]:
    """Mail of our people to the outside, forwarded mail too; no notices and no autoreplies."""
    goes_out = rows["recipient_side"].eq("outside") & ~rows["status"].isin(NOT_DELIVERIES)
    written = rows["sender"].notna() & rows["sender"].ne("") & rows["submission"].ne("internal")
    by_us = rows["flow"].isin(["outbound", "unknown"]) | rows["mechanism"].eq("forwarding")
    return goes_out & written & by_us


def _because(refused: pd.DataFrame, onset: pd.Timestamp | None) -> pd.DataFrame:
    """Refusals that can follow from the abuse. A reverse name that did not satisfy a receiver
    before has nothing to do with it.
    """
    of_names = np.array([entry["kind"] == "name" for entry in entries()])
    names = pd.Series(of_names[refused["entry"]], refused.index)
    if onset is None:
        return refused[~names]
    early = refused["time"].lt(onset)
    always = refused["entry"].isin(refused.loc[early, "entry"])
    return refused[~early & ~(names.astype(bool) & always)]


def _user(rows: pd.DataFrame) -> pd.Series[Any]:
    forwarded = rows["mechanism"].eq("forwarding")
    return rows["original_recipient"].where(forwarded, rows["origin_sender"])


def _domain(addresses: pd.Series[Any]) -> pd.Series[Any]:
    text = pc.utf8_lower(pa.array(addresses.astype("str"), pa.string()))
    found = pc.struct_field(pc.extract_regex(text, "@(?P<domain>[^@]*)$"), "domain")
    domains: pd.Series[str] = found.to_pandas()
    return domains.set_axis(addresses.index)


def _kept_back(rows: pd.DataFrame, refused: pd.DataFrame) -> pd.Series[bool]:
    """Refused for reputation at least once, and not delivered until the log ends."""
    found = np.zeros(len(rows) + 1, np.bool_)
    found[refused["delivery"]] = True  # of no delivery: the last one
    return rows["status"].ne("delivered") & found[:-1]


def _held_up(
    mail: pd.DataFrame, tried: pd.DataFrame, refused: pd.DataFrame, ends: pd.Timestamp | None
) -> pd.DataFrame:
    """What was lost and what still waits, with the first refusal of each."""
    first = refused.drop_duplicates("delivery").set_index("delivery").loc[mail.index]
    names = np.array([entry["provider"] for entry in entries()], object)
    told = picked(tried[["reply", *PLACE]], first["attempt"].to_numpy()).set_axis(mail.index)
    told = told.assign(time=first["time"], provider=names[first["entry"]])
    told = told.assign(kind=_kinds(mail["status"]))
    if ends is not None:
        waited = (ends - mail["received"]).dt.total_seconds()
        told["delay"] = waited.where(told["kind"].eq("waiting"))
    return mail.drop(columns=["reply", *PLACE]).join(told)


def _kinds(statuses: pd.Series[str]) -> pd.Series[str]:
    """What mail that was refused and not delivered is called: only what ended is lost."""
    waits = statuses.isin(WAITING)
    return pd.Series(np.where(waits, "waiting", "blocked"), statuses.index, dtype="str")


def _delayed(
    rows: pd.DataFrame,
    own: pd.Series[bool],
    unsure: Flags,
    onset: pd.Timestamp,
    ends: pd.Timestamp,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Later than 95 % of the mail to the same partner before the abuse, by five minutes or more.

    It was delivered, or still waits: what came back did not come late. Some mail is late on every
    day. Its share before the abuse is taken off the middle count; the low count holds only what was
    later than anything before. What is *unsure* to follow from the abuse counts in the high one.
    """
    own = own & rows["received"].notna() & rows["status"].isin(["delivered", *WAITING])
    received, delivered = rows["received"][own], rows["status"].eq("delivered")[own]
    done = rows["completed"][own].where(delivered, ends)
    done = done.astype(received.dtype)  # without any fate the column holds objects
    early = received.lt(onset)
    until = done.mask(early & done.gt(onset), onset)
    delay = (until - received).dt.total_seconds().clip(lower=0)
    mail = pd.DataFrame({"partner": _partners(rows["recipient"], own), "delay": delay})
    mail["sure"] = ~unsure[own]
    before, during = mail[early], mail[~early]
    if len(before) < FEW:
        return rows[READ].iloc[:0], {"late": None, "late_compared": len(before)}
    by_partner = before[before["partner"].ge(0)].groupby("partner")["delay"]
    known = by_partner.agg(["count", "max"]).assign(usual=by_partner.quantile(USUAL))
    known = known[known["count"].ge(FEW)]
    whole = {"usual": before["delay"].quantile(USUAL), "max": before["delay"].max()}

    def limit(mail: pd.DataFrame, name: str) -> pd.Series[float]:
        return mail["partner"].map(known[name]).fillna(whole[name]).astype("float64")

    share = float((before["sure"] & (before["delay"] >= limit(before, "usual") + FELT)).mean())
    during = during.assign(usual=limit(during, "usual"))
    late = during[during["delay"] >= during["usual"] + FELT]
    beyond = int((late["sure"] & (late["delay"] > limit(late, "max"))).sum())
    middle = max(0, round(late["sure"].sum() - share * len(during)))
    counts = (min(beyond, middle), middle, len(late))
    told = rows[READ].loc[late.index].join(late[["delay", "usual"]])
    return told.assign(time=told["received"]), {"late": counts, "late_compared": len(before)}


def _told(pattern: str, rows: pd.DataFrame, own: pd.Series[bool], tried: pd.DataFrame) -> Flags:
    """Own mail of which some attempt failed in such words."""
    failed = among(tried["life"], rows["life"][own]) & tried["status"].ne("sent")
    said = saying(tried["reply"], failed, pattern)
    told = pd.MultiIndex.from_frame(those(tried[["life", "recipient"]], said))
    found = own.to_numpy() & among(rows["life"], told.get_level_values("life").to_numpy())
    asked = those(rows[["life", "recipient_logged"]], found)
    found[found] = pd.MultiIndex.from_frame(asked).isin(told)
    return found


def _partners(recipients: pd.Series[str], own: pd.Series[bool]) -> Int32:
    """A number for the domain of some recipients; -1 where there is none."""
    domains = pd.concat([_domain(recipients[some][own[some]]) for some in slices(max(len(own), 1))])
    codes, _ = pd.factorize(domains)
    found: Int32 = codes.astype(np.int32)
    return found


def tallies(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """HARM counted by day (UTC), by user and by partner domain, the most harmed first."""
    rows = table.select(["time", "kind", "user", "partner"]).to_pandas()
    rows["day"] = rows["time"].dt.strftime("%Y-%m-%d")
    return {f"by_{name}": _tally(rows, name) for name in ("day", "user", "partner")}


def _tally(rows: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    counted = rows.dropna(subset=[name]).groupby([name, "kind"]).size().unstack(fill_value=0)
    counted = counted.reindex(columns=list(HARM_KINDS), fill_value=0)
    if name != "day":
        counted = counted.loc[(-counted.sum(axis=1)).sort_values(kind="stable").index]
    return [
        {name: str(key), **dict(zip(HARM_KINDS, numbers, strict=True))}
        for key, numbers in zip(counted.index, counted.to_numpy().tolist(), strict=True)
    ]


def delay_hours(table: pa.Table) -> tuple[float, float]:
    """Hours that refused mail waited until the log ends, and late mail beyond the usual; sums."""
    rows = table.select(["kind", "delay", "usual"]).to_pandas()
    beyond = (rows["delay"] - rows["usual"].fillna(0)).groupby(rows["kind"]).sum() / HOUR
    return float(beyond.get("waiting", 0)), float(beyond.get("delayed", 0))
