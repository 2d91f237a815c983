"""What would a 95th percentile bill in the month with most of the abuse, with it and without?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer import words
from analyzer.impact.abuse import suspects
from analyzer.impact.traffic import BIN

FREE = 0.05  # share of a month's samples that is not billed


def percentile(samples: npt.NDArray[np.float64]) -> float:
    """The highest sample that is billed when the top 5 % are dropped."""
    if not len(samples):
        return 0.0
    dropped = int(len(samples) * FREE)
    return float(np.sort(samples)[len(samples) - 1 - dropped])


def month(
    table: pa.Table, *, overhead: float, dialogue: float, link: float, committed: float
) -> dict[str, Any] | None:
    """The billing month with most of the abuse: what its 95th percentile is with it and without.

    The month is the calendar's, in UTC. Five minutes that the log does not cover count as without
    mail. Directions are taken apart, and the larger one is billed.

    Args:
        table: BANDWIDTH.
        overhead: Share of the body that packets and TLS add.
        dialogue: Bytes of one transaction beside the body.
        link: Mbit/s of all other traffic at its own 95th percentile; 0 bills mail alone.
        committed: Mbit/s that are paid anyway.

    Returns:
        `month, samples, free, filled` (five minutes with abuse), Mbit/s of `without, with,
        billed_more` (beyond what is paid anyway) and `direction`; None without abuse.
    """
    rows = table.to_pandas()
    abuse = suspects(rows)
    if not abuse.any():
        return None
    months = rows["start"].dt.strftime("%Y-%m")
    chosen = rows.loc[abuse, "start"].drop_duplicates().dt.strftime("%Y-%m").value_counts()
    name = chosen.sort_index().idxmax()
    here, mine = rows[months.eq(name)], abuse[months.eq(name)]
    begins = pd.Timestamp(f"{name}-01", tz="UTC")
    ends = begins + pd.offsets.MonthBegin(1)
    count = int((ends - begins) / BIN)
    wire = {
        "in": here["bytes_in"] * (1 + overhead) + here["messages_in"] * dialogue,
        "out": here["bytes_out"] * (1 + overhead) + here["transactions"] * dialogue,
    }
    sample = ((here["start"] - begins) // BIN).to_numpy(np.int64)
    rates = _rates(wire, sample, mine.to_numpy(np.bool_), count, link)
    way = max(sorted(rates), key=lambda name: rates[name][0])
    with_it, without = rates[way][0], max(rates[name][1] for name in rates)
    more = max(0.0, max(with_it, committed) - max(without, committed))
    free, filled = int(count * FREE), int(here.loc[mine, "start"].nunique())
    enough = "it stays within them" if filled <= free else "it goes beyond them"
    return {
        "month": name,
        "samples": count,
        "free": free,
        "filled": filled,
        "words": f"The abuse filled {words.count(filled, 'five-minute sample')} of {name}; a 95th "
        f"percentile does not bill the {free:,} highest of {count:,}: {enough}.",
        "direction": way,
        "without": round(without, 6),
        "with": round(max(with_it, without), 6),
        "billed_more": round(more, 6),
        "unit": "Mbit/s",
        "label": "given" if link else "measured",
        "ground": "the link's own 95th percentile and the abuse on top"
        if link
        else "mail alone; five minutes that the log does not cover count as empty",
    }


def _rates(
    wire: Mapping[str, pd.Series[float]],
    sample: npt.NDArray[np.int64],
    abuse: npt.NDArray[np.bool_],
    count: int,
    link: float,
) -> dict[str, tuple[float, float]]:
    """Mbit/s of each direction, with the abuse and without it.

    Args:
        wire: Bytes of each direction, by row; *sample* and *abuse* of the same rows.
        count: Samples of the month.
    """

    def mbit(bytes_: pd.Series[float], which: npt.NDArray[np.bool_]) -> float:
        total = np.bincount(sample[which], bytes_.to_numpy(np.float64)[which], count)
        return percentile(total * 8 / BIN.total_seconds() / 1e6)

    if link:  # its own figure holds the usual mail already
        return {way: (link + mbit(bytes_, abuse), link) for way, bytes_ in wire.items()}
    everything = np.full(len(sample), True)
    return {way: (mbit(bytes_, everything), mbit(bytes_, ~abuse)) for way, bytes_ in wire.items()}
