"""Where pure functions run."""

from analyzer.engines.threads import before, beside, in_order

__all__ = ["before", "beside", "in_order"]
