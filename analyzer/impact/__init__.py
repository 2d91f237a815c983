"""What harm was done? One file a harm."""

from analyzer.impact.assess import Found, Measured, measure, price
from analyzer.impact.figures import figures
from analyzer.impact.inputs import Given, load, template
from analyzer.impact.volume import hourly

__all__ = [
    "Found",
    "Given",
    "Measured",
    "figures",
    "hourly",
    "load",
    "measure",
    "price",
    "template",
]
