"""What does one message show, whoever sent it? The signs that the detectors of misuse weigh."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.detect import refusals, senders
from analyzer.detect.mask import gateways
from analyzer.detect.returned import came_back
from analyzer.rows import AT_ONCE, Flags, Int32, first_of, in_order, lower, picked, spread, whole
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import LOOPBACK

DAY = pd.Timedelta(days=1)
KEPT = [
    "origin_life", "received", "server", "client_ip", "auth_user", "uid", "local_user",
    "submission", "client_side", "address_side", "origin_sender", "sender_side", "origin_masked",
]  # fmt: skip
ORDER = ["received", "orig_source", "orig_line"]
WHO = ["auth_user", "client_ip", "uid"]
# The sender under which a list passes on what was written to it, from which its own name follows.
LIST = (
    r"^(?:owner-(?P<after>[^@]+)|(?P<before>[^@]+?)-(?:owner|bounces?|request|return)(?:[+-][^@]*)?)"
    r"@(?P<domain>[^@]+)$"
)
LIST_REFUSED = 0.3  # of its recipients, at most
DESK = "^(?:abuse|postmaster)@"  # gets complaints and reports of programs; no spammer asks for it
OFTEN = 4  # times, on several days, that a source writes to somebody whom it knows


def messages(
    deliveries: pd.DataFrame, relayed: pd.Series[bool], attempts: pd.DataFrame
) -> pd.DataFrame:
    """One row a message that one of us, or who logged in, had us send, in order of time.

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
        heard of otherwise; `known`: outside, written to OFTEN or heard of; `regular`: outside,
        written to OFTEN, be it later; `answers`: outside, written to by this source for the first
        time, who then wrote to its sender; `failed`: no such user; `spam`: refused as spam;
        `taken`: outside, delivered. (That a blocklist refuses us says nothing of one source: it
        hits everybody's mail.) `passed_on`: a list's, to which somebody wrote in the day before.
        `sends_elsewhere`: its sender of ours has more sent by other sources; `nobody_elses`: under
        it no other source ever sends. `unheard`: of its sender of ours nobody else has heard, see
        `senders`.
    """
    went_on = deliveries["recipient_side"].eq("outside")
    on_its_way = deliveries["original_side"].eq("inside") & went_on
    notice = deliveries["cause_life"].ge(0)
    mine = ~deliveries["status"].isin(NOT_DELIVERIES) & ~notice & ~on_its_way & ~relayed
    rows = in_order(deliveries, ORDER, mine)
    first_row = first_of(deliveries["origin_life"].to_numpy(np.int64)[rows])
    begins = first_row == np.arange(len(rows), dtype=np.int32)
    message = (np.cumsum(begins, dtype=np.int32) - 1)[first_row]
    of_us = _of_us(deliveries).to_numpy()[rows[begins]]
    table = picked(deliveries[KEPT], rows[begins][of_us]).reset_index(drop=True)
    table = table.astype({"uid": "Int64"})
    inbound = _inbound(deliveries, relayed)
    for name, shown in _signs(deliveries, rows, rows[begins], message, inbound).items():
        table[name] = np.bincount(message[shown], minlength=len(of_us))[of_us]
    tried = attempts[~attempts["client_ip"].isin(gateways(deliveries))]
    # What came back is as dead as what is refused at once.
    table["failed"] = np.maximum(table["failed"], came_back(table, deliveries))
    guesses = _guesses(table[["received", "client_ip"]], tried)
    return table.assign(
        network=networks(table["client_ip"]),
        guesses=guesses,
        user=user(table),
        companion=False,
        passed_on=_passed_on(table, deliveries),
        sends_elsewhere=senders.send_elsewhere(table),
        nobody_elses=senders.nobody_elses(table),
        unheard=senders.unheard(table, deliveries),
    )


def _signs(
    deliveries: pd.DataFrame, rows: Int32, heads: Int32, message: Int32, inbound: pd.Series[bool]
) -> dict[str, Flags]:
    """Which of the rows are counted as each sign of their message, see `messages`.

    Args:
        heads: The first row of each message, of which *message* is the number of each row's.
    """
    by, _ = pd.factorize(senders.source(picked(deliveries[WHO], heads)))
    inside = _from_inside(picked(deliveries[["address_side", "submission"]], heads))
    first, known, answers, regular = _acquainted(
        deliveries, rows, by.astype(np.int32)[message], inside[message], inbound
    )
    away = deliveries["recipient_side"].ne("inside")
    outside: Flags = away.to_numpy()[rows]
    return {
        "recipients": np.ones(len(rows), np.bool_),
        "outside": outside,
        "new": outside & first & ~known,
        "known": outside & known,
        "answers": outside & first & answers,
        "regular": outside & regular,
        "failed": (away & refusals.nobody(deliveries)).to_numpy()[rows],
        "spam": (away & refusals.spam(deliveries)).to_numpy()[rows],
        "taken": (away & deliveries["status"].eq("delivered")).to_numpy()[rows],
    }


def _passed_on(table: pd.DataFrame, deliveries: pd.DataFrame) -> Flags:
    """Which messages of programs on this server a list passes on: mail to it came before, from
    elsewhere. Of who writes to many that do not exist, or is taken for a spammer, none is.
    """
    here = table["submission"].eq("local") | table["client_ip"].isin(LOOPBACK)
    said = table.loc[here & table["received"].notna(), ["received", "origin_sender"]]
    passed_on = np.zeros(len(table), np.bool_)
    if said.empty:
        return passed_on
    part = said["origin_sender"].str.lower().str.extract(LIST)
    name = part["after"].fillna(part["before"]) + "@" + part["domain"]
    asked = said.assign(to=name).dropna().rename_axis("row").reset_index()
    came = deliveries["original_side"].eq("inside") & deliveries["submission"].eq("smtp")
    came &= ~deliveries["client_ip"].isin(LOOPBACK)
    if asked.empty or not came.any():
        return passed_on
    posts = deliveries.loc[came, ["original_recipient", "received"]].dropna()
    posts = posts.assign(to=posts["original_recipient"].str.lower(), came=1)
    posts = posts[posts["to"].isin(asked["to"])]
    found = pd.merge_asof(
        asked.sort_values("received", kind="stable"),
        posts[["to", "received", "came"]].sort_values("received", kind="stable"),
        on="received",
        by="to",
        tolerance=DAY,
    )
    passed_on[found.loc[found["came"].eq(1), "row"].to_numpy()] = True
    sender = table["origin_sender"].fillna("")
    refused, outside = (
        table[names].sum(axis=1).groupby(sender).transform("sum")
        for names in (["failed", "spam"], ["outside"])
    )
    return passed_on & (refused <= LIST_REFUSED * outside).to_numpy()


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


def _inbound(deliveries: pd.DataFrame, relayed: pd.Series[bool]) -> pd.Series[bool]:
    """Rows of messages to one of us, whose senders are known to us."""
    inbound = deliveries["client_side"].eq("outside") & deliveries["recipient_side"].eq("inside")
    return inbound & ~relayed


def _of_us(deliveries: pd.DataFrame) -> pd.Series[bool]:
    """Rows of messages of a login, a host of ours or the server itself."""
    here = deliveries["submission"].eq("local") | deliveries["client_ip"].isin(LOOPBACK)
    return here | deliveries["auth_user"].notna() | deliveries["client_side"].eq("inside")


def _from_inside(rows: pd.DataFrame) -> Flags:
    """Messages from our own networks, or made on the server: who hands those in is no thief."""
    inside = rows["address_side"].eq("inside") | rows["submission"].eq("local")
    return inside.to_numpy(np.bool_)


def _acquainted(
    deliveries: pd.DataFrame, rows: Int32, by: Int32, inside: Flags, inbound: pd.Series[bool]
) -> tuple[Flags, Flags, Flags, Flags]:
    """Does its source write to each recipient for the first time; does it know him: does it
    write to him OFTEN, and not for the first time, or has anybody heard of him? He wrote to one of
    us, or several of us write to him from inside: thieves of several logins may have one list; or
    he is who answers for a domain. Did he write to its sender afterwards? And does it write to him
    OFTEN, now or later?

    The addresses of a flood do not fit into memory: some are looked at after the others.

    Args:
        rows: In order of time.
        by: Whose the message to the recipient is, as a number; -1 where nobody knows.
        inside: Whether it was handed in from inside.
        inbound: Rows of mail to us.
    """
    parts = len(rows) // AT_ONCE + 1
    to_part, from_part = (spread(deliveries[n], parts) for n in ("recipient", "origin_sender"))
    first, known, answers, regular = (np.empty(len(rows), np.bool_) for _ in range(4))
    sources = int(by.max(initial=0)) + 2
    for part in range(parts):
        mine = np.flatnonzero(to_part[rows] == part)
        asked = lower(picked(deliveries[["recipient"]], rows[mine])["recipient"])
        wrote = np.flatnonzero(inbound & (from_part == part)).astype(np.int32)
        who = lower(picked(deliveries[["origin_sender"]], wrote)["origin_sender"])
        to = asked.dictionary_encode()
        number = to.indices.fill_null(-1).to_numpy().astype(np.int64)
        pair = pd.Series(number * sources + by[mine])
        first[mine] = ~pair.duplicated()
        often = pair
        for _ in range(OFTEN - 1):
            often = often[often.duplicated()]
        ours = (number >= 0) & inside[mine]
        writers = np.bincount(number[ours][~pair[ours].duplicated()], minlength=len(to.dictionary))
        wrote_too = pc.is_in(to.dictionary, who).to_numpy(zero_copy_only=False)
        asks = first[mine] & np.append(wrote_too, False)[number]
        answers[mine] = False
        answers[mine[asks]] = _answered(deliveries, rows[mine[asks]], wrote)
        day = pd.Series(deliveries["received"].to_numpy("datetime64[D]")[rows[mine]].view(np.int64))
        days = pair[~pd.DataFrame({"pair": pair, "day": day}).duplicated()]
        often = often[often.isin(days[days.duplicated()])]
        desk = pc.match_substring_regex(to.dictionary, DESK).to_numpy(zero_copy_only=False)
        heard_of = np.append((writers >= 2) | wrote_too | desk, False)[number]
        regular[mine] = pair.isin(often)
        known[mine] = heard_of | (regular[mine] & ~first[mine])
    return first, known, answers, regular


def _answered(deliveries: pd.DataFrame, rows: Int32, inbound: Int32) -> Flags:
    """Did the recipient of each row write to its sender afterwards?"""
    sent = picked(deliveries[["recipient", "origin_sender", "received"]], rows)
    came = picked(deliveries[["origin_sender", "original_recipient", "received"]], inbound)
    reader = sent["recipient"].str.lower()
    came = came[came["origin_sender"].str.lower().isin(reader)]
    pair = came["origin_sender"].str.lower() + " " + came["original_recipient"].str.lower()
    last = came["received"].groupby(pair).max()
    asked = reader + " " + sent["origin_sender"].str.lower()
    answered: Flags = last.reindex(asked).to_numpy() > sent["received"].to_numpy()
    return answered


def networks(ip: pd.Series[str]) -> pd.Series[str]:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: what one customer usually gets."""
    text = whole(ip.astype("str"), pa.string())
    block = pc.ascii_rtrim(pc.ascii_rtrim(text, "0123456789"), ".")
    v6 = pc.match_substring(text, ":")
    three = first_groups(text.filter(v6), 3)
    known: pd.Series[str] = pc.replace_with_mask(block, v6, three).to_pandas()
    return known.set_axis(ip.index)


def first_groups(v6: pa.Array, groups: int) -> pa.Array:
    """What these IPv6 addresses begin with."""
    padded = pc.replace_substring_regex(v6, "(::.*)?$", ":0" * (groups - 1))
    return pc.replace_substring_regex(padded, f"^([^:]*(?::[^:]*){{{groups - 1}}}).*$", r"\1")


def _guesses(mail: pd.DataFrame, attempts: pd.DataFrame) -> pd.Series[int]:
    """Failed logins from the client of each message in the day before it, if it tried several names
    or the log does not tell: at the own one an owner fails, too, with an old password.
    """
    failures = attempts[attempts["kind"].eq("auth_failed") & attempts["time"].notna()]
    name = failures["auth_user"].str.lower()
    failures = failures[name.groupby(failures["client_ip"]).transform("nunique").ne(1)]
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
