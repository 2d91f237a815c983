"""Which mail of strangers went on to others because the server knew them, without an SMTP login?

By POP before SMTP an address may relay for some minutes after a login to a mailbox from there. By
a client certificate whoever shows it may. Neither is said in the line that takes the message, so
what the server answered other strangers at that time decides: where they were let in too, neither a
login nor a certificate opened the door.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import canonical_ips
from analyzer.messages.legs import frame
from analyzer.messages.lives import Events
from analyzer.messages.locality import FLOWS, INSIDE, OUTSIDE, UNKNOWN
from analyzer.messages.logins import CERTIFICATE
from analyzer.rows import AT_ONCE, Flags, among, heads, numbered, those
from analyzer.schema import NOT_DELIVERIES

WINDOW = pd.Timedelta(hours=1)  # servers keep the door open for 10 minutes to an hour
NEAR = pd.Timedelta(days=1)  # strangers ask a server every few hours
MOST = 0.5  # of what a client had relayed: some lines may be lost
ASKED = ["origin_life", "server", "client_ip", "received", "origin_sender", "sender_side"]
CLIENT = ["server", "client_ip"]


@dataclass(frozen=True)
class LetIn:
    """`logins`: the login to a mailbox of each message that POP before SMTP let in, by the number
    of the message; `certified`: those that a client certificate let in.
    """

    logins: pd.Series[str]
    certified: npt.NDArray[np.int64]


NOBODY = LetIn(pd.Series(dtype="str"), np.empty(0, np.int64))


def let_in(rows: pd.DataFrame, events: Events, attempts: pa.Table) -> LetIn:
    """Ask of each message that seems to be relayed for a stranger.

    Args:
        rows: Deliveries with sides.
        attempts: ATTEMPTS; who was refused among them.
    """
    shown = rows[CERTIFICATE].notna().any(axis=1).to_numpy()
    if "mailbox_login" not in events and not shown.any():
        return NOBODY
    relayed = _relayed(rows)
    number, clients = numbered(rows["client_ip"], relayed)
    mailboxes = _logins(events, clients)
    known = clients.isin(mailboxes["client_ip"])
    known[np.unique(number[relayed & shown])] = True
    key = relayed & np.append(known, False)[number]
    if not key.any():
        return NOBODY
    asked = those(rows[[*ASKED, *CERTIFICATE]], key)
    asked = asked.sort_values("received", kind="stable", ignore_index=True)
    tied = _tied(asked, mailboxes)
    near = tied["since"].le(WINDOW)
    has_a_key = _most(asked, near | asked[CERTIFICATE].notna().any(axis=1))
    others = those(rows[["server", "received"]], relayed & ~key)
    answers = [(others, True), (asked[~has_a_key], True), (_refused(attempts), False)]
    open_to_all = _answered(asked, answers)
    shut = open_to_all.eq(False)
    by_login = near & (shut | tied["own"])
    by_login |= _most(asked, by_login) & tied["since"].notna()
    certified = ~by_login & _most(asked, _vouched(asked, open_to_all) | (shut & _same(asked)))
    life = asked["origin_life"]
    logins = tied["auth_user"][by_login].set_axis(life[by_login])
    return LetIn(logins, life[certified].to_numpy(np.int64))


def _vouched(asked: pd.DataFrame, open_to_all: pd.Series[bool]) -> pd.Series[bool]:
    """Messages under a certificate that the server trusts, where it did not let everybody in."""
    return asked["certificate"].eq("trusted") & open_to_all.ne(True)


def _same(asked: pd.DataFrame) -> pd.Series[bool]:
    """Messages under a certificate, of clients that always show the same, as far as the server
    says: at smtpd_tls_loglevel 1 Postfix 2.9 and later names no fingerprint.
    """
    shown = asked["fingerprint"]
    shows = shown.groupby([asked[name] for name in CLIENT]).transform("nunique")
    same = shown.notna() & shows.eq(1)
    never_told = shown.groupby(asked["server"]).transform("count").eq(0)
    return same | (never_told & asked["certificate"].notna())


def with_let_in(rows: pd.DataFrame, found: LetIn) -> pd.DataFrame:
    """The rows with `by_certificate`, and as sent by one of us where a login let them in."""
    rows["by_certificate"] = False
    if len(found.certified):
        away = rows["original_side"].eq(OUTSIDE) & rows["recipient_side"].eq(OUTSIDE)
        rows["by_certificate"] = away & among(rows["origin_life"], found.certified)
    if found.logins.empty:
        return rows
    mine = among(rows["origin_life"], found.logins.index.to_numpy(np.int64))
    rows["auth_user"] = rows["auth_user"].mask(mine, rows["origin_life"].map(found.logins))
    rows["client_side"] = rows["client_side"].mask(mine, INSIDE)
    flow = {end: told for (start, end), told in FLOWS.items() if start == INSIDE}
    sent = rows["recipient_side"].astype("str").map({UNKNOWN: UNKNOWN} | flow)
    rows["flow"] = rows["flow"].mask(mine, sent)
    return rows


def _relayed(rows: pd.DataFrame) -> Flags:
    """The first row of each message that an outside client handed in for somebody outside."""
    stranger = rows["client_side"].eq(OUTSIDE) & rows["submission"].eq("smtp")
    away = rows["original_side"].eq(OUTSIDE) & rows["recipient_side"].eq(OUTSIDE)
    accepted = ~rows["status"].isin(["rejected", *NOT_DELIVERIES])
    mine = stranger & away & accepted & rows["received"].notna()
    return heads(rows["origin_life"].to_numpy(np.int64), mine.to_numpy(np.bool_))


def _logins(events: Events, clients: pd.Index[str]) -> pd.DataFrame:
    """Logins to mailboxes from these clients: `time, client_ip, auth_user, name`."""
    lines = events.get("mailbox_login", pa.table({}))
    found = [pd.DataFrame({"time": [], "client_ip": [], "auth_user": []}, dtype="str")]
    for begin in range(0, len(lines), AT_ONCE):
        some = {"mailbox_login": lines.slice(begin, AT_ONCE)}
        told = frame(some, "mailbox_login", ["time", "client_ip", "auth_user"]).dropna()
        told = told.assign(client_ip=canonical_ips(told["client_ip"]))
        found.append(told[told["client_ip"].isin(clients)])
    logins = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
    logins["time"] = pd.to_datetime(logins["time"], utc=True).astype("datetime64[us, UTC]")
    return logins.assign(name=_local_part(logins["auth_user"])).sort_values("time", kind="stable")


def _tied(asked: pd.DataFrame, logins: pd.DataFrame) -> pd.DataFrame:
    """Whose login came last from the address of each message (`auth_user`), how long before it
    (`since`), and whether the sender's `own` did within the hour. People share addresses, so the
    sender's of the day goes before others.
    """
    name = _local_part(asked["origin_sender"]).where(asked["sender_side"].eq(INSIDE), "")
    asked = asked.assign(name=name).astype({"name": "str"})
    last, own = (
        pd.merge_asof(
            asked[["received", *by]],
            logins[["time", "auth_user", *by]].astype(dict.fromkeys(by, "str")),
            left_on="received",
            right_on="time",
            by=by,
        )
        for by in (["client_ip"], ["client_ip", "name"])
    )
    recent = own["time"].ge(asked["received"] - NEAR)
    return pd.DataFrame(
        {
            "auth_user": own["auth_user"].where(recent, last["auth_user"]),
            "since": asked["received"] - last["time"],
            "own": own["time"].ge(asked["received"] - WINDOW),
        }
    )


def _local_part(addresses: pd.Series[str]) -> pd.Series[str]:
    return addresses.astype("str").str.lower().str.replace(r"@[^@]*$", "", regex=True)


def _refused(attempts: pa.Table) -> pd.DataFrame:
    """Strangers whom a server refused to relay for: `server, received`."""
    rows = attempts.select(["kind", "server", "time", "auth_user"]).to_pandas()
    denied = rows["kind"].eq("relay_denied") & rows["auth_user"].isna()
    found: pd.DataFrame = rows.loc[denied, ["server", "time"]]
    return found.set_axis(["server", "received"], axis=1)


def _answered(asked: pd.DataFrame, answers: list[tuple[pd.DataFrame, bool]]) -> pd.Series[bool]:
    """Whether the server relayed for strangers when each message came, by the nearest answer to one
    of them within a day; null where there is none.
    """
    told = pd.concat(
        [part[["server", "received"]].assign(relayed=said) for part, said in answers if len(part)]
        or [pd.DataFrame({"server": [], "received": [], "relayed": []})]
    ).dropna()
    told["received"] = told["received"].astype(asked["received"].dtype)
    nearest = pd.merge_asof(
        asked[["server", "received"]].astype({"server": "str"}),
        told.astype({"server": "str"}).sort_values("received", kind="stable"),
        on="received",
        by="server",
        tolerance=NEAR,
        direction="nearest",
    )
    relayed: pd.Series[bool] = nearest["relayed"]
    return relayed


def _most(asked: pd.DataFrame, which: pd.Series[bool]) -> pd.Series[bool]:
    """Messages of clients of which most are such."""
    most: pd.Series[bool] = which.groupby([asked[name] for name in CLIENT]).transform("mean")
    return most.ge(MOST)
