"""Where pure functions run."""

from analyzer.engines.threads import in_order

__all__ = ["in_order"]
