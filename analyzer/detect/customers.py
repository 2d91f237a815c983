"""For whom does a source send: under senders of its customers, or under such as it forges?

A web server sends for hundreds of sites, of which most hardly ever write; so does a gateway. Whose
they are the log does not say: a customer's senders come again, few at a time, in all of its time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.detect.measures import QUIET_DAYS, SEVERAL, USUAL_DAYS, different_a_day
from analyzer.detect.surges import has_a_past
from analyzer.detect.under_whom import MANY, MOST_DAYS, always

HALF_AS_MANY_MORE = 1.5  # times
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)


def foreign(mail: pd.DataFrame) -> pd.Series[bool]:
    """To somebody outside, under an outside sender that the source does not use on most days, from
    the first ones on if it has several domains (a new site has one), nor another one of the same
    domain: of a customer's, and not of a provider's with MANY in a day, unless in all of its time,
    and there are not SEVERAL of these: a company whose server sends through us. To whom it writes
    often, it may write in the name of visitors: a form.
    """
    away = mail["sender_side"].eq("outside") & mail["outside"].gt(mail["regular"])
    domain = _domain(mail)
    new_site = domain.where(away).groupby(mail["by"]).transform("nunique").eq(1)
    used = always(mail) & (has_a_past(mail) | new_site)
    others = used.groupby([mail["by"], domain]).transform("max")
    day = mail["received"].dt.floor("D")
    names = mail["origin_sender"].groupby([mail["by"], domain, day]).transform("nunique")
    few_ever = names.groupby([mail["by"], domain]).transform("max").lt(MANY)
    long = _for_long(mail, domain)
    companies = domain.where(long & ~few_ever).groupby(mail["by"]).transform("nunique")
    company = companies.lt(SEVERAL) & (not _of_few_days(mail))  # as long a flood may last
    customers = (others & names.lt(MANY)) | (long & (few_ever | company))
    others_name: pd.Series[bool] = away & ~used & ~customers
    return others_name & ~_seldom(mail, domain, others_name, away & customers)


def _domain(mail: pd.DataFrame) -> pd.Series[str]:
    """The domain of each sender."""
    return mail["origin_sender"].fillna("").str.replace(r"^.*@", "", regex=True).str.lower()


def _of_few_days(mail: pd.DataFrame) -> bool:
    return bool(mail["received"].max() - mail["received"].min() < USUAL_DAYS * DAY)


def _for_long(mail: pd.DataFrame, domain: pd.Series[str]) -> pd.Series[bool]:
    """Under a domain that the source uses now and then in most of the time of the log, under names
    that come again: a web site of little traffic. (A flood lasts for a part of it.) A log of a few
    days tells by the hour.
    """
    received = mail["received"]
    unit = HOUR if _of_few_days(mail) else DAY
    when = received.dt.floor(unit)
    of = when.groupby([mail["by"], domain])
    lasts = of.transform("max") - of.transform("min") + unit  # the first one counts, too
    whole = when.max() - when.min() + unit
    names = mail["origin_sender"].groupby([mail["by"], domain]).transform("nunique")
    long: pd.Series[bool] = of.transform("nunique").ge(USUAL_DAYS) & lasts.gt(MOST_DAYS * whole)
    return long & (2 * names).le(of.transform("size"))


def _seldom(
    mail: pd.DataFrame, domain: pd.Series[str], asked: pd.Series[bool], known: pd.Series[bool]
) -> pd.Series[bool]:
    """Under a domain under which the source sends little on any day, as a web site does that hardly
    anybody visits: the source has not SEVERAL of these at all, nor has the domain SEVERAL sources.
    Or it has MANY customers, whose names come again on another day, and this one does, or there
    are, but by chance, not half as many more that do not as on a quiet day.
    """
    by, day = mail["by"], mail["received"].dt.floor("D")
    a_day = domain.groupby([by, day, domain]).transform("size")
    little = asked & a_day.groupby([by, domain]).transform("max").lt(MANY)
    seldom = domain.where(little).groupby(by).transform("nunique").lt(SEVERAL)
    seldom &= by.groupby(domain).transform("nunique").lt(SEVERAL)
    name = mail["origin_sender"].where(little)
    again = day.groupby([by, name]).transform("nunique").gt(1)
    customers = domain.where(known | again).groupby(by).transform("nunique")
    number = name[~again].groupby([by, day]).nunique()
    quiet = number.groupby(level=0).quantile(QUIET_DAYS).reindex(by).fillna(0.0).to_numpy()
    most = HALF_AS_MANY_MORE * quiet + SEVERAL * np.sqrt(quiet)
    as_usual = different_a_day(mail, name.where(~again)).le(most)
    hardly: pd.Series[bool] = little & (seldom | (customers.ge(MANY) & (again | as_usual)))
    return hardly
