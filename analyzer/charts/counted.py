"""Which rows of a table are the abuse that a chart counts?

The notices to strangers are counted, and not the mail that they are about, which came in.
"""

from __future__ import annotations

import pandas as pd

from analyzer.charts.ground import Ground

NOTICES = "backscatter"


def came_in(frame: pd.DataFrame) -> pd.Series[bool]:
    """The mail that notices are about: a client handed it in, none the notices."""
    return frame["mechanism"].eq(NOTICES) & frame["client_ip"].notna()


def counted(volume: pd.DataFrame) -> pd.DataFrame:
    """VOLUME rows with that mail among the other mail that came in."""
    other = came_in(volume)
    return volume.assign(
        verdict=volume["verdict"].mask(other, "legitimate"),
        mechanism=volume["mechanism"].mask(other),
    )


def cause(bad: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """The abuse itself: notices about it are its consequence, unless there is nothing else."""
    itself = bad if ground.apart else bad[bad["mechanism"] != NOTICES]
    return bad if itself.empty else itself
