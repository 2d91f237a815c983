"""What is a flood from a part of the world in which a source never was?

It tells of a thief although it goes to people whom the owner knows: whoever has the password has
the owner's letters, and addresses, too.
"""

from __future__ import annotations

import pandas as pd

USED_TO = 3  # days after which it shows what a source is used to
SURGE, TIMES = 20, 5  # messages in an hour; as many as in the busiest hour from elsewhere
TOGETHER = 0.5  # of what comes from there, while the source is elsewhere, too
JOURNEY = pd.Timedelta(hours=3)  # there and back, at least
COLLEAGUES = 3  # who send from a network: an office that has moved, and no thief


def surges(mail: pd.DataFrame) -> pd.Series[bool]:
    """A flood from a part of the world in which the source is on a few days only: TIMES as much in
    an hour as it ever sends from elsewhere, or while it also sends from there. It may go to people
    whom the owner knows.

    The neighbourhood of a network, and not the network: a provider gives its customers others.
    """
    place = mail.groupby(["by", neighbourhood(mail["network"].fillna(""))]).ngroup()
    day, hour = mail["received"].dt.floor("D"), mail["received"].dt.floor("h")
    number = place.map(day.groupby(place).nunique())
    usual = number.gt(USED_TO)
    at_home = mail["received"].where(usual).groupby(mail["by"])
    meanwhile = at_home.bfill() - at_home.ffill() <= JOURNEY
    places = pd.DataFrame(
        {
            "by": mail["by"].groupby(place).first(),
            "days": number.groupby(place).first(),
            "in_an_hour": mail.groupby([place, hour]).size().groupby(level=0).max(),
            "in_a_day": mail.groupby([place, day]).size().groupby(level=0).max(),
            "together": meanwhile.groupby(place).mean(),
        }
    )
    elsewhere = places[places["days"].gt(USED_TO)].groupby("by")["in_an_hour"].max()
    ever = places["by"].map(elsewhere)  # null: nothing tells what the source is used to
    flood = places["in_an_hour"].ge(SURGE) & places["in_an_hour"].ge(TIMES * ever)
    flood |= places["in_a_day"].ge(SURGE) & places["together"].ge(TOGETHER) & ever.notna()
    colleagues = mail["by"].groupby(mail["network"].fillna("")).transform("nunique")
    return place.map(flood & places["days"].le(USED_TO)) & colleagues.lt(COLLEAGUES)


def neighbourhood(network: pd.Series[str]) -> pd.Series[str]:
    """The half of an IPv4 address, the quarter of an IPv6 one: what a provider may have."""
    return network.str.replace(r"^([^.:]*[.:][^.:]*).*$", r"\1", regex=True)


def has_a_past(mail: pd.DataFrame) -> pd.Series[bool]:
    """Its source sends from the first days of the log on: of who begins later nothing is usual."""
    begins = mail["received"].groupby(mail["by"]).transform("min")
    past: pd.Series[bool] = (begins - mail["received"].min()).le(USED_TO * pd.Timedelta(days=1))
    return past
