"""How does a finished chart become a file or part of one, the same bytes each time?"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from matplotlib import rc_context
from matplotlib.figure import Figure

PNG_DPI = 200  # twice the size at which it is drawn
# Letters as paths: a reader's machine need not have the font, and none can stand in.
SVG: dict[Any, Any] = {"svg.hashsalt": "relaytrail", "svg.fonttype": "path"}


class Chart(Protocol):
    """What the charts room hands over."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def alt(self) -> str: ...
    @property
    def figure(self) -> Figure: ...


@dataclass(frozen=True)
class Picture:
    """A chart as SVG text, with what it says."""

    name: str
    title: str
    alt: str
    svg: str


def picture(chart: Chart) -> Picture:
    """The chart as SVG, without date and version."""
    text = io.StringIO()
    with rc_context(SVG):
        chart.figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(chart.name, chart.title, chart.alt, text.getvalue())


def write_pngs(charts: Iterable[Chart], folder: Path) -> None:
    """The charts as PNG, at twice their size, without the version of the program that drew them."""
    for chart in charts:
        chart.figure.savefig(folder / f"{chart.name}.png", dpi=PNG_DPI, metadata={"Software": None})
