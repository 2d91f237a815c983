"""What do all charts have in common: type, colours, sizes, the time axis, the numbers?"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from analyzer.display import FONTS, display
from analyzer.words import MONTHS, thousands

# Dark, middle and light: told apart in grey print and by colour-blind readers.
ABUSIVE, UNCLEAR, LEGITIMATE = "#a3162b", "#e3962b", "#c3d0dd"
INK, MUTE, RULE = "#1d2433", "#5b6577", "#d9dee6"
VERDICTS: Final = {"abusive": ABUSIVE, "unclear": UNCLEAR, "legitimate": LEGITIMATE}
HATCH: Final = {"unclear": "////"}  # a second sign beside the colour
NAMES: Final = {"abusive": ABUSIVE, "unclear": "#a8620a"}  # dark enough for small letters
# What became of mail: accepted mail is the abuse that reached people.
OUTCOMES: Final = {
    "delivered": "#a3162b",
    "bounced": "#54779b",
    "waiting": "#e3962b",
    "other": "#dfe3e9",
}
OUTCOME_HATCH: Final = {"waiting": "////"}
DOUBT: Final = {"abusive": "", "unclear": "possible "}
WIDTH = 6.7  # inches: the text width of an A4 page
TITLE_COLUMNS = 82  # letters of a bold title across that width
ROWS_SHOWN = 12

SANS = "Relaytrail Sans"
MONO = "Relaytrail Mono"
FACES = (
    (SANS, "NotoSans-Regular.ttf", 400),
    (SANS, "NotoSans-Bold.ttf", 700),
    (MONO, "NotoSansMono-Regular.ttf", 400),
)
# Where a letter is missing; one weight serves for all.
FALLBACKS = (
    ("Relaytrail CJK", "DroidSansFallback.ttf"),
    ("Relaytrail Arabic", "NotoSansArabic-Regular.ttf"),
    ("Relaytrail Hebrew", "NotoSansHebrew-Regular.ttf"),
    ("Relaytrail Thai", "NotoSansThai-Regular.ttf"),
    ("Relaytrail Devanagari", "NotoSansDevanagari-Regular.ttf"),
    ("Relaytrail Emoji", "NotoEmoji-Regular.ttf"),
)
OTHERS = [name for name, _ in FALLBACKS]
SANS_FAMILY, MONO_FAMILY = [SANS, *OTHERS], [MONO, SANS, *OTHERS]

RC: dict[Any, Any] = {
    "font.family": SANS_FAMILY,
    "font.size": 8.0,
    "figure.titlesize": 9.5,
    "figure.titleweight": "bold",
    "axes.labelsize": 8.0,
    "axes.labelcolor": MUTE,
    "axes.edgecolor": "#9aa4b2",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTE,
    "ytick.color": MUTE,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "legend.handlelength": 1.2,
    "legend.handleheight": 0.9,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,  # a stranger's $ is a dollar
    "figure.facecolor": "white",
    "figure.dpi": 100.0,
}


@dataclass(frozen=True)
class Chart:
    """A finished drawing, with its finding as title and its content in words."""

    name: str
    title: str
    alt: str
    figure: Figure

    def _repr_png_(self) -> bytes:
        """How a notebook shows it."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
        return file.getvalue()


@dataclass(frozen=True)
class Bin:
    """The width of a bar in time."""

    width: pd.Timedelta
    words: str


HOUR = pd.Timedelta(hours=1)
# A page is about 170 bars wide: the first width that leaves no more is taken.
BINS = (
    Bin(HOUR, "an hour"),
    Bin(6 * HOUR, "6 hours"),
    Bin(24 * HOUR, "a day"),
    Bin(7 * 24 * HOUR, "7 days"),
    Bin(28 * 24 * HOUR, "28 days"),
)
BARS_MOST = 170
BARS_LEAST = 12


@cache
def _register() -> None:
    """Make the bundled fonts known under names that no installed font has, so none can stand in."""
    every = [*FACES, *((name, file, w) for name, file in FALLBACKS for w in (400, 700))]
    for name, file, weight in every:
        font_manager.fontManager.ttflist.append(
            font_manager.FontEntry(
                fname=str(FONTS / file),
                name=name,
                style="normal",
                variant="normal",
                weight=weight,
                stretch="normal",
                size="scalable",
            )
        )


@contextmanager
def applied() -> Iterator[None]:
    """Everything drawn inside looks the same, whatever matplotlibrc says."""
    _register()
    with rc_context():
        # Start from the built-in defaults: a user's matplotlibrc must not change a report.
        import matplotlib

        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def finished(name: str, title: str, alt: str, figure: Figure, foot: str = "") -> Chart:
    """The chart, laid out now, while the style holds: ticks are made when they are first drawn."""
    if foot:
        figure.supxlabel(foot, x=0, ha="left", color=MUTE, fontsize=6.2)
        alt = f"{alt} {foot}"
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # "none" would be asked at each drawing, in vain
    return Chart(name, title, alt, figure)


def suspect(volume: pd.DataFrame) -> str:
    """The verdict that charts speak of: abusive, or unclear where nothing firmer was found."""
    found = set(volume["verdict"].unique())
    return "unclear" if "unclear" in found and "abusive" not in found else "abusive"


def name_sources(axes: Axes, table: pd.DataFrame, at: Sequence[float], suspect: str) -> list[str]:
    """Write the sources beside their rows, those under suspicion in its colour."""
    names = [display(source, 45) for source in table["source"]]
    axes.set_yticks(at, names, fontfamily=MONO_FAMILY, fontsize=7)
    for tick, bad in zip(axes.get_yticklabels(), table[suspect] > 0, strict=True):
        tick.set_color(NAMES[suspect] if bad else MUTE)
    return names


def bin_for(hours: pd.Series[pd.Timestamp]) -> Bin:
    """The bar width for these hours."""
    if hours.empty:
        return BINS[0]
    span = hours.max() - hours.min()
    return next((b for b in BINS if span / b.width < BARS_MOST), BINS[-1])


def binned(hours: pd.Series[pd.Timestamp], width: pd.Timedelta) -> pd.Series[pd.Timestamp]:
    """The start of the bin that each hour lies in; bins start at midnight UTC or at its parts."""
    return hours.dt.floor(width)


def numbers(times: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Times as matplotlib counts them: days since 1970, UTC."""
    epoch = pd.Timestamp(0, tz="UTC")
    return np.asarray((times - epoch) / pd.Timedelta(days=1), dtype=np.float64)


def count_axis(axes: Axes, *, horizontal: bool = False) -> None:
    """Whole numbers with thousands separators, and light lines to read them by."""
    axis = axes.xaxis if horizontal else axes.yaxis
    axis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))
    axes.grid(axis="x" if horizontal else "y")


# Steps between ticks, in hours; a step is taken when it leaves at most 9 of them.
STEPS = (1, 3, 6, 12, 24, 48, 24 * 7, 24 * 14, 24 * 28, 24 * 91, 24 * 364)
TICKS_MOST = 9


def time_axis(axes: Axes, first: pd.Timestamp, last: pd.Timestamp, width: pd.Timedelta) -> None:
    """From the first bin to the end of the last, in UTC, labelled without the locale."""
    start, end = first, last + width
    short = BARS_LEAST - (end - start) / width
    if short > 0:  # a bar is no wall
        start, end = start - short // 2 * width, end + short // 2 * width
    span = max((end - start) / HOUR, 1.0)
    step = next((s for s in STEPS if span / s <= TICKS_MOST), STEPS[-1])
    while span / step > TICKS_MOST:
        step *= 2
    ticks = pd.date_range(start.ceil(f"{step}h"), end, freq=f"{step}h")
    if len(ticks) < 2:
        ticks = pd.DatetimeIndex([start, end])
    axes.set_xlim(*numbers(pd.DatetimeIndex([start, end])))
    axes.xaxis.set_major_locator(FixedLocator(numbers(ticks).tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels(_labels(ticks, step))


def _labels(ticks: pd.DatetimeIndex, step: int) -> list[str]:
    """The hour on every tick; day and year on the first, and where they change."""
    labels = []
    before: pd.Timestamp | None = None
    for tick in ticks:
        new_year = before is None or tick.year != before.year
        new_day = before is None or tick.date() != before.date()
        day = f"{tick.day} {MONTHS[tick.month - 1]}" + (f" {tick.year}" if new_year else "")
        hours = step < 24 or tick.hour != 0
        labels.append(f"{tick:%H:%M}\n{day if new_day else ''}" if hours else day)
        before = tick
    return labels


def headline(figure: Figure, title: str) -> None:
    """The finding, from the left edge of the sheet, in two lines if it is long."""
    figure.suptitle(textwrap.fill(title, TITLE_COLUMNS), x=0, ha="left", color=INK)


def hatch_gaps(axes: Axes, gaps: Sequence[tuple[pd.Timestamp, pd.Timestamp]]) -> None:
    """Stretches in which log lines are missing."""
    for number, gap in enumerate(gaps):
        start, end = numbers(pd.DatetimeIndex(gap)).tolist()
        look: dict[str, Any] = {"facecolor": "none", "edgecolor": MUTE, "hatch": "xxxx"}
        label = "log lines missing" if number == 0 else None
        axes.axvspan(start, end, linewidth=0, alpha=0.55, zorder=0, label=label, **look)


def legend(axes: Axes, signs_of: Axes | None = None) -> None:
    """One row of its own between title and plot, where it can cover nothing."""
    handles, labels = (signs_of or axes).get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        borderaxespad=0.3,
        borderpad=0.2,
        columnspacing=1.6,
        ncols=4,
    )


def empty(name: str, title: str, why: str) -> Chart:
    """A calm sheet that says why nothing is drawn."""
    figure = Figure(figsize=(WIDTH, 1.4))
    figure.text(0.5, 0.62, title, ha="center", va="center", fontsize=9.5, weight="bold", color=INK)
    figure.text(0.5, 0.36, why, ha="center", va="center", fontsize=8, color=MUTE)
    return finished(name, title, f"{title}. {why}", figure)


def count_at_end(axes: Axes, values: pd.Series[float]) -> None:
    """The number behind each horizontal bar, at its end."""
    widest = float(values.max())
    for row, value in enumerate(values):
        axes.text(
            value + widest * 0.008, row, thousands(value), va="center", fontsize=7, color=MUTE
        )
    axes.set_xlim(0, widest * 1.1)
