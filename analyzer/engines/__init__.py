"""Where pure functions run."""

from analyzer.engines.processes import Copies
from analyzer.engines.threads import in_order

__all__ = ["Copies", "in_order"]
