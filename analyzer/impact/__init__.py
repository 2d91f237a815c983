"""What harm was done? One file a harm."""

from analyzer.impact.blocklists import echo
from analyzer.impact.figures import figures
from analyzer.impact.volume import hourly

__all__ = ["echo", "figures", "hourly"]
