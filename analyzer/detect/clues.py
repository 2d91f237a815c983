"""What do the messages of a source show that speaks for or against misuse?

Every measure takes one row a message (`mail.messages`, with `by`: whose it is) and gives how far
each message shows the sign: 0 to 1, or a number of doublings beyond what is ordinary.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEVERAL = 3  # outside senders that no application needs
USUAL_DAYS = 3  # what a source uses on so many days is its own
KNOWN_SHARE = 0.25  # of the recipients of mail from a network that is the source's own
ENOUGH = 3  # recipients that tell something of a network
AWAKE = 18  # hours of a day
MOST = 4.0  # doublings that count


def new_people(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients that nobody here ever wrote to, and who never wrote to us."""
    return _share(mail["new"], mail["outside"])


def known_people(mail: pd.DataFrame) -> pd.Series[float]:
    return _share(mail["outside"] - mail["new"], mail["outside"])


def among_us(mail: pd.DataFrame) -> pd.Series[float]:
    return mail["outside"].eq(0).astype("float64")


def failed(mail: pd.DataFrame) -> pd.Series[float]:
    """Share of outside recipients that do not exist."""
    return _share(mail["failed"], mail["outside"])


def breadth(mail: pd.DataFrame) -> pd.Series[float]:
    return _doublings(mail["new"], beyond=4)


def burst(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside recipients of this source in the hour, beyond what a person writes to."""
    hour = [mail["by"], mail["received"].dt.floor("h")]
    return _doublings(mail.groupby(hour)["outside"].transform("sum"), beyond=30)


def round_the_clock(mail: pd.DataFrame) -> pd.Series[float]:
    """The source sends in more hours of the day than people are awake."""
    day = [mail["by"], mail["received"].dt.floor("D")]
    hours = mail["received"].dt.floor("h").groupby(day).transform("nunique")
    beyond: pd.Series[float] = ((hours - AWAKE) / (24 - AWAKE)).clip(0, 1).astype("float64")
    return beyond


def many_senders(mail: pd.DataFrame) -> pd.Series[float]:
    return _doublings(_a_day(mail, "origin_sender"), beyond=3)


def many_networks(mail: pd.DataFrame) -> pd.Series[float]:
    return _doublings(_a_day(mail, "network"), beyond=4)


def foreign_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """One of several outside senders that the source does not use otherwise.

    A web shop or a hosted application may have one of its own: that one alone says nothing.
    """
    return (_foreign(mail) & _one_of_several(mail, _foreign(mail))).astype("float64")


def masked_stranger(mail: pd.DataFrame) -> pd.Series[float]:
    """Outside sender and outside recipient, handed in by a gateway that hides who asked."""
    return (mail["origin_masked"] & mail["sender_side"].eq("outside")).astype("float64")


def usual_sender(mail: pd.DataFrame) -> pd.Series[float]:
    return _usual(mail, "origin_sender").astype("float64")


def null_sender(mail: pd.DataFrame) -> pd.Series[float]:
    """Automatic answers carry it."""
    return mail["origin_sender"].eq("").astype("float64")


def not_the_login(mail: pd.DataFrame) -> pd.Series[float]:
    """1 for an outside sender, a half for one of ours that is neither the login's nor usual."""
    local, login = (
        mail[column].str.replace(r"@.*$", "", regex=True).str.lower()
        for column in ("origin_sender", "by")
    )
    own = local.eq(login) | _usual(mail, "origin_sender")
    others = ~own
    foreign = mail["sender_side"].eq("outside") & _one_of_several(mail, others)
    return pd.Series(np.select([own, foreign], [0.0, 1.0], 0.5), index=mail.index)


def strange_network(mail: pd.DataFrame) -> pd.Series[float]:
    """1 where nothing shows that the network is the source's own, a half where little is known."""
    own = own_network(mail)
    seen = mail.groupby([mail["by"], mail["network"].fillna("")])["recipients"].transform("sum")
    return (1.0 - own).where(own.gt(0) | seen.ge(ENOUGH), 0.5)


def own_network(mail: pd.DataFrame) -> pd.Series[float]:
    """One of the site's, or one from where the source writes to people it knows.

    How long a network was used says nothing: a thief may stay for weeks. Whom it writes to does.
    """
    network = [mail["by"], mail["network"].fillna("")]
    known = (mail["recipients"] - mail["new"]).groupby(network).transform("sum")
    everybody = mail["recipients"].groupby(network).transform("sum")
    own = mail["address_side"].eq("inside") | _share(known, everybody).ge(KNOWN_SHARE)
    return own.astype("float64")


def companions(mail: pd.DataFrame) -> pd.Series[float]:
    """The client used another login that was certainly misused: thieves own several."""
    return mail["companion"].astype("float64")


def guessed(mail: pd.DataFrame) -> pd.Series[float]:
    """The client had failed logins in the day before, as one who guesses has."""
    return mail["guesses"].ge(10).astype("float64")


def _usual(mail: pd.DataFrame, column: str) -> pd.Series[bool]:
    day = mail["received"].dt.floor("D")
    days = day.groupby([mail["by"], mail[column].fillna("")]).transform("nunique")
    usual: pd.Series[bool] = days.ge(USUAL_DAYS)
    return usual


def _foreign(mail: pd.DataFrame) -> pd.Series[bool]:
    return mail["sender_side"].eq("outside") & ~_usual(mail, "origin_sender")


def _one_of_several(mail: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[bool]:
    """Does the source of each message use several senders of this sort?"""
    senders = mail["origin_sender"].where(which).groupby(mail["by"]).transform("nunique")
    several: pd.Series[bool] = senders.ge(SEVERAL)
    return several


def _a_day(mail: pd.DataFrame, column: str) -> pd.Series[int]:
    """How many different values its source used on the day of each message."""
    return mail.groupby([mail["by"], mail["received"].dt.floor("D")])[column].transform("nunique")


def _share(part: pd.Series[Any], whole: pd.Series[Any]) -> pd.Series[float]:
    return (part / whole.replace(0, np.nan)).fillna(0.0).astype("float64")


def _doublings(number: pd.Series[Any], beyond: float) -> pd.Series[float]:
    """How often *beyond* must be doubled to reach each number; 0 up to it."""
    times = np.log2(np.maximum(number.to_numpy(np.float64), beyond) / beyond)
    return pd.Series(np.minimum(times, MOST), index=number.index)
