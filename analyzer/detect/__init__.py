"""What is abuse, through which door, since when? One file a question, each a pure function."""

from analyzer.detect.detector import Evidence
from analyzer.detect.judge import DETECTORS, Judged, judge

__all__ = ["DETECTORS", "Evidence", "Judged", "judge"]
