"""Whose mail came back by a server to which we had given it?

Who passes all mail on to a smarthost sees no refusal: that server takes everything, and returns
what others refuse.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.rows import Int64, slices, text_of, those

NEXT_HOP = r"\[(?P<ip>[0-9A-Fa-f.:]+)\]"  # in `relay`
DAYS = pd.Timedelta(days=5)  # for so long a server tries to deliver


def came_back(table: pd.DataFrame, deliveries: pd.DataFrame) -> Int64:
    """How many notices each message brought back, as far as it went outside: each is counted for
    the last message before it that was sent under the address to which it came.

    Args:
        table: One row a message, in order of time: `received, origin_sender, outside`.
    """
    notices = _notices(deliveries)
    sent = table.loc[table["outside"].gt(0), ["received", "origin_sender", "outside"]].dropna()
    number = np.zeros(len(table), np.int64)
    if notices.empty or sent.empty:
        return number
    sender = sent["origin_sender"].str.lower()
    mine = sent.assign(row=np.flatnonzero(table.index.isin(sent.index)), to=sender)
    tied = pd.merge_asof(
        notices,
        mine[mine["to"].isin(notices["to"])].sort_values("received", kind="stable"),
        on="received",
        by="to",
        tolerance=DAYS,
    ).dropna(subset="row")
    np.add.at(number, tied["row"].to_numpy(np.int64), 1)
    least: Int64 = np.minimum(number, table["outside"].to_numpy(np.int64))
    return least


def _notices(deliveries: pd.DataFrame) -> pd.DataFrame:
    """When mail with the null sender came to one of us from a next hop of ours, and to whom (`to`),
    in order of time.
    """
    null = deliveries["origin_sender"].eq("") & deliveries["submission"].eq("smtp")
    null &= deliveries["original_side"].eq("inside")
    rows = those(deliveries[["received", "client_ip", "original_recipient"]], null).dropna()
    rows = rows[rows["client_ip"].isin(_next_hops(deliveries))] if len(rows) else rows
    to = rows["original_recipient"].astype("str").str.lower()
    return rows[["received"]].assign(to=to).sort_values("received", kind="stable")


def _next_hops(deliveries: pd.DataFrame) -> list[str]:
    """The addresses of the servers to which we gave mail."""
    told = [text_of(deliveries["relay"][some]).unique() for some in slices(len(deliveries))]
    relays = pa.chunked_array(told, pa.large_string()).unique()
    found: list[str] = pc.struct_field(pc.extract_regex(relays, NEXT_HOP), "ip").to_pylist()
    return found
