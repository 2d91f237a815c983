"""How is a heat map drawn: a row a source or receiver, a column a bin of time?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from analyzer.charts import style


def cells(told: pd.Series[Any], rows: list[str], bin: style.Bin) -> pd.DataFrame:
    """One row each of *rows*, in that order, one column a bin, no bin left out.

    Args:
        told: A number each row and start of a bin.
    """
    found = told.unstack("start")
    every = pd.date_range(found.columns.min(), found.columns.max(), freq=bin.width)
    return found.reindex(index=rows, columns=every)


def shade(
    figure: Figure,
    axes: Axes,
    cells: pd.DataFrame,
    bin: style.Bin,
    colors: Colormap,
    scale: Normalize,
) -> Colorbar:
    """The cells that hold a number, and their scale beside them."""
    times = pd.DatetimeIndex(cells.columns)
    mesh = axes.pcolormesh(
        style.numbers(pd.DatetimeIndex([*times, times[-1] + bin.width])),
        np.arange(len(cells) + 1),
        np.ma.masked_invalid(cells.to_numpy()),
        cmap=colors,
        norm=scale,
        edgecolors="white",
        linewidth=0.25,
    )
    style.time_axis(axes, times[0], times[-1], bin.width)
    axes.set_ylim(len(cells), 0)
    bar = figure.colorbar(mesh, ax=axes, pad=0.015, aspect=max(8, 2 * len(cells)), shrink=0.95)
    bar.outline.set_visible(False)
    return bar
