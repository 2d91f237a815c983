"""From which networks does a source itself send, and which are strange to it?"""

from __future__ import annotations

import pandas as pd

from analyzer.detect.measures import QUIET_DAYS, different_a_day, share, unlike_others
from analyzer.detect.own_cloud import theirs
from analyzer.detect.surges import USED_TO, has_a_past, neighbourhood, surges
from analyzer.detect.under_whom import not_the_login

KNOWN_SHARE = 0.25  # of the recipients of a day's mail from a network that is the source's own
PARTS = 9  # of the world, in which nobody is in a day
FORGED_SHARE = 0.25  # of the messages from a network, if it is not the source's own
OWN_DAYS = 0.5  # of the days on which a network was used, if it is the source's own
DAY = pd.Timedelta(days=1)
MANY, MOSTLY = 20, 0.5  # recipients outside in a day, and how many of them its owner knows
ENOUGH = 3  # recipients that tell something of a network
SHARED = 5  # logins from one address of ours: a webmail, and not somebody's desk
STEADY = 0.6  # of the days of a source, with a network that it always had
AS_MUCH = 3  # times what usually comes from strange networks in a day


def with_networks(mail: pd.DataFrame) -> pd.DataFrame:
    """Messages with `own` and `strange`, from 0 to 1: how far their network is the source's; with
    `at_home`: whether it is, on whatever day; `always_had`: whether the source used it, or as many
    strange ones, from the beginning; and `surge`: whether it is a flood from where it never was.

    Its own is one of the site's, or one from where it writes to people it knows, on most days. How
    long a network was used says nothing: a thief may stay for weeks. Whom outside it writes to
    does, as anybody may add one of us. On the day of a mailing its own network speaks neither for
    the source nor against it (both are 0), as where the log names none, or where many of us share
    an address. A network from where it once wrote to many, most of them new, is not its own; nor
    one from where much goes out under outside senders, nor one of many in a day: a thief writes to
    people it knows, too.

    `strange` is 1 where nothing shows that a network is the source's own, a half where little is
    known, where it is next to one of its own, of whose provider it may be, or Exchange Online's,
    from where all mailboxes of ours there send, and their thieves. It tells the less the more of
    the other sources are as strange: customers of a provider all come from outside.

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
    ordinary |= inside & outside.lt(ENOUGH)  # no mailing
    surge = ~inside & surges(mail)
    once = _once(mail, place) & outside.ge(MANY) & share(known, outside).lt(MOSTLY)
    its_own = (inside | (place.map(most_days) & ~once & ~_thiefs(mail, place))) & ~surge
    told = mail["network"].notna() & ~(inside & users(mail).ge(SHARED))
    told_by_place = its_own | ~theirs(mail["client_ip"], mail["client_ip"].notna())
    enough = its_own | mail["recipients"].groupby(place).transform("sum").ge(ENOUGH)
    near = [mail["by"], neighbourhood(mail["network"].fillna(""))]
    enough &= its_own | ~(its_own & ~inside).groupby(near).transform("max")
    strange = (1.0 - its_own).where(enough & told_by_place, 0.5).where(told, 0.0)
    own = (its_own & ordinary & told).astype("float64")
    at_home = (its_own & told).astype("float64")
    return mail.assign(
        own=own,
        at_home=at_home,
        strange=unlike_others(mail, strange),
        always_had=_always_had(mail, place) | _as_always(mail, strange.gt(0)),
        surge=surge,
    )


def users(mail: pd.DataFrame) -> pd.Series[int]:
    """How many send from the address of each message."""
    number: pd.Series[int] = mail.groupby("client_ip")["by"].transform("nunique").fillna(0)
    return number


def _thiefs(mail: pd.DataFrame, place: pd.Series[int]) -> pd.Series[bool]:
    """From a network from where much of the mail is under several outside senders; or on days only
    on which the source is in PARTS of the world or more, and far more than on its quiet ones.
    """
    forged: pd.Series[bool] = not_the_login(mail).eq(1.0)
    forges = forged.groupby(place).transform("mean").ge(FORGED_SHARE)
    part = neighbourhood(mail["network"].fillna("")).where(mail["address_side"].ne("inside"))
    day = [mail["by"], mail["received"].dt.floor("D")]
    quiet = part.groupby(day).nunique().groupby(level=0).quantile(QUIET_DAYS)
    usual = mail["by"].map(quiet).clip(lower=1)
    parts = different_a_day(mail, part)
    everywhere = parts.ge(PARTS) & parts.ge(AS_MUCH * usual)
    return forges | everywhere.groupby(place).transform("min")


def _once(mail: pd.DataFrame, place: pd.Series[int]) -> pd.Series[bool]:
    """From a network from where the source sends within a day only, in a log of several."""
    times = mail["received"].groupby(place)
    within: pd.Series[bool] = (times.transform("max") - times.transform("min")).le(DAY)
    several = mail["received"].max() - mail["received"].min() > USED_TO * DAY
    return within & bool(several)


def _always_had(mail: pd.DataFrame, place: pd.Series[int]) -> pd.Series[bool]:
    """From a network that the source had in its first days, and has on most: a branch, a shop."""
    day = mail["received"].dt.floor("D")
    by_day = day.groupby(mail["by"]).rank("dense")
    first = by_day.groupby(place).transform("min").le(USED_TO)
    days = by_day.groupby(mail["by"]).transform("max")
    used = day.groupby(place).transform("nunique")
    always: pd.Series[bool] = first & days.gt(USED_TO) & used.ge(STEADY * days) & has_a_past(mail)
    return always


def _as_always(mail: pd.DataFrame, strange: pd.Series[bool]) -> pd.Series[bool]:
    """On a day on which the source sends about as much from strange networks as on most others,
    since its first days: an application in a cloud, colleagues at home.
    """
    day = mail["received"].dt.floor("D")
    by_day = day.groupby(mail["by"]).rank("dense")
    days = by_day.groupby(mail["by"]).transform("max")
    number = strange.groupby([mail["by"], day]).sum()
    away = number[number.gt(0)].groupby(level=0).agg(["size", "median"])
    steady = mail["by"].map(away["size"]).ge(STEADY * days) & days.gt(USED_TO)
    began = by_day[strange].groupby(mail["by"]).min()
    steady &= mail["by"].map(began).le(USED_TO) & has_a_past(mail)
    a_day = strange.groupby([mail["by"], day]).transform("sum")
    always: pd.Series[bool] = steady & a_day.le(AS_MUCH * mail["by"].map(away["median"]))
    return always
