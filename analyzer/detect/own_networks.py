"""From which networks does a source itself send, and which are strange to it?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.clues import share, unlike_others

KNOWN_SHARE = 0.25  # of the recipients of a day's mail from a network that is the source's own
OWN_DAYS = 0.5  # of the days on which a network was used, if it is the source's own
ENOUGH = 3  # recipients that tell something of a network
SHARED = 5  # logins from one address of ours: a webmail, and not somebody's desk
USED_TO = 3  # days after which it shows what a source is used to
STEADY = 0.6  # of the days of a source, with a network that it always had
SURGE, TIMES = 20, 5  # messages in an hour; as many as in the busiest hour from elsewhere


def with_networks(mail: pd.DataFrame) -> pd.DataFrame:
    """Messages with `own` and `strange`, from 0 to 1: how far their network is the source's; with
    `at_home`: whether it is, on whatever day; `always_had`: whether the source used it from the
    beginning; and `surge`: whether it is a flood from where the source never was.

    Its own is one of the site's, or one from where it writes to people it knows, on most days. How
    long a network was used says nothing: a thief may stay for weeks. Whom outside it writes to
    does, as anybody may add one of us. On the day of a mailing its own network speaks neither for
    the source nor against it (both are 0), as where the log names none, or where many of us share
    an address.

    `strange` is 1 where nothing shows that a network is the source's own, a half where little is
    known. It tells the less the more of the other sources are as strange: customers of a provider
    all come from outside.

    Args:
        mail: One row a message, see `analyzer.detect.mail`, with `by`: whose it is.
    """
    place = mail.groupby(["by", mail["network"].fillna("")]).ngroup()
    daily = mail.groupby([place, mail["received"].dt.floor("D")])
    known, outside = (daily[name].transform("sum") for name in ("known", "outside"))
    ordinary = outside.eq(0) | share(known, outside).ge(KNOWN_SHARE)
    once_a_day = daily.cumcount().eq(0)
    most_days = ordinary[once_a_day].groupby(place[once_a_day]).mean().ge(OWN_DAYS)
    inside = mail["address_side"].eq("inside")
    surge = ~inside & _surge(mail)
    its_own = (inside | place.map(most_days)) & ~surge
    users = mail.groupby("client_ip")["by"].transform("nunique").fillna(0)
    told = mail["network"].notna() & ~(inside & users.ge(SHARED))
    enough = its_own | mail["recipients"].groupby(place).transform("sum").ge(ENOUGH)
    strange = (1.0 - its_own).where(enough, 0.5).where(told, 0.0)
    own = (its_own & ordinary & told).astype("float64")
    at_home = (its_own & told).astype("float64")
    return mail.assign(
        own=own,
        at_home=at_home,
        strange=unlike_others(mail, strange),
        always_had=_always_had(mail, place),
        surge=surge,
    )


def _surge(mail: pd.DataFrame) -> pd.Series[bool]:
    """From a part of the world in which the source is on a few days only, and from where it sends
    TIMES as much in an hour as it ever does from elsewhere. It may write to whom its owner knows.

    The neighbourhood of a network, and not the network: a provider gives its customers others.
    """
    part = mail["network"].fillna("").str.replace(r"^([^.:]*[.:][^.:]*).*$", r"\1", regex=True)
    place = mail.groupby(["by", part]).ngroup()
    day, hour = mail["received"].dt.floor("D"), mail["received"].dt.floor("h")
    places = pd.DataFrame(
        {
            "by": mail["by"].groupby(place).first(),
            "days": day.groupby(place).nunique(),
            "busiest": mail.groupby([place, hour]).size().groupby(level=0).max(),
        }
    )
    used = places[places["days"].gt(USED_TO)].groupby("by")["busiest"].max()
    elsewhere = places["by"].map(used)  # null: nothing tells what the source is used to
    surge = places["days"].le(USED_TO) & places["busiest"].ge(SURGE)
    surge &= places["busiest"].ge(TIMES * elsewhere)
    return place.map(surge).astype("bool")


def _always_had(mail: pd.DataFrame, place: pd.Series[int]) -> pd.Series[bool]:
    """From a network that the source had in its first days, and has on most: a branch, a shop."""
    day = mail["received"].dt.floor("D")
    by_day = day.groupby(mail["by"]).rank("dense")
    first = by_day.groupby(place).transform("min").le(USED_TO)
    days = by_day.groupby(mail["by"]).transform("max")
    used = day.groupby(place).transform("nunique")
    always: pd.Series[bool] = first & days.gt(USED_TO) & used.ge(STEADY * days)
    return always
