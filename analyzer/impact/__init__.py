"""What harm was done? One file a harm."""

from analyzer.impact.assess import Found, Measured, measure, price
from analyzer.impact.inputs import Given, load

__all__ = ["Found", "Given", "Measured", "load", "measure", "price"]
