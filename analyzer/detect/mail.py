"""What does one message show, whoever sent it? The signs that the detectors of misuse weigh."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.detect.backscatter import NO_SUCH_USER
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import LOOPBACK

Flags = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

DAY = pd.Timedelta(days=1)
KEPT = [
    "origin_life", "received", "server", "client_ip", "auth_user", "uid", "local_user",
    "submission", "client_side", "address_side", "origin_sender", "sender_side", "origin_masked",
]  # fmt: skip
ORDER = ["received", "orig_source", "orig_line"]
COUNTED = ["recipients", "outside", "new", "failed"]


def messages(
    deliveries: pd.DataFrame, relayed: pd.Series[bool], attempts: pd.DataFrame
) -> pd.DataFrame:
    """One row a message that was handed in to go somewhere, in order of time.

    Args:
        deliveries: Rows with sides. Notices, and mail that came in for one of us and went on from
            here, are left out.
        relayed: Which of them are of messages that strangers had relayed; left out too.
        attempts: Rows of ATTEMPTS; failed logins among them tell of guessing.

    Returns:
        What is known of the message (`origin_life, received, client_ip, auth_user, uid, ...`),
        `network`, `guesses` (failed logins of its client in the day before), `companion`
        (not known yet: whether its client misused another login), and of its
        recipients: `outside`; `new`: outside, never written to by this source before and never
        heard of otherwise; `failed`: no such user. (That a list refuses us says nothing of one
        source: it hits everybody's mail.)
    """
    for_us = deliveries["original_side"].eq("inside")
    on_its_way = for_us & deliveries["recipient_side"].eq("outside")
    notice = deliveries["cause_life"].ge(0)
    mine = ~deliveries["status"].isin(NOT_DELIVERIES) & ~notice & ~on_its_way & ~relayed
    rows = deliveries.loc[mine, ORDER].sort_values(ORDER, kind="stable").index
    message, lives = pd.factorize(deliveries["origin_life"].loc[rows])
    table = deliveries.loc[rows[~pd.Series(message).duplicated()], KEPT]
    table = table.astype({"uid": "Int64"}).reset_index(drop=True)
    by, _ = pd.factorize(_source(table))
    first, heard_of = _first_time(
        deliveries["recipient"].loc[rows], by[message], _who_wrote(deliveries, relayed)
    )
    away = deliveries["recipient_side"].ne("inside")
    failed = away & deliveries["status"].eq("bounced") & deliveries["dsn"].isin(NO_SUCH_USER)
    outside: Flags = away.loc[rows].to_numpy()
    signs: dict[str, Flags] = {
        "recipients": np.ones(len(rows), np.bool_),
        "outside": outside,
        "new": outside & first & ~heard_of,
        "failed": failed.loc[rows].to_numpy(),
    }
    counts = {name: np.bincount(message, signs[name], len(lives)) for name in COUNTED}
    table = table.assign(**{name: total.astype(np.int64) for name, total in counts.items()})
    guesses = _guesses(table[["received", "client_ip"]], attempts)
    network = networks(table["client_ip"])
    return table.assign(network=network, guesses=guesses, user=user(table), companion=False)


def user(rows: pd.DataFrame) -> pd.Series[str]:
    """Who sent on the server itself: a user id, a user's name, the server where the log names
    neither (Exchange's pickup folder), or a program that speaks SMTP to localhost.
    """
    loopback = rows["client_ip"].where(rows["client_ip"].isin(LOOPBACK) & ~rows["origin_masked"])
    uid = rows["uid"].astype("Int64").astype("str")
    named = uid.where(uid.notna(), rows["local_user"])
    return named.where(named.notna(), rows["server"]).where(
        rows["submission"].eq("local"), loopback
    )


def _source(rows: pd.DataFrame) -> pd.Series[str]:
    """Who handed it in: a login, else an address, else a user of this machine."""
    user = "uid " + rows["uid"].astype("str")
    return rows["auth_user"].fillna(rows["client_ip"]).fillna(user)


def _who_wrote(deliveries: pd.DataFrame, relayed: pd.Series[bool]) -> pd.Series[str]:
    """Addresses that wrote to one of us."""
    inbound = deliveries["client_side"].eq("outside") & deliveries["recipient_side"].eq("inside")
    mail = deliveries.loc[inbound & ~relayed, ["origin_life", "origin_sender"]]
    sender = mail.drop_duplicates("origin_life")["origin_sender"].dropna()
    return sender.astype("str").str.lower()


def _first_time(recipient: pd.Series[str], by: Int64, wrote: pd.Series[str]) -> tuple[Flags, Flags]:
    """Does its source write to each recipient for the first time; and has anybody heard of that
    recipient: did it write to one of us, or do several of us write to it?

    Args:
        by: Whose the message to the recipient is, as a number; -1 where nobody knows.
        wrote: Who wrote to one of us.
    """
    to, addresses = pd.factorize(recipient.str.lower())
    first: Flags = ~pd.Series(to * (by.max(initial=0) + 2) + by).duplicated().to_numpy()
    several = np.bincount(to[first & (to >= 0)], minlength=len(addresses)) >= 2
    who, asked = pa.array(wrote, pa.string()), pa.array(addresses, pa.string())
    wrote_too = pc.is_in(asked, who).to_numpy(zero_copy_only=False)
    heard_of = several | wrote_too
    return first, np.append(heard_of, False)[to]


def networks(ip: pd.Series[str]) -> pd.Series[str]:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: what one customer usually gets."""
    code, ips = pd.factorize(ip)
    text = pa.array(list(ips), pa.string())
    block = pc.ascii_rtrim(pc.ascii_rtrim(text, "0123456789"), ".")
    v6 = pc.match_substring(text, ":")
    padded = pc.replace_substring_regex(text.filter(v6), "(::.*)?$", ":0:0")
    three = pc.replace_substring_regex(padded, "^([^:]*:[^:]*:[^:]*).*$", r"\1")
    known = pc.replace_with_mask(block, v6, three).to_pandas().astype("str")
    return pd.Series(known.array.take(code, allow_fill=True), ip.index)


def _guesses(mail: pd.DataFrame, attempts: pd.DataFrame) -> pd.Series[int]:
    """Failed logins from the client of each message in the day before it."""
    failures = attempts[attempts["kind"].eq("auth_failed") & attempts["time"].notna()]
    if failures.empty or mail.empty:
        return pd.Series(0, index=mail.index)
    failures = failures[["client_ip", "time", "repeat"]].sort_values("time", kind="stable")
    failures = failures.assign(so_far=failures.groupby("client_ip")["repeat"].cumsum())
    asked = mail.assign(label=mail.index).dropna().sort_values("received", kind="stable")
    failures, asked = (rows.astype({"client_ip": "str"}) for rows in (failures, asked))

    def until(times: pd.Series[pd.Timestamp]) -> pd.Series[int]:
        tied = pd.merge_asof(
            asked.assign(at=times)[["at", "client_ip"]],
            failures[["time", "client_ip", "so_far"]],
            left_on="at",
            right_on="time",
            by="client_ip",
        )
        return tied["so_far"].fillna(0).astype("int64")

    number = until(asked["received"]) - until(asked["received"] - DAY)
    return pd.Series(number.to_numpy(), index=asked["label"]).reindex(mail.index, fill_value=0)
