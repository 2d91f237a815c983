"""Where pure functions run."""

from analyzer.engines.processes import Copies
from analyzer.engines.workers import Workers

__all__ = ["Copies", "Workers"]
