"""How sure is a share? Bootstrap over logs, not rows: those of one log are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DRAWS = 2000


def share(part: Sequence[float], whole: Sequence[float]) -> tuple[float, float, float] | None:
    """Sum of the parts over the sum of the wholes, and the ends of its 95 % interval.

    Args:
        part, whole: Counts of each log, in the same order.
    """
    parts, wholes = np.asarray(part, float), np.asarray(whole, float)
    if not wholes.sum():
        return None
    picked = np.random.default_rng(1).integers(0, len(parts), (DRAWS, len(parts)))
    sums = wholes[picked].sum(axis=1)
    shares = parts[picked].sum(axis=1)[sums > 0] / sums[sums > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(parts.sum() / wholes.sum()), float(low), float(high)
