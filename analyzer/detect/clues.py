"""What do the messages of a source show that speaks for or against misuse?

Every measure takes one row a message (`mail.messages`, with `by`: whose it is, what
`own_networks.with_networks` tells, and `mailing`) and gives how far each message shows the sign: 0
to 1, or a number of doublings beyond what is ordinary.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEVERAL = 3  # outside senders that no application needs, and that it does not use every day
MANY = 9  # the same, in so few days that nothing can be usual
USUAL_DAYS = 3  # what a source uses on so many days is its own
MOST_DAYS = 0.6  # of the days on which it sends
FEW = 3  # other sources, which tell little of what is usual
USUAL_DEAD = 0.05  # of the recipients of honest mail, too, do not exist
OLD_LIST = 0.125  # of those of a mailing to an old list
OLDER_LIST = 0.25  # the same, where some write back
ANSWERS, ENOUGH = 0.005, 5  # share and number of a day's recipients who write back
BUSY, LONGEST = 0.05, 8  # share of a day's recipients in a busy hour; such hours of a mailing
USUAL_SPAM = 0.2  # of those of an honest mailing are with a provider to whom a newsletter is spam
FLOOD, TIMES = 100, 20  # new people in a day; as many as on most days
AWAKE = 18  # hours of a day
BY_NIGHT = 0.6  # of the messages from a network are at odd hours, if it is not used by day as well
QUIET_DAYS = 0.25  # of its days on which a source sends least
MOST = 4.0  # doublings that count
HOUR = pd.Timedelta(hours=1)


def new_people(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients that nobody here ever wrote to, and who never wrote to us.

    It tells the less the more of the other sources are as new to theirs: in a log of a day all are.
    """
    return unlike_others(mail, share(mail["new"], mail["outside"]))


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
    answers, from no strange place, in a part of the day, and of the hours in which the source never
    sends in one at most?
    """
    senders = _a_day(mail, mail["origin_sender"].where(mail["outside"].gt(0)))
    day, hour = (mail["received"].dt.floor(unit) for unit in ("D", "h"))
    odd = _a_day(mail, hour.where(odd_hours(mail).gt(0)))
    in_an_hour, in_a_day = (
        mail["outside"].groupby([mail["by"], of]).transform("sum") for of in (hour, day)
    )
    busy = _a_day(mail, hour.where(in_an_hour.ge(BUSY * in_a_day)))
    begins = day.groupby(mail["by"]).transform("min")
    used = day.groupby([mail["by"], mail["origin_sender"].fillna("")]).transform("min")
    own = used.lt(day) | used.eq(begins) | (answered(mail) & mail["sender_side"].eq("inside"))
    few = senders.lt(SEVERAL) & odd.le(1) & busy.le(LONGEST)
    may_be: pd.Series[bool] = few & own & mail["strange"].eq(0)
    return may_be


def called_spam(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients whose servers refused it as spam, beyond what a mailing has.

    It tells the less the more of the other sources were refused so: then it is the server's name.
    """
    return unlike_others(mail, _beyond(mail, "spam", USUAL_SPAM))


def breadth(mail: pd.DataFrame) -> pd.Series[float]:
    return _doublings(mail["new"], beyond=4)


def burst(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside recipients of this source in the hour, beyond what a person writes to."""
    hour = [mail["by"], mail["received"].dt.floor("h")]
    return _doublings(mail.groupby(hour)["outside"].transform("sum"), beyond=30)


def strange_breadth(mail: pd.DataFrame) -> pd.Series[float]:
    """As `breadth`, from a network that is not the source's own: there the owner has no list."""
    return breadth(mail) * strange_network(mail)


def strange_burst(mail: pd.DataFrame) -> pd.Series[float]:
    return burst(mail) * strange_network(mail)


def unlike_other_days(mail: pd.DataFrame) -> pd.Series[float]:
    """To FLOOD new people in a day, and TIMES as many as on most, under the sender that it always
    uses, where more do not exist than in honest mail, or it is the name of this server, which no
    mailing has. A mailing to an old list looks so, too.
    """
    by, day = mail["by"], mail["received"].dt.floor("D")
    a_day = mail["new"].groupby([by, day]).sum().groupby(level=0)
    usual = a_day.median()[a_day.size().ge(USUAL_DAYS)].clip(lower=1)
    new, dead, taken = (
        mail[name].groupby([by, day]).transform("sum") for name in ("new", "failed", "taken")
    )
    flood = new.ge(FLOOD) & new.ge(TIMES * by.map(usual))
    expected = USUAL_DEAD * (dead + taken)
    domain = mail["origin_sender"].str.lower().str.extract(r"^[^@]+(?:@([^.]*))?")[0]
    here = domain.isna() | domain.eq(mail["server"].str.lower().str.extract(r"^([^.]+)")[0])
    here &= mail["origin_sender"].ne("")
    flood &= (dead.gt(expected + np.sqrt(expected)) | here) & always(mail)
    return flood.astype("float64")


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


def odd_hours(mail: pd.DataFrame) -> pd.Series[float]:
    """At or next to an hour of the day at which the source sends on none of several other days.

    Where it sends from its own networks on so many days, these tell: a thief may come every night.
    """
    day, hour = mail["received"].dt.floor("D"), mail["received"].dt.floor("h")
    home = mail["at_home"].eq(1)
    days_at_home = day.where(home).groupby(mail["by"]).transform("nunique")
    tells = home | days_at_home.le(USUAL_DAYS)
    sent = pd.DataFrame({"by": mail["by"], "hour": hour})[tells].drop_duplicates()
    # A night belongs to two days: what is next to midnight is on the day that it is next to.
    near = pd.concat([sent.assign(hour=sent["hour"] + HOUR * by) for by in (-1, 0, 1)])
    near = near.drop_duplicates()
    days = near.groupby(["by", near["hour"].dt.hour]).size()
    asked = pd.MultiIndex.from_arrays([mail["by"], hour.dt.hour])
    several = day.groupby(mail["by"]).transform("nunique").gt(USUAL_DAYS)
    odd: pd.Series[bool] = several & (days.reindex(asked, fill_value=0).to_numpy() <= 1)
    return odd.astype("float64")


def many_senders(mail: pd.DataFrame) -> pd.Series[float]:
    return _doublings(_a_day(mail, mail["origin_sender"]), beyond=3)


def many_strangers(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside senders in a day that it does not use otherwise. Of ours, a mail server or a webmail
    behind this one has many.
    """
    foreign = _foreign(mail)
    return _doublings(_a_day(mail, mail["origin_sender"].where(foreign)), beyond=MANY) * foreign


def many_outside(mail: pd.DataFrame) -> pd.Series[float]:
    """The same, usual or not: who forges may have few names, and use them every day."""
    away = mail["sender_side"].eq("outside") & mail["outside"].gt(0)
    outside = mail["origin_sender"].where(away)
    return _doublings(_a_day(mail, outside), beyond=MANY) * outside.notna()


def many_networks(mail: pd.DataFrame) -> pd.Series[float]:
    """Networks in a day that are not the source's own: a telephone has many, and a desk beside.
    Those of branches, which it always had, are not counted.
    """
    strange = strange_network(mail) * ~mail["always_had"]
    networks = _a_day(mail, mail["network"].where(strange.gt(0)))
    return _doublings(networks, beyond=4) * strange.gt(0)


def foreign_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """One of several outside senders that the source does not use otherwise.

    A web shop or a hosted application may have one of its own: that one alone says nothing.
    """
    foreign = _foreign(mail)
    return (foreign & _one_of_several(mail, foreign)).astype("float64")


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
    more = _doublings(_a_day(mail, ours), beyond=SEVERAL * np.maximum(asked, 1))
    return more * share(mail["new"], mail["outside"]) * enough * ours.notna()


def others_names(mail: pd.DataFrame) -> pd.Series[float]:
    """To new people, under one of several senders of ours in a day who send otherwise: the names
    that an infected machine finds.
    """
    others = mail["sends_elsewhere"] & mail["outside"].gt(0)
    several = _a_day(mail, mail["origin_sender"].where(others)).ge(SEVERAL)
    return share(mail["new"], mail["outside"]) * (others & several)


def invented_names(mail: pd.DataFrame) -> pd.Series[float]:
    """To new people, under many names of ours in a day of which nobody else has heard, unlike
    before. (What a mailing's own returns are called differs in numbers alone.)
    """
    name = mail["origin_sender"].str.lower().str.extract(r"^([a-z]{3,})")[0]
    names = _a_day(mail, name.where(mail["unheard"]))
    day = [mail["by"], mail["received"].dt.floor("D")]
    quiet = names.groupby(day).first().groupby(level=0).quantile(QUIET_DAYS)
    least = np.maximum(MANY, SEVERAL * quiet.reindex(mail["by"]).to_numpy())
    least = np.where(_days(mail).gt(USUAL_DAYS), least, MANY)
    return _doublings(names, beyond=least) * share(mail["new"], mail["outside"]) * mail["unheard"]


def null_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """Automatic answers carry it."""
    return mail["origin_sender"].eq("").astype("float64")


def passed_on(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["passed_on"].astype("float64")


def not_the_login(mail: pd.DataFrame) -> pd.Series[float]:
    """1 for an outside sender, a half for one of ours that is neither the login's nor usual, and
    nothing where the log names none.
    """
    local, login = (
        mail[column].str.replace(r"@.*$", "", regex=True).str.lower()
        for column in ("origin_sender", "by")
    )
    own = local.eq(login) | _usual(mail, "origin_sender") | mail["origin_sender"].isna()
    others = ~own
    foreign = mail["sender_side"].eq("outside") & _one_of_several(mail, others)
    return pd.Series(np.select([own, foreign], [0.0, 1.0], 0.5), index=mail.index)


def strange_network(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["strange"]


def two_places(mail: pd.DataFrame) -> pd.Series[float]:
    """From a strange network to new people, in an hour in which it also sends from its own; or on
    such a day, when it never does from there. Not from one that it always had, by day as well, such
    as a shop's.
    """
    new = share(mail["new"], mail["outside"])
    by_hour, by_day = (
        mail["at_home"].groupby([mail["by"], mail["received"].dt.floor(unit)]).transform("max")
        for unit in ("h", "D")
    )
    odd = odd_hours(mail)
    there = odd.groupby([mail["by"], mail["network"].fillna("")])
    by_night = there.transform("mean").ge(BY_NIGHT)
    strange = strange_network(mail) * (~mail["always_had"] | by_night)
    return strange * new * np.maximum(by_hour, by_day * odd)


def own_network(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["own"]


def companions(mail: pd.DataFrame) -> pd.Series[float]:
    """The client used another login that was certainly misused: thieves own several."""
    return mail["companion"].astype("float64")


def guessed(mail: pd.DataFrame) -> pd.Series[float]:
    """The client had failed logins in the day before, as one who guesses has."""
    return mail["guesses"].ge(10).astype("float64")


def _beyond(mail: pd.DataFrame, column: str, usual: Any) -> pd.Series[float]:
    """Share of outside recipients that are so, less where few of the source's day are."""
    day = mail.groupby([mail["by"], mail["received"].dt.floor("D")])
    so, taken = (day[name].transform("sum") for name in (column, "taken"))
    expected = usual * (so + taken)
    by_chance = expected + np.sqrt(expected)  # of few there may be more, and there are many days
    return share(mail[column], mail["outside"]) * (1.0 - share(by_chance, so)).clip(0)


def _usual(mail: pd.DataFrame, column: str) -> pd.Series[bool]:
    day = mail["received"].dt.floor("D")
    days = day.groupby([mail["by"], mail[column].fillna("")]).transform("nunique")
    usual: pd.Series[bool] = days.ge(USUAL_DAYS)
    return usual


def _days(mail: pd.DataFrame) -> pd.Series[int]:
    """On how many days its source sends."""
    days: pd.Series[int] = mail["received"].dt.floor("D").groupby(mail["by"]).transform("nunique")
    return days


def _foreign(mail: pd.DataFrame) -> pd.Series[bool]:
    """To somebody outside, under an outside sender that the source does not use on most days, nor
    another one of the same domain: of a customer's, and not of a provider's with MANY in a day.
    """
    away = mail["sender_side"].eq("outside") & mail["outside"].gt(0)
    domain = mail["origin_sender"].fillna("").str.replace(r"^.*@", "", regex=True).str.lower()
    used = always(mail)
    others = used.groupby([mail["by"], domain]).transform("max")
    day = mail["received"].dt.floor("D")
    names = mail["origin_sender"].groupby([mail["by"], domain, day]).transform("nunique")
    foreign: pd.Series[bool] = away & ~used & ~(others & names.lt(MANY))
    return foreign


def always(mail: pd.DataFrame) -> pd.Series[bool]:
    """Under a sender that the source uses on most days: a flood may last three."""
    day = mail["received"].dt.floor("D")
    days = day.groupby(mail["by"]).transform("nunique")
    used = day.groupby([mail["by"], mail["origin_sender"].fillna("")]).transform("nunique")
    usual: pd.Series[bool] = _usual(mail, "origin_sender") & used.gt(MOST_DAYS * days)
    return usual


def _one_of_several(mail: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[bool]:
    """Does the source of each message use several senders of this sort; in few days, many?"""
    senders = mail["origin_sender"].where(which).groupby(mail["by"]).transform("nunique")
    days = mail["received"].dt.floor("D").groupby(mail["by"]).transform("nunique")
    several: pd.Series[bool] = senders.ge(SEVERAL) & (days.ge(USUAL_DAYS) | senders.ge(MANY))
    return several


def _a_day(mail: pd.DataFrame, values: pd.Series[str]) -> pd.Series[int]:
    """How many different values its source used on the day of each message."""
    return values.groupby([mail["by"], mail["received"].dt.floor("D")]).transform("nunique")


def unlike_others(mail: pd.DataFrame, shown: pd.Series[float]) -> pd.Series[float]:
    """What is shown, less where other sources mostly show it: what is usual here tells little."""
    mostly = shown.groupby(mail["by"]).mean().ge(0.5)
    others = (mostly.sum() - mostly) / (len(mostly) - 1 + FEW)
    return shown * (1.0 - mail["by"].map(others))


def share(part: pd.Series[Any], whole: pd.Series[Any]) -> pd.Series[float]:
    return (part / whole.replace(0, np.nan)).fillna(0.0).astype("float64")


def _doublings(number: pd.Series[Any], beyond: Any) -> pd.Series[float]:
    """How often *beyond* must be doubled to reach each number; 0 up to it."""
    least = np.asarray(beyond, np.float64)
    times = np.log2(np.maximum(number.to_numpy(np.float64), least) / least)
    return pd.Series(np.minimum(times, MOST), index=number.index)
