"""Which figures of harm does the log itself give, each with unit, label and ground?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.impact.abuse import NOTICES, suspects
from analyzer.impact.declared import (
    ABUSIVE,
    ALL,
    COUNTED,
    DECLARED,
    DOUBT,
    NO_SIZES,
    NO_USUAL,
    REFUSED,
    RELAYED,
    UNNAMED,
)

HOUR = pd.Timedelta(hours=1)


def figures(volume: pa.Table, refused: int, accepted: int | None) -> list[dict[str, Any]]:
    """Figures of the first slice, all measured; from VOLUME and the refusals.

    Where who is local was inferred, nothing is called abusive: then the doubtful rows that have a
    door are counted, and the ground says so.

    Args:
        refused: Recipients of legitimate mail that some list or provider refused.
        accepted: Abusive recipients that other hosts accepted; None where the log names no host.
    """
    verdict = "abusive" if pc.any(pc.equal(volume["verdict"], "abusive")).as_py() else "unclear"
    by_door = pc.and_(pc.equal(volume["verdict"], verdict), pc.is_valid(volume["mechanism"]))
    abusive = volume.filter(pc.and_not(by_door, _came_in(volume)))
    relayed = pc.fill_null(pc.equal(abusive["mechanism"], "open_relay"), False)
    rows = {ALL: volume, ABUSIVE: abusive, RELAYED: abusive.filter(relayed)}
    doubt = DOUBT if verdict == "unclear" and len(abusive) else ""
    found = []
    for name, title, which, column, how in COUNTED:
        value: int | None = int(pc.sum(rows[which][column], min_count=0).as_py())
        unit = volume.schema.field(column).metadata[b"unit"].decode()
        ground = (f"{which}: {how}" if how else which) + (doubt if which != ALL else "")
        if column.startswith("bytes_out") and accepted is None:
            value, ground = None, f"{ground}; {UNNAMED}"
        elif column.startswith("bytes_out") and not value and which == ABUSIVE and accepted:
            value, ground = None, f"{ground}; {NO_SIZES}"
        found.append(_measured(name, title, value, unit, ground))
    name, title, unit, ground = REFUSED
    return [*found, _measured(name, title, refused, unit, ground)]


def _came_in(volume: pa.Table) -> pa.Array:
    """The mail that notices to strangers are about: a client handed it in, none the notices."""
    backscatter = pc.fill_null(pc.equal(volume["mechanism"], NOTICES), False)
    return pc.and_(backscatter, pc.is_valid(volume["client_ip"]))


def harm_figures(
    harm: pa.Table, counts: dict[str, Any], hours: tuple[float, float]
) -> list[dict[str, Any]]:
    """Whose mail was harmed, the lead figure first; from HARM and the counts beside it.

    Args:
        hours: That refused mail and late mail waited, from `harm.delay_hours`.
    """
    rows = harm.to_pandas()
    blocked, waiting, notices = (
        rows[rows["kind"].eq(kind)] for kind in ("blocked", "waiting", "notice")
    )
    kept_back = rows[rows["kind"].isin(["blocked", "waiting"])]
    late = counts["late"] or (0, 0, 0)
    compared = "compared with {late_compared:,} earlier mails".format_map(counts)
    lost, kept = (
        (len(of), len(of), len(of) + counts["doubtful"].get(kind, 0))
        for kind, of in (("blocked", blocked), ("waiting", waiting))
    )
    lead = tuple(sum(of) + len(notices) for of in zip(lost, kept, late, strict=True))
    waited, beyond = hours
    shares = (number / late[-1] if late[-1] else 0.0 for number in late)
    return [
        _ranged("own_mail_harmed", lead),
        _ranged("own_recipients_blocked", lost),
        _ranged("own_recipients_waiting", kept),
        _ranged("own_recipients_delayed", late, compared)
        if counts["late"] is not None
        else figure("own_recipients_delayed", None, NO_USUAL),
        figure("notices_to_own_users", len(notices)),
        figure("notices_to_the_misused", int(notices["in_its_name"].eq(True).sum())),
        figure("own_users_blocked", int(kept_back["user"].nunique())),
        figure("partners_blocked", int(kept_back["partner"].nunique())),
        figure("own_users_notified", int(notices["user"].nunique())),
        _ranged("hours_of_delay", [round(waited + beyond * share, 2) for share in shares]),
    ]


def traffic_figures(bandwidth: pa.Table, accepted: int | None) -> list[dict[str, Any]]:
    """Abusive bytes and dialogues, between bounds; from BANDWIDTH and as in `figures`."""
    rows = bandwidth.to_pandas()
    mine = rows[suspects(rows)]

    def three(name: str) -> tuple[int, ...]:
        return tuple(int(mine[f"{name}{end}"].sum()) for end in ("_least", "", "_most"))

    if accepted is None:
        return [
            figure("bytes_out_abusive", None, UNNAMED),
            figure("transactions_abusive", None, UNNAMED),
            figure("recipients_accepted_abusive", None, UNNAMED),
        ]
    bodies = three("bytes_out")
    return [
        _ranged("bytes_out_abusive", bodies)
        if any(bodies) or not accepted
        else figure("bytes_out_abusive", None, NO_SIZES),
        _ranged("transactions_abusive", three("transactions")),
        figure("recipients_accepted_abusive", accepted),
    ]


def pressure_figures(load: pa.Table, unusual: dict[str, Any], doubt: bool) -> list[dict[str, Any]]:
    """How full the queue was; from PRESSURE. *doubt*: what may be abuse is only unclear."""
    rows = load.to_pandas()
    mine = rows[rows["verdict"].eq("unclear" if doubt else "abusive")]
    waiting = rows.groupby("hour")["waiting"].sum()
    inside = mine.loc[mine["waiting"].gt(0) | mine["entered"].gt(0), "hour"]
    days = (inside.max() - inside.min() + HOUR) / pd.Timedelta(days=1) if len(inside) else 0.0
    usual = unusual["usual"]
    why = "not measurable: less than a day of usual work in the log before abuse"
    return [
        figure("queue_peak", int(waiting.max()) if len(waiting) else 0),
        figure("queue_peak_abusive_bytes", int(mine["bytes_waiting"].max()) if len(mine) else 0),
        figure("queue_days_abusive", round(float(days), 3)),
        figure(
            "queue_hours_unusual",
            unusual["hours"],
            why if usual is None else f"more than {usual:g} messages",
        ),
    ]


def impaired(
    refused: pd.Series[pd.Timestamp],
    blocklists: Sequence[dict[str, Any]],
    onset: pd.Timestamp | None,
) -> dict[str, Any]:
    """Hours in which own mail could not be relied on.

    Args:
        refused: When own mail was refused, each attempt.
    """
    if refused.empty:
        return _ranged("hours_impaired", (0.0, 0.0, 0.0))
    begin = onset if onset is not None else refused.min()
    spans = [
        (max(pd.Timestamp(entry["first"]), begin), pd.Timestamp(entry["last"]))
        for entry in blocklists
        if pd.Timestamp(entry["last"]) >= begin
    ] or [(begin, begin)]
    low = float(refused.dt.floor("h").nunique())
    mid = max(low, (refused.max() - refused.min()) / HOUR)
    whole = (max(last for _, last in spans) - min(first for first, _ in spans)) / HOUR
    return _ranged("hours_impaired", (low, round(mid, 2), round(max(mid, whole), 2)))


def figure(name: str, value: float | None, also: str = "") -> dict[str, Any]:
    """One measured number, as declared; None where the log cannot give it. *also*: more on it."""
    title, unit, ground = DECLARED[name]
    return _measured(name, title, value, unit, f"{ground}; {also}" if also else ground)


def _ranged(name: str, three: Sequence[float], also: str = "") -> dict[str, Any]:
    """A measured number between bounds; `value` is the middle one."""
    low, mid, high = three
    return figure(name, mid, also) | {"low": low, "mid": mid, "high": high}


def _measured(name: str, title: str, value: float | None, unit: str, ground: str) -> dict[str, Any]:
    said = {"name": name, "title": title, "value": value, "unit": unit}
    return {**said, "label": "measured", "ground": ground}
