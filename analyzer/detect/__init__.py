"""What is abuse, through which door, since when? One file a question, each a pure function over tables."""

from analyzer.detect.judge import DETECTORS, Judged, judge

__all__ = ["DETECTORS", "Judged", "judge"]
