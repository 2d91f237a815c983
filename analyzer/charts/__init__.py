"""Charts: one file a question; tidy frame in, figure out, nothing written."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from analyzer.case import Case

if TYPE_CHECKING:
    from analyzer.charts.style import Chart

__all__ = ["draw"]


def draw(case: Case, only: Collection[str] = ()) -> list[Chart]:
    """Every chart of a case that has something to show, in the order a reader meets them.

    Args:
        only: Names of charts; none means all.
    """
    from analyzer.charts import every  # with matplotlib, which a log is read without

    return every.draw(case, only)
