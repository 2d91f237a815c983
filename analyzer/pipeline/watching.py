"""What new abuse do the lines show that were just written?

The same judge as for a whole log looks at the newest stretch of each, again and again; only what it
did not say before is told. Nothing is written but a copy of that stretch, in a folder for
temporary files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from analyzer import pipeline
from analyzer.case import Case
from analyzer.errors import SettingsError
from analyzer.evidence.follow import Notice
from analyzer.schema import DOORS, NOT_DELIVERIES
from analyzer.site import Site

STRETCH = 16 << 20  # bytes of each log that are looked at; some 15,000 messages
HOUR = pd.Timedelta(hours=1)
LEAST, TIMES = 50, 5  # recipients of a login in an hour, and how often its usual ones
MESSAGE = ["server", "origin_queue_id", "received"]
COLUMNS = [
    *(*MESSAGE, "origin_life", "client_ip", "auth_user", "recipient", "status"),
    *("mechanism", "verdict"),
]


@dataclass(frozen=True)
class Alarm:
    """`what`: a door, or `burst`. `total`: messages since the watch began; of a burst, recipients.

    `messages` and `recipients` are those that were not told before.
    """

    what: str
    verdict: str
    subject: str
    messages: int
    recipients: int
    total: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    queue_ids: tuple[str, ...]
    usual: float = 0.0


@dataclass
class Watch:
    """Told of new lines, it tells what they show.

    Args:
        site: Who is local; inferred where it is None.
    """

    site: Site | None = None
    year: int | None = None
    case: Case | None = None  # the newest stretch, judged
    _texts: dict[str, bytes] = field(default_factory=dict)
    _known: set[tuple[Any, ...]] = field(default_factory=set)
    _totals: dict[tuple[str, str], int] = field(default_factory=dict)
    _bursts: dict[str, int] = field(default_factory=dict)
    _counted: dict[tuple[str, str], int] = field(default_factory=dict)
    _announced: dict[tuple[str, str], int] = field(default_factory=dict)
    _notices: list[Notice] = field(default_factory=list)
    _reason: str = ""
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="relaytrail-watch-")
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def begin(self, lines: Mapping[str, bytes]) -> int:
        """What is in the logs already is known; how many messages that are or may be abuse?"""
        self.look(lines)
        self._totals.clear()  # they count from now on
        return len(self._known)

    def look(self, lines: Mapping[str, bytes]) -> list[Alarm]:
        """What the new lines show, the gravest first."""
        if not lines:
            return []
        begins = {}
        for name, new in lines.items():
            self._texts[name] = _newest(self._texts.get(name, b"") + new)
            begins[name] = max(len(self._texts[name]) - len(new), 0)
        judged = self._judged()
        self._blind(judged, begins)
        if judged is None:
            return []
        self.case = judged
        rows = judged.deliveries.select(COLUMNS).to_pandas()
        return [*self._accepted(rows), *self._bursting(rows)]

    def notices(self) -> list[Notice]:
        """What of the logs could not be read since this was last asked, at 1, 2, 4, 8 … lines."""
        told, self._notices = self._notices, []
        return told

    def _judged(self) -> Case | None:
        """The stretches as a case; None where none of them has a line of mail yet."""
        assert self._folder is not None
        paths = []
        for name, place in self._places().items():
            path = Path(self._folder.name) / place
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self._texts[name])
            paths.append(path)
        try:
            return pipeline.analyze(paths, site=self.site, year=self.year).case
        except SettingsError as error:
            self._reason = str(error.args[0])
            return None

    def _places(self) -> dict[str, str]:
        """Where the stretch of each log is written to, in the folder."""
        return {name: f"{n}/{Path(name).name}" for n, name in enumerate(sorted(self._texts))}

    def _blind(self, judged: Case | None, begins: Mapping[str, int]) -> None:
        """Count the new lines that nothing was made of: of a mail server, or of no mail log."""
        inputs = judged.manifest["inputs"] if judged else []
        paths = {entry["path"] for entry in inputs}
        logs = {entry["path"] for entry in inputs if entry["parsed"]}
        unread = judged.unread.to_pandas() if judged else pd.DataFrame({"source": [], "offset": []})
        for name, place in self._places().items():
            text, begin = self._texts[name], begins.get(name)
            if begin is None:
                continue
            source = place if place in paths else Path(name).name  # of one file it is the name
            if source not in logs:
                lines = text.count(b"\n")
                self._count("no_mail", name, lines, "" if judged else self._reason)
                continue
            new = unread[unread["source"].eq(source) & unread["offset"].ge(begin)]
            if len(new):
                last = new["text"].iloc[-1].decode("utf-8", "backslashreplace")
                total = self._counted.get(("unread", name), 0) + len(new)
                self._count("unread", name, total, last)

    def _count(self, what: str, name: str, lines: int, detail: str) -> None:
        self._counted[what, name] = lines
        if lines >= 2 * self._announced.get((what, name), 0):
            self._announced[what, name] = lines
            self._notices.append(Notice(what, name, lines, detail))

    def _accepted(self, rows: pd.DataFrame) -> list[Alarm]:
        """Messages that came through a door and were not told before."""
        rows = rows[rows["mechanism"].isin(DOORS) & rows["verdict"].isin(["abusive", "unclear"])]
        keys = pd.MultiIndex.from_frame(rows[MESSAGE])
        new = np.array([key not in self._known for key in keys], bool)
        rows = rows[new]
        self._known.update(keys)
        who = rows["auth_user"].where(rows["mechanism"].eq("stolen_account"), rows["client_ip"])
        rows = rows.assign(who=who.fillna("this server"))
        found = []
        for (door, subject), of in rows.groupby(["mechanism", "who"], sort=True):
            key = (str(door), str(subject))
            messages = int(of["origin_life"].nunique())
            self._totals[key] = self._totals.get(key, 0) + messages
            found.append(
                Alarm(
                    what=key[0],
                    verdict="abusive" if of["verdict"].eq("abusive").any() else "unclear",
                    subject=key[1],
                    messages=messages,
                    recipients=int((~of["status"].isin(NOT_DELIVERIES)).sum()),
                    total=self._totals[key],
                    first=of["received"].min(),
                    last=of["received"].max(),
                    queue_ids=_in_turn(of)[:3],
                )
            )
        return sorted(found, key=lambda alarm: (DOORS.index(alarm.what), -alarm.messages))

    def _bursting(self, rows: pd.DataFrame) -> list[Alarm]:
        """Logins that send far more in the newest hour than they do; told again at the double."""
        rows = rows[rows["auth_user"].notna() & ~rows["status"].isin(NOT_DELIVERIES)]
        rows = rows[rows["received"].notna()]
        if rows.empty:
            return []
        newest, oldest = rows["received"].max(), rows["received"].min()
        recent = rows["received"].gt(newest - HOUR)
        earlier_hours = max((newest - HOUR - oldest) / HOUR, 0.0)
        before = rows[~recent].groupby("auth_user").size()
        found = []
        for login, of in rows[recent].groupby("auth_user", sort=True):
            usual = before.get(login, 0) / earlier_hours if earlier_hours >= 1 else 0.0
            told = self._bursts.get(str(login), 0)
            if len(of) < max(LEAST, TIMES * usual):
                self._bursts.pop(str(login), None)
                continue
            if len(of) < 2 * told:
                continue
            self._bursts[str(login)] = len(of)
            found.append(
                Alarm(
                    what="burst",
                    verdict="context",
                    subject=str(login),
                    messages=int(of["origin_life"].nunique()),
                    recipients=len(of),
                    total=len(of),
                    first=of["received"].min(),
                    last=of["received"].max(),
                    queue_ids=_in_turn(of)[-3:],
                    usual=round(usual, 1),
                )
            )
        return found


def _in_turn(rows: pd.DataFrame) -> tuple[str, ...]:
    """The queue ids of their messages, in order of receipt."""
    return tuple(rows.sort_values("received", kind="stable")["origin_queue_id"].unique())


def _newest(text: bytes) -> bytes:
    """The last stretch, from a whole line on; cut only now and then."""
    if len(text) <= 2 * STRETCH:
        return text
    cut = text.find(b"\n", len(text) - STRETCH)
    return text[cut + 1 :]
