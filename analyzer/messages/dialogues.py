"""Which lines are of one SMTP dialogue with a client, and what was asked in it?

Postfix: an smtpd serves one connection at a time, so what its process writes from `connect` to
`disconnect` is one dialogue; since 3.0 the last line counts its commands as done/asked. Sendmail: a
process serves one connection, and mostly says no more than each transaction. Exchange: the receive
protocol has an id for each (`exchange_dialogues`).

Source: smtpd.c (smtpd_proto, log_disconnect counters), srvrsmtp.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import canonical_ips
from analyzer.messages.exchange_dialogues import exchange_dialogues
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.schema import SESSIONS, fit

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

KINDS = ("connect", "tls", "login", "client", "received", "decision", "auth_failed", "lost")
END = "disconnect"
COLUMNS = (
    "rank time mta server pid daemon client_ip client_name helo auth_user life action stage "
    "counters recipients size submission repeat"
).split()
SERVERS = ["smtpd", "qmqpd"]  # Postfix: others write of other things under other processes
LONGEST = pd.Timedelta(hours=6).value // 1000  # microseconds; a process id comes round again
COUNTERS = ("auth", "mail", "rcpt", "data", "bdat", "starttls")


@dataclass
class Dialogues:
    """`table`: SESSIONS without lists, and beside it `taken`, `end_*`. `of_life`: row of a leg."""

    table: pd.DataFrame
    of_life: pd.Series
    sessions: pa.Table


def dialogues(events: Events, known: pd.DataFrame) -> Dialogues:
    """Every dialogue, in order of its first line.

    Args:
        known: The legs, with `queue_id`, `queued`, `message_id`.
    """
    rows = _numbered(_lines(events))
    begins = rows[rows["life"].ge(0) & rows["kind"].isin(["client", "received"])]
    begins = begins.drop_duplicates("life")
    of_life = pd.Series(begins["session"].to_numpy(np.int64), begins["life"].to_numpy(np.int64))
    leg = known.reindex(of_life.index)
    took = (leg["queued"].eq(True) | leg["message_id"].notna()).to_numpy()
    table = _told(rows)
    table["messages"] = np.bincount(of_life[took], minlength=len(table))
    lists = _lists(of_life.to_numpy(), leg["queue_id"], len(table))
    told = pa.Table.from_pandas(
        table[[n for n in SESSIONS.names if n in table]], preserve_index=False
    )
    syslog = fit(told.append_column("queue_ids", lists), SESSIONS)
    order = [(name, "ascending") for name in PLACE[:2]]
    both = pa.concat_tables([syslog, exchange_dialogues(events)]).sort_by(order)
    return Dialogues(table, of_life, both)


def _lines(events: Events) -> pd.DataFrame:
    """Every line of a dialogue, with its kind."""
    parts = [
        frame(events, kind, [*COLUMNS, *PLACE]).assign(kind=kind)
        for kind in (*KINDS, END)
        if kind in events
    ]
    if not parts:
        return frame(events, END, [*COLUMNS, *PLACE]).assign(kind=END)
    rows = pd.concat(parts, ignore_index=True)
    postfix, stage = rows["mta"].eq("postfix"), rows["stage"].astype("str")
    # Sendmail as a client waits in vain too; a program on this server has no dialogue.
    aside = stage.str.startswith("CLIENT ") | (
        rows["kind"].eq("received") & rows["submission"].ne("smtp")
    )
    mine = rows["daemon"].isin(SERVERS).where(postfix, rows["mta"].eq("sendmail") & ~aside)
    return rows[mine & rows["pid"].notna() & rows["server"].notna()]


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """The lines in order of process and place, with the number of their dialogue."""
    server, _ = pd.factorize(rows["server"], sort=True)
    pid, rank = rows["pid"].to_numpy(np.int64), rows["rank"].to_numpy(np.int64)
    order = np.lexsort((rank, pid, server))
    rows, server, pid = rows.take(order).reset_index(drop=True), server[order], pid[order]
    kind = rows["kind"]
    new = kind.eq("connect").to_numpy() | _after(kind.eq(END).to_numpy())
    new |= _changed(server) | _changed(pid)
    process = np.cumsum(_changed(server) | _changed(pid))
    time = rows["time"].astype("int64").where(rows["time"].notna(), 0).to_numpy()
    new |= np.diff(time, prepend=time[:1]) > LONGEST
    client = rows["client_ip"].groupby(process).ffill()
    other = client.ne(client.shift()) & client.notna() & client.shift().notna()
    new |= (other & rows["mta"].eq("sendmail")).to_numpy()
    return rows.assign(session=np.cumsum(new) - 1)


def _changed(values: npt.NDArray[np.int64]) -> Flags:
    return np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]


def _after(flags: Flags) -> Flags:
    return np.concatenate([[False], flags[:-1]])[: len(flags)]


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a dialogue."""
    number = int(rows["session"].iloc[-1]) + 1 if len(rows) else 0
    session = rows["session"].to_numpy(np.int64)
    kind, every = rows["kind"], pd.Series(True, rows.index)

    def one(
        column: str, of: pd.Series = every, keep: Literal["first", "last"] = "first"
    ) -> pd.Series:
        """The first or last value of each dialogue, of some of its lines."""
        there = np.flatnonzero(of & rows[column].notna())
        if keep == "first":
            there = there[::-1]  # of equal sessions the last one written stays
        row = np.full(number, -1)
        row[session[there]] = there
        told: pd.Series = rows[column].reindex(row).reset_index(drop=True)
        return told

    def times(of: pd.Series) -> Numbers:
        """How many of some lines each dialogue has."""
        some = rows[of]
        weight = some["repeat"].fillna(1).to_numpy(np.float64)
        return np.bincount(some["session"], weight, number).astype(np.float64)

    ended, received = kind.eq(END), kind.eq("received")
    refused = kind.eq("decision") & rows["action"].eq("reject") & rows["stage"].eq("RCPT")
    failed = times(kind.eq("auth_failed"))
    counted = _counted(one("counters", ended))
    sendmail = one("mta").eq("sendmail").to_numpy()
    mine = rows[received]
    addressed = np.bincount(mine["session"], mine["recipients"].fillna(0).astype("float64"), number)
    started = counted["starttls"].gt(0) | (times(kind.eq("tls")) > 0)
    tls = started.astype("object").where(started | counted["starttls"].notna(), None)
    ip = one("client_ip", keep="last")
    table = pd.DataFrame(
        {
            **{name: one(name) for name in ("mta", "server", "pid", "helo", "auth_user", *PLACE)},
            "client_ip": canonical_ips(ip).where(lambda found: found.notna(), ip),
            "client_name": one("client_name", keep="last"),
            "connected": one("time", kind.eq("connect")),
            "disconnected": one("time", ended),
            "lost": one("stage", kind.eq("lost")),
            "tls": tls,
            "auth_tries": counted["auth_asked"],
            "auth_failures": np.fmax(failed, (counted["auth_asked"] - counted["auth"]).fillna(0)),
            "mail": counted["mail"].mask(sendmail, times(received)),
            "rcpt_accepted": counted["rcpt"].mask(sendmail, addressed),
            "rcpt_refused": (counted["rcpt_asked"] - counted["rcpt"]).fillna(
                pd.Series(times(refused))
            ),
            "data": (counted["data_asked"] + counted["bdat_asked"]).mask(
                sendmail, times(received & rows["size"].gt(0))
            ),
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
        done = pd.to_numeric(pc.struct_field(found, "done").to_pandas().astype("str"))
        asked = pd.to_numeric(pc.struct_field(found, "asked").to_pandas().astype("str"))
        done = done.fillna(0)
        columns[name] = done.where(there)
        columns[f"{name}_asked"] = asked.fillna(done).where(there)
    told = pd.DataFrame(columns, dtype="float64")
    return told.reindex(code).reset_index(drop=True)


def _lists(session: npt.NDArray[np.int64], ids: pd.Series, number: int) -> pa.ListArray:
    """The queue ids that were begun in each dialogue, in order."""
    order = np.argsort(session, kind="stable")
    sizes = np.bincount(session, minlength=number)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(ids.array.take(order), pa.string()))
