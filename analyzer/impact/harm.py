"""Whose legitimate mail was refused or late, and who of our users got notices about abuse?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.impact.abuse import DOORS, FOLLOWS
from analyzer.impact.blocklists import entries
from analyzer.schema import HARM, NOT_DELIVERIES, fit

FEW = 20  # earlier mails to a partner, below which all earlier mail is the baseline
FELT = 300.0  # seconds later than usual that a person notices
USUAL = 0.95
HOUR = 3600.0
PLACE = ["source", "line", "offset"]
READ = (
    """
    server queue_id life received completed origin_sender original_recipient recipient
    recipient_logged status reply mechanism
""".split()
    + PLACE
)


def harmed(
    rows: pd.DataFrame,
    refused: pd.DataFrame,
    onset: pd.Timestamp | None,
    ends: pd.Timestamp | None,
) -> tuple[pa.Table, dict[str, Any]]:
    """HARM, and the counts that it does not show.

    Args:
        rows: DELIVERIES rows with `life`, `recipient_side`, `cause_life`.
        refused: From `blocklists.refusals`.
        onset: When the abuse began; without it nothing is late because of it.
        ends: End of the log.

    Returns:
        The table, and `late` (low, mid, high; None where the log has no usual mail to compare
        with), `late_compared` (earlier mails it is compared with), `doubtful_blocked` (refused mail
        that is neither legitimate nor abuse for sure).
    """
    mine = ours(rows)
    unsure = mine & rows["verdict"].eq("unclear") & rows["mechanism"].isna()
    own, doubtful = rows.loc[mine & rows["verdict"].eq("legitimate"), READ], rows.loc[unsure, READ]
    refused = _because(refused, onset)
    blocked, late = _blocked(own, refused), {"late": None, "late_compared": 0}
    delayed = own.iloc[:0]
    if onset is not None and ends is not None:
        rest = own[~own.index.isin(blocked.index)]
        delayed, late = _delayed(rest, onset, ends)
    parts = [
        blocked.assign(kind="blocked", user=_user(blocked), partner=_domain(blocked["recipient"])),
        delayed.assign(kind="delayed", user=_user(delayed), partner=_domain(delayed["recipient"])),
        _notices(rows),
    ]
    if onset is None:  # listed without abuse: whom it hurt is in the log all the same
        parts = parts[:1]
    parts = [part for part in parts if len(part)]
    counts = {**late, "doubtful_blocked": len(_blocked(doubtful, refused))}
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


def _blocked(own: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    """Refused for reputation at least once, and never delivered."""
    first = refused.drop_duplicates(["life", "recipient"])
    first = first.set_index(["life", "recipient"])[["time", "provider", "reply", *PLACE]]
    lost = own[own["status"].ne("delivered") & own["life"].isin(refused["life"])]
    key = pd.MultiIndex.from_arrays([lost["life"], lost["recipient_logged"]])
    told = first.reindex(key).set_axis(lost.index)
    return lost.drop(columns=["reply", *PLACE]).join(told)[told["time"].notna()]


def _delayed(
    own: pd.DataFrame, onset: pd.Timestamp, ends: pd.Timestamp
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Later than 95 % of the mail to the same partner before the abuse, by five minutes or more.

    Some mail is late on every day. Its share before the abuse is taken off the middle count; the
    low count holds only what was later than anything before.
    """
    own = own[own["received"].notna()].assign(partner=lambda rows: _domain(rows["recipient"]))
    done = own["completed"].where(own["status"].eq("delivered"), ends)
    done = done.astype(own["received"].dtype)  # without any fate the column holds objects
    early = own["received"].lt(onset)
    until = done.mask(early & done.gt(onset), onset)
    own = own.assign(delay=(until - own["received"]).dt.total_seconds().clip(lower=0))
    before, during = own[early], own[~early]
    if len(before) < FEW:
        return during.iloc[:0], {"late": None, "late_compared": len(before)}
    by_partner = before.groupby("partner")["delay"].agg(["count", "max"])
    by_partner["usual"] = before.groupby("partner")["delay"].quantile(USUAL)
    known = by_partner[by_partner["count"].ge(FEW)]
    whole = {"usual": before["delay"].quantile(USUAL), "max": before["delay"].max()}

    def limit(rows: pd.DataFrame, name: str) -> pd.Series[float]:
        return rows["partner"].map(known[name]).fillna(whole[name]).astype("float64")

    share = float((before["delay"] >= limit(before, "usual") + FELT).mean())
    during = during.assign(usual=limit(during, "usual"))
    late = during[during["delay"] >= during["usual"] + FELT]
    beyond = int((late["delay"] > limit(late, "max")).sum())
    middle = max(0, round(len(late) - share * len(during)))
    counts = (min(beyond, middle), middle, len(late))
    return late.assign(time=late["received"]), {"late": counts, "late_compared": len(before)}


def _notices(rows: pd.DataFrame) -> pd.DataFrame:
    """Bounces and warnings about abuse that our own users got: abuse forged their address."""
    doors = [door for door in DOORS if door != FOLLOWS]
    abuse = rows.loc[rows["mechanism"].isin(doors), "origin_life"]
    about = rows["cause_life"].ge(0) & rows["cause_life"].isin(abuse)
    got = about & rows["recipient_side"].eq("inside") & rows["status"].eq("delivered")
    told = rows.loc[got, [*READ, "cause_life"]]
    return told.assign(
        kind="notice",
        time=told["completed"],
        user=told["recipient"],
        partner=None,
    ).drop(columns="reply")


def tallies(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """HARM counted by day (UTC), by user and by partner domain, the most harmed first."""
    rows = table.select(["time", "kind", "user", "partner"]).to_pandas()
    rows["day"] = rows["time"].dt.strftime("%Y-%m-%d")
    return {f"by_{name}": _tally(rows, name) for name in ("day", "user", "partner")}


def _tally(rows: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    kinds = ["blocked", "delayed", "notice"]
    counted = rows.dropna(subset=[name]).groupby([name, "kind"]).size().unstack(fill_value=0)
    counted = counted.reindex(columns=kinds, fill_value=0)
    if name != "day":
        counted = counted.loc[(-counted.sum(axis=1)).sort_values(kind="stable").index]
    return [
        {name: str(key), **dict(zip(kinds, numbers, strict=True))}
        for key, numbers in zip(counted.index, counted.to_numpy().tolist(), strict=True)
    ]


def delay_hours(table: pa.Table) -> float:
    """Hours that late mail waited beyond what was usual, added up."""
    late = table.filter(pc.equal(table["kind"], "delayed")).to_pandas()
    return round(float((late["delay"] - late["usual"]).sum()) / HOUR, 2)
