"""From where and when does a source send that speaks for or against misuse?

Measures as in `under_whom`.
"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.measures import (
    QUIET_DAYS,
    SEVERAL,
    USUAL_DAYS,
    different_a_day,
    doublings,
    share,
)
from analyzer.detect.surges import neighbourhood

AWAKE = 18  # hours of a day
ASLEEP = 4  # hours of rest, before and after, of who works by day
BY_NIGHT = 0.6  # of the messages from a network are at odd hours, if it is not used by day as well
HOUR = pd.Timedelta(hours=1)


def round_the_clock(mail: pd.DataFrame) -> pd.Series[float]:
    """The source sends in more hours of the day than people are awake."""
    day = [mail["by"], mail["received"].dt.floor("D")]
    hours = mail["received"].dt.floor("h").groupby(day).transform("nunique")
    beyond: pd.Series[float] = ((hours - AWAKE) / (24 - AWAKE)).clip(0, 1).astype("float64")
    return beyond


def clock_unlike_before(mail: pd.DataFrame) -> pd.Series[float]:
    """The same on a day, of a source that on its quiet days sends in few hours."""
    day = [mail["by"], mail["received"].dt.floor("D")]
    hours = mail["received"].dt.floor("h").groupby(day).nunique().groupby(level=0)
    quiet = hours.quantile(QUIET_DAYS)[hours.size().gt(USUAL_DAYS)]
    calm = mail["by"].map(quiet).le(AWAKE / SEVERAL)
    return round_the_clock(mail) * calm


def odd_hours(mail: pd.DataFrame, beside: int = 1) -> pd.Series[float]:
    """At or next to an hour of the day at which the source sends on none of several other days.

    Where it sends from its own networks on so many days, these tell: a thief may come every night.

    Args:
        beside: So many hours before and after are next to it.
    """
    day, hour = mail["received"].dt.floor("D"), mail["received"].dt.floor("h")
    home = mail["at_home"].eq(1)
    days_at_home = day.where(home).groupby(mail["by"]).transform("nunique")
    tells = home | days_at_home.le(USUAL_DAYS)
    sent = pd.DataFrame({"by": mail["by"], "hour": hour})[tells].drop_duplicates()
    # A night belongs to two days: what is next to midnight is on the day that it is next to.
    near = pd.concat(
        [sent.assign(hour=sent["hour"] + HOUR * by) for by in range(-beside, beside + 1)]
    )
    near = near.drop_duplicates()
    days = near.groupby(["by", near["hour"].dt.hour]).size()
    asked = pd.MultiIndex.from_arrays([mail["by"], hour.dt.hour])
    several = day.groupby(mail["by"]).transform("nunique").gt(USUAL_DAYS)
    odd: pd.Series[bool] = several & (days.reindex(asked, fill_value=0).to_numpy() <= 1)
    return odd.astype("float64")


def strange_network(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["strange"]


def many_networks(mail: pd.DataFrame) -> pd.Series[float]:
    """Networks in a day that are not the source's own: a telephone has many, and a desk beside.
    Those of branches, which it always had, are not counted.
    """
    strange = strange_network(mail) * ~mail["always_had"]
    networks = different_a_day(mail, mail["network"].where(strange.gt(0)))
    return doublings(networks, beyond=4) * strange.gt(0)


def two_places(mail: pd.DataFrame) -> pd.Series[float]:
    """From a strange network to new people, in an hour in which it also sends from its own; or on
    such a day, when it never does from there, and nobody has come home. Not from one that it always
    had, by day as well, such as a shop's.
    """
    by_hour, by_day = (
        mail["at_home"].groupby([mail["by"], mail["received"].dt.floor(unit)]).transform("max")
        for unit in ("h", "D")
    )
    odd = odd_hours(mail)
    there = odd.groupby([mail["by"], mail["network"].fillna("")])
    by_night = there.transform("mean").ge(BY_NIGHT)
    strange = strange_network(mail) * (~mail["always_had"] | by_night)
    at_odd_hours = by_day * odd * _not_come_home(mail, (by_day * odd * strange).gt(0))
    new = share(mail["new"], mail["outside"])
    return strange * new * by_hour.where(by_hour.gt(0), at_odd_hours)


def _not_come_home(mail: pd.DataFrame, away: pd.Series[bool]) -> pd.Series[bool]:
    """From several parts of the world in a day; or on several days, in the middle of the night: an
    evening the owner of a login spends at home, and writes from there, too.

    Args:
        away: From a strange network, at an odd hour of a day on which it also sends from its own.
    """
    if not away.any():
        return away
    part = neighbourhood(mail["network"].fillna(""))
    days = mail["received"].dt.floor("D").where(away).groupby(mail["by"]).transform("nunique")
    asleep: pd.Series[bool] = odd_hours(mail, ASLEEP).gt(0) & days.ge(SEVERAL)
    return asleep | different_a_day(mail, part.where(away)).gt(1)


def own_network(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["own"]


def companions(mail: pd.DataFrame) -> pd.Series[float]:
    """The client used another login that was certainly misused: thieves own several."""
    return mail["companion"].astype("float64")


def guessed(mail: pd.DataFrame) -> pd.Series[float]:
    """The client had failed logins in the day before, as one who guesses has."""
    return mail["guesses"].ge(10).astype("float64")
