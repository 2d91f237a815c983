"""Where pure functions run."""

from analyzer.engines.threads import beside, in_order

__all__ = ["beside", "in_order"]
