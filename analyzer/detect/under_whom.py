"""Under which senders does a source send that speaks for or against misuse?

Every measure takes one row a message (`mail.messages`, with `by`: whose it is, what
`own_networks.with_networks` tells, `foreign` and `mailing`) and gives how far each message shows
the sign: 0 to 1, or a number of doublings beyond what is ordinary.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.detect.measures import (
    QUIET_DAYS,
    SEVERAL,
    USUAL_DAYS,
    days_of,
    different_a_day,
    doublings,
    share,
)

MANY = 9  # the same, in so few days that nothing can be usual
MOST_DAYS = 0.6  # of the days on which it sends


def many_senders(mail: pd.DataFrame) -> pd.Series[float]:
    """Senders in a day that it does not use on most: an application writes for all of an office."""
    others = mail["origin_sender"].where(~always(mail))
    return doublings(different_a_day(mail, others), beyond=3) * others.notna()


def many_strangers(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside senders in a day that it does not use otherwise. Of ours, a mail server or a webmail
    behind this one has many.
    """
    strangers = mail["origin_sender"].where(mail["foreign"])
    return doublings(different_a_day(mail, strangers), beyond=MANY) * mail["foreign"]


def many_outside(mail: pd.DataFrame) -> pd.Series[float]:
    """The same, usual or not: who forges may have few names, and use them every day."""
    away = mail["sender_side"].eq("outside") & mail["outside"].gt(0)
    outside = mail["origin_sender"].where(away)
    return doublings(different_a_day(mail, outside), beyond=MANY) * outside.notna()


def foreign_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """One of several outside senders that the source does not use otherwise.

    A web shop or a hosted application may have one of its own: that one alone says nothing.
    """
    return (mail["foreign"] & _one_of_several(mail, mail["foreign"])).astype("float64")


def masked_stranger(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside sender and outside recipient, handed in by a gateway that hides who asked."""
    return (mail["origin_masked"] & mail["sender_side"].eq("outside")).astype("float64")


def usual_sender(mail: pd.DataFrame) -> pd.Series[float]:
    return always(mail).astype("float64")


def names_of_ours(mail: pd.DataFrame) -> pd.Series[float]:
    """To new people, under many more senders of ours in a day than on its other days: the desk of
    one person suddenly writes for all. (A mail server or a webmail behind this one does always.)
    """
    ours = mail["origin_sender"].where(mail["sender_side"].eq("inside") & mail["outside"].gt(0))
    day = [mail["by"], mail["received"].dt.floor("D")]
    a_day = ours.groupby(day).nunique()
    few = a_day.groupby(level=0).quantile(QUIET_DAYS)
    asked = pd.Series(few.reindex(mail["by"]).to_numpy(), mail.index)
    enough = a_day.groupby(level=0).size().gt(USUAL_DAYS).reindex(mail["by"]).to_numpy()
    more = doublings(different_a_day(mail, ours), beyond=SEVERAL * np.maximum(asked, 1))
    return more * share(mail["new"], mail["outside"]) * enough * ours.notna()


def others_names(mail: pd.DataFrame) -> pd.Series[float]:
    """To new people, under one of several senders of ours in a day who send otherwise: the names
    that an infected machine finds.
    """
    others = mail["sends_elsewhere"] & mail["outside"].gt(0)
    several = different_a_day(mail, mail["origin_sender"].where(others)).ge(SEVERAL)
    return share(mail["new"], mail["outside"]) * (others & several)


def invented_names(mail: pd.DataFrame) -> pd.Series[float]:
    """To new people, under many names of ours in a day of which nobody else has heard, unlike
    before. (What a mailing's own returns are called differs in numbers alone.)
    """
    name = mail["origin_sender"].str.lower().str.extract(r"^([a-z]{3,})")[0]
    names = different_a_day(mail, name.where(mail["unheard"]))
    day = [mail["by"], mail["received"].dt.floor("D")]
    quiet = names.groupby(day).first().groupby(level=0).quantile(QUIET_DAYS)
    least = np.maximum(MANY, SEVERAL * quiet.reindex(mail["by"]).to_numpy())
    least = np.where(days_of(mail).gt(USUAL_DAYS), least, MANY)
    return doublings(names, beyond=least) * share(mail["new"], mail["outside"]) * mail["unheard"]


def null_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """Automatic answers carry it."""
    return mail["origin_sender"].eq("").astype("float64")


def passed_on(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["passed_on"].astype("float64")


def not_the_login(mail: pd.DataFrame) -> pd.Series[float]:
    """1 for one of several outside senders, a half for one alone and for one of several of ours,
    if they are neither the login's nor usual, nor of its own domain; nothing for one of ours alone,
    which an application may have beside its login, and where the log names none.
    """
    local, login = (
        mail[column].str.replace(r"@.*$", "", regex=True).str.lower()
        for column in ("origin_sender", "by")
    )
    usual = _usual(mail)
    own = local.eq(login) | usual | mail["origin_sender"].isna() | _of_its_domain(mail, usual)
    several, inside = _one_of_several(mail, ~own), mail["sender_side"].eq("inside")
    shown = np.select([own | (inside & ~several), several & ~inside], [0.0, 1.0], 0.5)
    return pd.Series(shown, index=mail.index)


def _of_its_domain(mail: pd.DataFrame, usual: pd.Series[bool]) -> pd.Series[bool]:
    """Under one or two other names of an outside domain that only this login uses, and usually: a
    provider's customer begins to write as newsletter@ its own. (A thief's names are many.)
    """
    domain = mail["origin_sender"].str.replace(r"^.*@", "", regex=True).str.lower()
    its = [mail["by"], domain.fillna("")]
    alone = mail["by"].groupby(domain).transform("nunique").eq(1)
    others = mail["origin_sender"].where(~usual).groupby(its).transform("nunique")
    of_its: pd.Series[bool] = usual.groupby(its).transform("max") & alone & others.lt(SEVERAL)
    return of_its & mail["sender_side"].eq("outside")


def always(mail: pd.DataFrame) -> pd.Series[bool]:
    """Under a sender that the source uses on most days: a flood may last three."""
    return _usual(mail) & _days_of_sender(mail).gt(MOST_DAYS * days_of(mail))


def _usual(mail: pd.DataFrame) -> pd.Series[bool]:
    """Under a sender that the source uses on several days."""
    return _days_of_sender(mail).ge(USUAL_DAYS)


def _days_of_sender(mail: pd.DataFrame) -> pd.Series[int]:
    """On how many days the source uses the sender of each message."""
    sender = [mail["by"], mail["origin_sender"].fillna("")]
    days: pd.Series[int] = mail["received"].dt.floor("D").groupby(sender).transform("nunique")
    return days


def _one_of_several(mail: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[bool]:
    """Does the source of each message use several senders of this sort; in few days, many?"""
    senders = mail["origin_sender"].where(which).groupby(mail["by"]).transform("nunique")
    several: pd.Series[bool] = senders.ge(SEVERAL)
    return several & (days_of(mail).ge(USUAL_DAYS) | senders.ge(MANY))
