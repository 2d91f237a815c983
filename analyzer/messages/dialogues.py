"""What was asked in each SMTP dialogue with a client?

Postfix: since 3.0 the last line counts its commands as done/asked. Sendmail mostly says no more
than each transaction. Exchange: the receive protocol has an id for each (`exchange_dialogues`).

Source: smtpd.c (log_disconnect counters), srvrsmtp.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import canonical_or_logged
from analyzer.messages.exchange_dialogues import exchange_dialogues
from analyzer.messages.legs import PLACE
from analyzer.messages.lives import Events
from analyzer.messages.processes import KINDS
from analyzer.rows import Flags, Int64
from analyzer.schema import EVENTS, SESSIONS, fit

Numbers = npt.NDArray[np.float64]

TEXTS = "mta server daemon client_ip client_name helo auth_user action stage counters submission"
NUMBERS = "pid time recipients size repeat"
LINES = pa.schema(
    [
        *(EVENTS.field(name) for name in [*TEXTS.split(), *NUMBERS.split(), *PLACE]),
        pa.field("rank", pa.int64()),
        pa.field("life", pa.int64()),
        pa.field("dialogue", pa.int64()),
        pa.field("kind", pa.int8()),  # place among the kinds
    ]
)
FIRST = ("mta", "server", "pid", "helo", "auth_user", "rank")  # of a dialogue the first line's
COUNTERS = ("auth", "mail", "rcpt", "data", "bdat", "starttls")


@dataclass
class Dialogues:
    """`table`: SESSIONS without lists; beside it `rank`, `data_done`, `end_*`. `of_life`: row of
    a leg. `sessions`: as declared, those of the table first, then Exchange's; `rank`: of each the
    place of its first line.
    """

    table: pd.DataFrame
    of_life: pd.Series
    sessions: pa.Table
    rank: Int64

    @property
    def named(self) -> pd.Series[float]:
        """How many recipients its client named, of each leg that was alone in its dialogue."""
        talk = self.table[["messages", "rcpt_accepted"]].take(self.of_life.to_numpy())
        named = talk["rcpt_accepted"].astype("float64").set_axis(self.of_life.index)
        return named[talk["messages"].eq(1).to_numpy()]


@dataclass
class _Lines:
    """Lines in order of process and place: the row of each in the table, and its dialogue."""

    table: pa.Table
    row: Int64
    session: Int64

    def values(self, column: str) -> npt.NDArray[Any]:
        """Of each line, null as NaN."""
        values: npt.NDArray[Any] = self.table[column].to_numpy()[self.row]
        return values

    def are(self, kind: str) -> Flags:
        flags: Flags = self.values("kind") == KINDS.index(kind)
        return flags

    def have(self, column: str, *values: str) -> Flags:
        """Which lines have one of these values; without any: which have one at all."""
        held = self.table[column]
        if not values and not held.null_count:
            return np.ones(len(self.row), np.bool_)
        found = pc.is_in(held, pa.array(values)) if values else pc.is_valid(held)
        flags: Flags = found.to_numpy()[self.row]
        return flags

    def __len__(self) -> int:
        return int(self.session[-1]) + 1 if len(self.session) else 0


def dialogues(events: Events, known: pd.DataFrame) -> Dialogues:
    """Every dialogue, in order of its first line.

    Args:
        known: The legs, with `queue_id`, `queued`, `message_id`.
    """
    lines = _in_order(_lines(events))
    of_life = _of_lives(lines)
    leg = known[["queued", "message_id", "queue_id"]].reindex(of_life.index)
    took = (leg["queued"].eq(True) | leg["message_id"].notna()).to_numpy()
    table = _told(lines)
    table["messages"] = np.bincount(of_life[took], minlength=len(table))
    lists = _lists(of_life.to_numpy(), leg["queue_id"], len(table))
    told = pa.Table.from_pandas(
        table[[n for n in SESSIONS.names if n in table]], preserve_index=False
    )
    syslog = fit(told.append_column("queue_ids", lists), SESSIONS)
    others = exchange_dialogues(events)
    sessions = pa.concat_tables([syslog, others.drop_columns("rank")])
    rank = np.concatenate([table["rank"].to_numpy(np.int64), others["rank"].to_numpy()])
    return Dialogues(table, of_life, sessions, rank)


def _of_lives(lines: _Lines) -> pd.Series:
    """The dialogue in which each leg began, in order of dialogues."""
    life = lines.values("life")
    begins = np.flatnonzero((life >= 0) & (lines.are("client") | lines.are("received")))
    of_life = pd.Series(lines.session[begins], life[begins])
    return of_life[~of_life.index.duplicated()]


def _lines(events: Events) -> pa.Table:
    """Every line of the kinds that a dialogue has."""
    parts = [LINES.empty_table()]
    for number, kind in enumerate(KINDS):
        if kind in events:
            kinds = pa.repeat(pa.scalar(number, pa.int8()), len(events[kind]))
            parts.append(fit(events[kind].append_column("kind", kinds), LINES))
    return pa.concat_tables(parts)


def _in_order(table: pa.Table) -> _Lines:
    """The lines of dialogues, each dialogue's together in order of place."""
    dialogue, rank = (table[name].to_numpy() for name in ("dialogue", "rank"))
    rows = np.flatnonzero(dialogue >= 0)
    order = rows[np.lexsort([rank[rows], dialogue[rows]])]
    of = dialogue[order]
    new = np.diff(of, prepend=of[:1] - 1) != 0
    return _Lines(table, order, np.cumsum(new) - 1)


def _told(lines: _Lines) -> pd.DataFrame:
    """One row a dialogue."""
    number, session = len(lines), lines.session

    def one(
        column: str, of: Flags | None = None, keep: Literal["first", "last"] = "first"
    ) -> pd.Series:
        """The first or last value of each dialogue, of some of its lines."""
        told: pd.Series
        if lines.table[column].null_count == len(lines.table):
            told = pa.nulls(number, lines.table[column].type).to_pandas()
            return told
        held = lines.have(column)
        there = np.flatnonzero(held if of is None else held & of)
        if keep == "first":
            there = there[::-1]  # of equal sessions the last one written stays
        row = np.full(number, -1)
        row[session[there]] = lines.row[there]
        told = lines.table[column].take(pa.array(row, mask=row < 0)).to_pandas()
        return told

    def times(of: Flags) -> Numbers:
        """How many of some lines each dialogue has."""
        weight = np.nan_to_num(lines.values("repeat")[of].astype(np.float64), nan=1)
        return np.bincount(session[of], weight, number).astype(np.float64)

    ended, received = lines.are("disconnect"), lines.are("received")
    refused = lines.are("decision") & lines.have("action", "reject") & lines.have("stage", "RCPT")
    failed = times(lines.are("auth_failed"))
    counted = _counted(one("counters", ended))
    sendmail = one("mta").eq("sendmail").to_numpy()
    recipients = np.nan_to_num(lines.values("recipients")[received].astype(np.float64))
    addressed = np.bincount(session[received], recipients, number)
    started = counted["starttls"].gt(0) | (times(lines.are("tls")) > 0)
    tls = started.astype("object").where(started | counted["starttls"].notna(), None)
    table = pd.DataFrame(
        {
            **{name: one(name) for name in (*FIRST, *PLACE)},
            "client_ip": canonical_or_logged(one("client_ip", keep="last")),
            "client_name": one("client_name", keep="last"),
            "connected": one("time", lines.are("connect")),
            "disconnected": one("time", ended),
            "lost": one("stage", lines.are("lost")),
            "tls": tls,
            "auth_tries": counted["auth_asked"],
            "auth_failures": np.fmax(failed, (counted["auth_asked"] - counted["auth"]).fillna(0)),
            "mail": counted["mail"].mask(sendmail, times(received)),
            "rcpt_accepted": counted["rcpt"].mask(sendmail, addressed),
            "rcpt_refused": (counted["rcpt_asked"] - counted["rcpt"]).fillna(
                pd.Series(times(refused))
            ),
            "data": (counted["data_asked"] + counted["bdat_asked"]).mask(
                sendmail, times(received & (lines.values("size") > 0))
            ),
            "data_done": counted["data"] + counted["bdat"],
            **{f"end_{name}": one(name, ended) for name in ("rank", *PLACE)},
        }
    )
    whole = ["auth_tries", "auth_failures", "mail", "rcpt_accepted", "rcpt_refused", "data", "pid"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _counted(counters: pd.Series) -> pd.DataFrame:
    """Commands done, and asked for, by the counters at the end; null without any."""
    code, distinct = pd.factorize(counters)
    text = pa.array(distinct, pa.string())
    there = pc.match_substring(text, "commands=").to_numpy(zero_copy_only=False)
    columns = {}
    for name in COUNTERS:
        found = pc.extract_regex(
            text, rf"(?:^| ){name}=(?P<done>[0-9]{{1,9}})(?:/(?P<asked>[0-9]{{1,9}}))?(?: |$)"
        )
        done, asked = (_numbers(pc.struct_field(found, group)) for group in ("done", "asked"))
        done = np.nan_to_num(done)
        columns[name] = done
        columns[f"{name}_asked"] = np.where(np.isnan(asked), done, asked)
    of_each = {name: np.append(np.where(there, n, np.nan), np.nan) for name, n in columns.items()}
    return pd.DataFrame({name: numbers[code] for name, numbers in of_each.items()})


def _numbers(texts: pa.StringArray) -> Numbers:
    """The number that each text is, NaN where it is none, as in a group that may be left out."""
    there = pc.if_else(pc.equal(texts, ""), None, texts)
    numbers: Numbers = there.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _lists(session: Int64, ids: pd.Series, number: int) -> pa.ListArray:
    """The queue ids that were begun in each dialogue, in order."""
    order = np.argsort(session, kind="stable")
    sizes = np.bincount(session, minlength=number)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(ids.array.take(order), pa.string()))
