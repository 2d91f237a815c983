"""What was asked in each SMTP session, by the receive protocol of Exchange?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import canonical_or_logged
from analyzer.messages.exchange_sessions import COLUMNS
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.schema import SESSIONS, fit

NO = r"^[45][0-9]{2} "
RANKED = SESSIONS.append(pa.field("rank", pa.int64()))
TAKEN = r"^250 2\.6\.0 .*\[InternalId=([0-9]{1,19})\b"


def exchange_dialogues(events: Events) -> pa.Table:
    """SESSIONS of the receive protocol, in order of the first line of each, which is `rank`."""
    rows = frame(events, "session", COLUMNS)
    rows = rows[rows["session_id"].notna()].reset_index(drop=True)
    if rows.empty:
        return RANKED.empty_table()
    # A session's lines lie together only by its id: servers write several at once.
    session, _ = pd.factorize(rows["session_id"])
    rows = rows.iloc[np.argsort(session, kind="stable")].reset_index(drop=True)
    session = np.sort(session)
    said, action = rows["reply"].astype("str"), rows["action"]
    asks, answers = action.eq("<"), action.eq(">")
    same = np.append(session[1:] == session[:-1], False)
    following = said.shift(-1).where(answers.shift(-1).eq(True) & same)
    refused = following.astype("str").str.match(NO)

    def command(words: str) -> pd.Series:
        return asks & said.str.match(rf"(?i)(?:{words})")

    def times(of: pd.Series) -> pd.Series:
        return of.groupby(session).sum().astype("int64")

    def first(values: pd.Series) -> pd.Series:
        return values.groupby(session).first()

    stage = rows["stage"].astype("str").str.lower()
    login = rows["reply"].where(action.eq("*") & stage.str.startswith("authenticated"))
    tried, failed = times(command("AUTH ")), times(answers & said.str.match("535 "))
    ids = said.where(answers).str.extract(TAKEN)[0]
    mail, rcpt = command("MAIL FROM:"), command("RCPT TO:")
    helo = said.where(command("(?:EHLO|HELO) ")).str.slice(5).str.strip()
    table = pd.DataFrame(
        {
            **{
                name: first(rows[name])
                for name in ("rank", "server", "session_id", "client_ip", *PLACE)
            },
            "mta": "exchange",
            "helo": first(helo),
            "connected": first(rows["time"].where(action.eq("+"))),
            "disconnected": first(rows["time"].where(action.eq("-"))),
            "tls": times(command("STARTTLS")) > 0,
            "auth_tries": np.maximum(tried, failed),
            "auth_failures": failed,
            "auth_user": first(login),
            "mail": times(mail & ~refused),
            "rcpt_accepted": times(answers & said.str.match(r"250 2\.1\.5")),
            "rcpt_refused": times(rcpt & refused),
            "data": times(command(r"(?:DATA|BDAT)\b")),
            "messages": times(ids.notna()),
        }
    )
    table["client_ip"] = canonical_or_logged(table["client_ip"])
    offsets = pa.array(np.concatenate([[0], np.cumsum(table["messages"])]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, pa.array(ids.dropna().to_numpy(object), pa.string()))
    told = pa.Table.from_pandas(table, preserve_index=False)
    return fit(told.append_column("queue_ids", lists), RANKED)
