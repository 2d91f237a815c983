"""What do receive protocols tell of a session: which login, which connector, which right?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analyzer.messages.addresses import canonical_ips
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events

COLUMNS = [
    "rank",
    "time",
    "server",
    "client_ip",
    "connector",
    "session_id",
    "action",
    "reply",
    "stage",
    *PLACE,
]
AGE = pd.Timedelta(minutes=10)  # from MAIL FROM at the front end to the row in tracking
RIGHT = "SMTPAcceptAnyRecipient"
LOGIN = r"(?i)authenticated"
PERMISSIONS = r"(?i)set session permissions$"
MAIL_FROM = r"(?i)^MAIL FROM:\s*<(?P<sender>[^>]*)>"


@dataclass
class Sessions:
    """`told`: one row a session id: `login`, `connector`, `right`. `mails`: its MAIL FROM lines."""

    told: pd.DataFrame
    mails: pd.DataFrame

    @classmethod
    def of(cls, slices: Iterable[Events]) -> Sessions:
        """What all lines tell; some of them at a time are in memory."""
        told = [_telling(frame(lines, "session", COLUMNS)) for lines in slices]
        rows = pd.concat(told or [frame({}, "session", COLUMNS)])
        rows = rows.sort_values("rank", kind="stable", ignore_index=True)
        logins = rows[says(rows, LOGIN)].groupby("session_id")["reply"].first()
        # Before any login.
        grants = rows[says(rows, PERMISSIONS)].drop_duplicates("session_id")
        granted = grants["reply"].astype("str").str.contains(RIGHT, regex=False)
        of_id = rows.groupby("session_id")[["connector"]].first()
        right = of_id.index.isin(grants["session_id"][granted])
        return cls(of_id.assign(login=logins.reindex(of_id.index), right=right), _mails(rows))

    def by_id(self, ids: pd.Series) -> pd.DataFrame:
        """What is known of each session id; nulls without one."""
        return self.told.reindex(ids.astype("object").str.upper()).set_index(ids.index)

    def by_sender(self, known: pd.DataFrame) -> pd.DataFrame:
        """What is known of each leg's session: the same client and sender, just before."""
        nothing = pd.DataFrame({"login": None, "connector": None, "right": None}, index=known.index)
        asked = known.loc[
            known["submission"].eq("smtp"), ["received", "client_ip", "sender"]
        ].dropna()
        if self.mails.empty or asked.empty:
            return nothing
        asked = asked.assign(sender=asked["sender"].str.lower(), life=asked.index)
        tied = pd.merge_asof(
            asked.sort_values("received", kind="stable"),
            self.mails.sort_values("time", kind="stable"),
            left_on="received",
            right_on="time",
            by=["client_ip", "sender"],
            tolerance=AGE,
        ).set_index("life")
        return self.by_id(tied["session_id"]).reindex(known.index)


def _telling(rows: pd.DataFrame) -> pd.DataFrame:
    """The lines that tell something of a session as a whole or of a mail in it."""
    rows = rows[rows["session_id"].notna()]
    first = ~rows["session_id"].duplicated()
    named = rows["connector"].notna()
    first |= named & ~rows["session_id"].where(named).duplicated()
    mail = rows["action"].eq("<") & rows["reply"].astype("str").str.match(MAIL_FROM)
    return rows[first | mail | says(rows, LOGIN) | says(rows, PERMISSIONS)]


def says(rows: pd.DataFrame, words: str) -> pd.Series:
    """Lines in which the server says this of itself."""
    says: pd.Series = rows["action"].eq("*") & rows["stage"].astype("str").str.match(words)
    return says


def _mails(rows: pd.DataFrame) -> pd.DataFrame:
    said = rows[rows["action"].eq("<")]
    sender = said["reply"].astype("str").str.extract(MAIL_FROM)["sender"]
    found = said.assign(sender=sender.str.lower())[sender.notna()]
    ip = canonical_ips(found["client_ip"])
    found = found.assign(client_ip=ip, time=pd.to_datetime(found["time"], utc=True))
    return found[["time", "client_ip", "sender", "session_id"]]
