"""Charts: one file a question; tidy frame in, figure out, nothing written."""

from __future__ import annotations

import pyarrow as pa

from analyzer.charts import style
from analyzer.charts.bandwidth import bandwidth
from analyzer.charts.relayed_mail import relayed_mail
from analyzer.charts.source_hours import source_hours
from analyzer.charts.style import Chart
from analyzer.charts.top_sources import top_sources

__all__ = ["Chart", "draw"]

CHARTS = (relayed_mail, top_sources, bandwidth, source_hours)


def draw(volume: pa.Table) -> list[Chart]:
    """Every chart of a case, drawn from VOLUME rows, in the order a reader meets them."""
    frame = volume.to_pandas()
    with style.applied():
        return [chart(frame) for chart in CHARTS]
