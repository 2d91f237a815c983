"""Where are the lines that messages are made of? In `events/`, parted so that a message stays
together.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.schema import EVENTS

ROWS_A_PART = 1_000_000  # a part fits in memory many times over


def write_events(events: pa.Table, folder: Path) -> None:
    """Write EVENTS as a dataset parted by a stable hash of (server, instance, queue_id)."""
    parts = max(1, -(-len(events) // ROWS_A_PART))
    part = _part(events, parts)
    for number in range(parts):
        inside = folder / "events" / f"part={number}"
        inside.mkdir(parents=True)
        rows = events.filter(pa.array(part == number)) if parts > 1 else events
        pq.write_table(rows.cast(EVENTS), inside / "events.parquet", compression="zstd")


def _part(events: pa.Table, parts: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    names = [
        pc.fill_null(events[name].cast(pa.string()), "")
        for name in ("server", "instance", "queue_id")
    ]
    key = pc.binary_join_element_wise(*names, "/").to_pandas()
    return pd.util.hash_array(key.to_numpy(object), categorize=True) % np.uint64(parts)
