"""To whom, and to how many, does a source send that speaks for or against misuse?

Measures as in `under_whom`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analyzer.detect.from_where import odd_hours, strange_network
from analyzer.detect.measures import (
    QUIET_DAYS,
    SEVERAL,
    USUAL_DAYS,
    different_a_day,
    doublings,
    share,
    unlike_others,
)
from analyzer.detect.under_whom import always

NEARLY_ALL = 0.9  # of whom it writes to on its quiet days are new, if it always writes to such
USUAL_DEAD = 0.05  # of the recipients of honest mail, too, do not exist
OLD_LIST = 0.125  # of those of a mailing to an old list
OLDER_LIST = 0.25  # the same, where some write back
ANSWERS, ENOUGH = 0.005, 5  # share and number of a day's recipients who write back
BUSY, LONGEST = 0.05, 8  # share of a day's recipients in a busy hour; such hours of a mailing
USUAL_SPAM = 0.2  # of those of an honest mailing are with a provider to whom a newsletter is spam
PERHAPS = 0.5  # so strange is a network of which little is known
FLOOD, TIMES = 100, 20  # new people in a day; as many as on most days


def new_people(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients that nobody here ever wrote to, and who never wrote to us.

    It tells the less the more of the other sources are as new to theirs: in a log of a day all are.
    """
    return unlike_others(mail, share(mail["new"], mail["outside"]))


def new_people_unlike_before(mail: pd.DataFrame) -> pd.Series[float]:
    """The same, but of a login whose owner always writes to such people: to applicants, to buyers.
    (A script that does may have been misused all the time.)
    """
    day = [mail["by"], mail["received"].dt.floor("D")]
    new, outside = (mail[name].groupby(day).sum() for name in ("new", "outside"))
    of_a_day = share(new, outside)[outside.gt(0)].groupby(level=0)
    always = of_a_day.quantile(QUIET_DAYS).ge(NEARLY_ALL) & of_a_day.size().gt(USUAL_DAYS)
    return new_people(mail) * ~mail["by"].map(always).eq(True)


def known_people(mail: pd.DataFrame) -> pd.Series[float]:
    """Not in a flood from where the source never was: a thief has the owner's letters, and list."""
    return share(mail["known"], mail["outside"]) * ~mail["surge"]


def among_us(mail: pd.DataFrame) -> pd.Series[float]:
    return (mail["outside"].eq(0) & ~mail["surge"]).astype("float64")


def failed(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients that do not exist, beyond what honest mail has in a day: more,
    where it may be a mailing to an old list.

    Of whom nothing is known, as the server was not reached or took us for a spammer, do not count.
    """
    return _beyond(mail, "failed", _of_a_list(mail))


def failed_of_a_list(mail: pd.DataFrame) -> pd.Series[float]:
    """The same of what may be a mailing, as far as an old list has it."""
    return _beyond(mail, "failed", USUAL_DEAD) - _beyond(mail, "failed", _of_a_list(mail))


def nearly_all_exist(mail: pd.DataFrame, of: pd.Series[int]) -> pd.Series[bool]:
    """Of those to whom a part of the mail went, no more fail than of honest mail, but by chance.

    Args:
        of: Which part each message is of.
    """
    return _fail_at_most(mail, of, USUAL_DEAD)


def at_most_old(mail: pd.DataFrame) -> pd.Series[bool]:
    """On a day of which no more fail than of an old list, but by chance."""
    return _fail_at_most(mail, [mail["by"], mail["received"].dt.floor("D")], OLD_LIST)


def _fail_at_most(mail: pd.DataFrame, of: Any, usual: float) -> pd.Series[bool]:
    dead, taken = (mail[name].groupby(of).transform("sum") for name in ("failed", "taken"))
    few: pd.Series[bool] = dead.le(_by_chance(usual * (dead + taken)))
    return few


def _by_chance(expected: Any) -> Any:
    """How many there may be where so many are expected: of few more, and there are many days."""
    return expected + np.sqrt(expected)


def _of_a_list(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of the recipients of an honest day who do not exist, at most."""
    old = pd.Series(np.where(answered(mail), OLDER_LIST, OLD_LIST), mail.index)
    return old.where(mail["mailing"], USUAL_DEAD)


def answered(mail: pd.DataFrame) -> pd.Series[bool]:
    """Some of a day's recipients wrote to us afterwards, as readers of a mailing do."""
    day = mail.groupby([mail["by"], mail["received"].dt.floor("D")])
    answers, outside = (day[name].transform("sum") for name in ("answers", "outside"))
    wrote: pd.Series[bool] = answers.ge(ENOUGH) & answers.ge(ANSWERS * outside)
    return wrote


def mailing(mail: pd.DataFrame) -> pd.Series[bool]:
    """May it be one: under one sender or two, not new to the source or one of ours that gets
    answers or that nobody else has, from no strange place or from the only one of the source, in a
    part of the day, and of the hours in which the source never sends in one at most?
    """
    senders = different_a_day(mail, mail["origin_sender"].where(mail["outside"].gt(0)))
    day, hour = (mail["received"].dt.floor(unit) for unit in ("D", "h"))
    odd = different_a_day(mail, hour.where(odd_hours(mail).gt(0)))
    in_an_hour, in_a_day = (
        mail["outside"].groupby([mail["by"], of]).transform("sum") for of in (hour, day)
    )
    busy = different_a_day(mail, hour.where(in_an_hour.ge(BUSY * in_a_day)))
    begins = day.groupby(mail["by"]).transform("min")
    used = day.groupby([mail["by"], mail["origin_sender"].fillna("")]).transform("min")
    ours = mail["sender_side"].eq("inside") & (answered(mail) | mail["nobody_elses"])
    own = used.lt(day) | used.eq(begins) | ours
    places = mail["network"].fillna("").groupby(mail["by"]).transform("nunique")
    few = senders.lt(SEVERAL) & odd.le(1) & busy.le(LONGEST)
    may_be: pd.Series[bool] = few & own & (mail["strange"].eq(0) | places.eq(1))
    return may_be


def called_spam(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients whose servers refused it as spam, beyond what a mailing has.

    It tells the less the more of the other sources were refused so: then it is the server's name.
    """
    return unlike_others(mail, _beyond(mail, "spam", USUAL_SPAM))


def breadth(mail: pd.DataFrame) -> pd.Series[float]:
    return doublings(mail["new"], beyond=4)


def burst(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside recipients of this source in the hour, beyond what a person writes to."""
    hour = [mail["by"], mail["received"].dt.floor("h")]
    return doublings(mail.groupby(hour)["outside"].transform("sum"), beyond=30)


def strange_breadth(mail: pd.DataFrame) -> pd.Series[float]:
    """As `breadth`, from a network that is not the source's own: there the owner has no list."""
    return breadth(mail) * _strange(mail)


def strange_burst(mail: pd.DataFrame) -> pd.Series[float]:
    return burst(mail) * _strange(mail)


def _strange(mail: pd.DataFrame) -> pd.Series[float]:
    """As `strange_network`, but for what may as well be the source's own."""
    strange = strange_network(mail)
    return strange.where(strange.gt(PERHAPS), 0.0)


def unlike_other_days(mail: pd.DataFrame) -> pd.Series[float]:
    """To FLOOD new people in a day, and TIMES as many as on most, under the sender that it always
    uses, where more do not exist than in honest mail, or it is the name of this server, which no
    mailing has. A mailing to an old list looks so, too.
    """
    day = [mail["by"], mail["received"].dt.floor("D")]
    a_day = mail["new"].groupby(day).sum().groupby(level=0)
    usual = a_day.median()[a_day.size().ge(USUAL_DAYS)].clip(lower=1)
    new = mail["new"].groupby(day).transform("sum")
    flood = new.ge(FLOOD) & new.ge(TIMES * mail["by"].map(usual))
    domain = mail["origin_sender"].str.lower().str.extract(r"^[^@]+(?:@([^.]*))?")[0]
    here = domain.isna() | domain.eq(mail["server"].str.lower().str.extract(r"^([^.]+)")[0])
    here &= mail["origin_sender"].ne("")
    flood &= (~_fail_at_most(mail, day, USUAL_DEAD) | here) & always(mail)
    return flood.astype("float64")


def unlike_other_days_elsewhere(mail: pd.DataFrame) -> pd.Series[float]:
    """The same, but for the desk of a login, from where its owner sends mailings."""
    return unlike_other_days(mail) * mail["at_home"].eq(0)


def _beyond(mail: pd.DataFrame, column: str, usual: Any) -> pd.Series[float]:
    """Share of outside recipients that are so, less where few of the source's day are."""
    day = mail.groupby([mail["by"], mail["received"].dt.floor("D")])
    so, taken = (day[name].transform("sum") for name in (column, "taken"))
    by_chance = _by_chance(usual * (so + taken))
    return share(mail[column], mail["outside"]) * (1.0 - share(by_chance, so)).clip(0)
