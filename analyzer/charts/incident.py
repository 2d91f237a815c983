"""What happened when: the door, the abuse, the refusals, in lanes under one another?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import words
from analyzer.charts import style
from analyzer.charts.counted import cause
from analyzer.charts.ground import Ground
from analyzer.display import display

NAME = "incident"
LANES = {
    "open_relay": "Mail relayed for strangers",
    "stolen_account": "Mail by a stolen login",
    "trusted_host": "Mail by misused hosts",
    "local_injection": "Mail injected on the server",
    "backscatter": "Notices to strangers",
}
LISTS_SHOWN = 6
Span = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True)
class Lane:
    """`spans` are bars; `marks` are moments, each with what is written beside it."""

    label: str
    color: str
    spans: Sequence[Span] = ()
    marks: Sequence[tuple[Span, str]] = ()


def incident(
    volume: pd.DataFrame,
    door: pd.DataFrame,
    refused: pd.DataFrame,
    blocklists: list[dict[str, Any]],
    ground: Ground,
) -> style.Chart | None:
    """Lanes over time; None without abuse, or without a time.

    Takes VOLUME rows, the FINDINGS rows of the detector `door`, `time` of ATTEMPTS rows of kind
    `relay_denied`, and the blocklist entries of impact.json.
    """
    suspect = style.suspect(volume)
    bad = volume[(volume["verdict"] == suspect) & volume["hour"].notna()]
    bad = bad[bad["mechanism"].notna()]
    if bad.empty or ground.first is None or ground.last is None:
        return None
    lanes = [_door(door), *_abuse(bad, suspect), _refused(refused), *_lists(blocklists)]
    lanes = [lane for lane in lanes if lane.spans or lane.marks]
    figure = Figure(figsize=(style.WIDTH, 1.25 + 0.27 * max(len(lanes), 3)), layout="constrained")
    axes = figure.subplots()
    style.hatch_gaps(axes, ground.wide_gaps())
    for row, lane in enumerate(lanes):
        _draw(axes, row, lane)
    axes.set_yticks(range(len(lanes)), [lane.label for lane in lanes], fontsize=7.5)
    axes.set(ylim=(len(lanes) - 0.4, -0.6), xlabel="time (UTC)")
    axes.grid(axis="x")
    style.time_axis(axes, ground.first, ground.last, style.HOUR)
    title = _title(bad, suspect, ground)
    style.headline(figure, title)
    if ground.gaps:
        style.legend(axes)
    foot = ground.words("volume, findings, attempts and impact.json")
    return style.finished(NAME, title, _alt(title, lanes), figure, foot)


def _door(door: pd.DataFrame) -> Lane:
    """The spans in which the door must have moved, with the finding that says so."""
    marks = [
        ((first, last), display(str(name), 20))
        for first, last, name in zip(
            door["first_seen"], door["last_seen"], door["finding_id"], strict=True
        )
        if not pd.isna(first)
    ]
    return Lane("Door moved", style.INK, marks=marks)


def _abuse(bad: pd.DataFrame, suspect: str) -> list[Lane]:
    """Hours of abuse, a lane a door; hours in a row are one bar."""
    lanes = []
    for door in [*LANES, *sorted(set(bad["mechanism"]) - set(LANES))]:
        hours = pd.Series(bad.loc[bad["mechanism"] == door, "hour"].unique()).sort_values()
        if len(hours):
            label = LANES.get(door, display(str(door), 30))
            lanes.append(Lane(label, style.VERDICTS[suspect], spans=_runs(hours)))
    return lanes


def _runs(hours: pd.Series[pd.Timestamp]) -> list[Span]:
    new = hours.diff().ne(style.HOUR).cumsum()
    return [(run.min(), run.max() + style.HOUR) for _, run in hours.groupby(new)]


def _refused(refused: pd.DataFrame) -> Lane:
    hours = refused["time"].dropna().dt.floor("h")
    spans = _runs(pd.Series(hours.unique()).sort_values()) if len(hours) else []
    return Lane("Relaying refused", "#54779b", spans=spans)


def _lists(blocklists: list[dict[str, Any]]) -> list[Lane]:
    """First to last refusal by each list or provider, with the number refused."""
    lanes = []
    for entry in blocklists[:LISTS_SHOWN]:
        first, last = (
            pd.Timestamp(entry[key]) if entry.get(key) else None for key in ("first", "last")
        )
        if first is None or last is None:
            continue
        number = words.count(int(entry.get("refusals") or 0), "refusal")
        name = display(str(entry.get("provider", "")), 26)
        lanes.append(Lane(f"{name} refuses", "#e3962b", marks=[((first, last), number)]))
    return lanes


def _draw(axes: Axes, row: int, lane: Lane) -> None:
    for start, end in lane.spans:
        left, right = style.numbers(pd.DatetimeIndex([start, end])).tolist()
        axes.barh(row, right - left, 0.55, left=left, color=lane.color, linewidth=0)
    for (start, end), text in lane.marks:
        left, right = style.numbers(pd.DatetimeIndex([start, end])).tolist()
        axes.plot([left, right], [row, row], color=lane.color, linewidth=2.2, alpha=0.75)
        axes.scatter([left, right], [row, row], s=16, color=lane.color, marker="|", zorder=3)
        axes.annotate(
            text,
            (right, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=style.MUTE,
            annotation_clip=False,
        )


def _title(bad: pd.DataFrame, suspect: str, ground: Ground) -> str:
    hours = cause(bad, ground)["hour"]
    first, last = hours.min(), hours.max() + style.HOUR
    active = words.count(hours.nunique(), "hour")
    told = f"{style.DOUBT[suspect]}abuse in {active}, within {words.span(last - first)}"
    quiet = ground.last - last if ground.last is not None else pd.Timedelta(0)
    if quiet >= style.HOUR:
        return words.capital(f"{told}; then none for {words.span(quiet)}, to the end of the log")
    return words.capital(f"{told}; it still went on when the log ends")


def _alt(title: str, lanes: list[Lane]) -> str:
    def said(span: Span) -> str:
        start, end = span
        return (
            words.moment(start) if start == end else f"{words.moment(start)} to {words.moment(end)}"
        )

    parts = []
    for lane in lanes:
        spans = [*map(said, lane.spans), *(f"{said(span)} ({text})" for span, text in lane.marks)]
        parts.append(f"{lane.label}: {words.listing(spans, 6)}")
    return f"{title}. Lanes over time. {'. '.join(parts)}."
