"""How many bytes came in and left, in which five minutes?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.impact.abuse import gravest
from analyzer.rows import borders, parted, slices, those
from analyzer.schema import BANDWIDTH, fit

KEY = ["start", "verdict", "mechanism"]
BIN = pd.Timedelta(minutes=5)
ADDRESS = r"\[[0-9A-Za-z.:]+\]"  # no path of a socket
NAME = r"^([^\s.\[\]]+)\.[^\s\[\]]*[^\s.\[\]]$"  # the first label, of a name in full
# The body went over the wire, and was refused.
AFTER_DATA = ("in reply to end of DATA command", "in reply to end of DATA command)")
COUNTS = [
    "transactions_least",
    "transactions",
    "transactions_most",
    "bytes_out_least",
    "bytes_out",
    "bytes_out_most",
]


def hosts_elsewhere(tried: pd.DataFrame, rows: pd.DataFrame) -> pd.Index[str]:
    """The next hops that are hosts of others, as the log names them: mail to them leaves by the
    wire. Not ours, no socket, no mailbox.

    Postfix and Sendmail give an address in brackets. Exchange gives a name alone, and the agent.

    Args:
        tried: Every delivery attempt: `daemon, relay, to_us`.
        rows: DELIVERIES rows: `server`.
    """
    codes, named = pd.factorize(tried["relay"])
    told = pd.Series(np.asarray(named, object), dtype="str")
    by_smtp, to_us = (
        np.isin(np.arange(len(told)), codes[said])
        for said in (tried["daemon"].eq("smtp"), tried["to_us"])
    )
    ours = rows["server"].dropna().unique()
    its_name = told.str.extract(NAME, expand=False)
    of_exchange = by_smtp & its_name.notna() & ~its_name.str.lower().isin(_short(ours))
    found: pd.Index[str] = pd.Index(told[(told.str.contains(ADDRESS) | of_exchange) & ~to_us])
    return found


def _short(servers: Iterable[str]) -> set[str]:
    return {str(name).partition(".")[0].lower() for name in servers}


def samples(tried: pd.DataFrame, rows: pd.DataFrame, elsewhere: pd.Index[str]) -> pa.Table:
    """BANDWIDTH: what came in by the time of receipt, what left by the time of each attempt.

    A message for many recipients at one host may go in one transaction or in several; the log does
    not say in how many, so there are three counts. An attempt that another host refused before the
    body costs a dialogue only; one refused after it, or sent again, costs the body again.

    Args:
        tried: Every delivery attempt: `life, time, relay, status, reply`.
        rows: DELIVERIES rows with `life` and `origin_life`.
        elsewhere: From `hosts_elsewhere`.
    """
    came, left = _messages(rows), _lines(tried, rows, elsewhere)
    summed = _summed(itertools.chain(map(_taken_in, came), map(_sent, left)))
    return fit(pa.Table.from_pandas(summed, preserve_index=False), BANDWIDTH)


def _messages(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Each message once, unless it was made on the server; some at a time."""
    made_here = rows["submission"].isin(["internal", "local"])
    which = gravest(rows, "origin_life") & rows["received"].notna() & ~made_here
    for some in slices(len(rows)):
        yield those(rows[["received", "size", *KEY[1:]]][some], which[some])


def _taken_in(once: pd.DataFrame) -> pd.DataFrame:
    return once.assign(
        start=once["received"].dt.floor(BIN),
        messages_in=1,
        bytes_in=once["size"].fillna(0).astype("int64"),
    )[[*KEY, "messages_in", "bytes_in"]]


def _lines(
    tried: pd.DataFrame, rows: pd.DataFrame, elsewhere: pd.Index[str]
) -> Iterator[pd.DataFrame]:
    """Each attempt with another host, with what is known of its leg; those of some legs a time."""
    leg = gravest(rows, "life")
    which = tried["relay"].isin(elsewhere) & tried["time"].notna()
    body = tried["status"].eq("sent")
    asked = which & ~body  # of what was sent, the reply says nothing more
    body[asked] = tried["reply"][asked].str.endswith(AFTER_DATA, na=False)
    lines = tried[["life", "relay", "time", "status"]].assign(body=body)
    at = borders(tried["life"])
    parts = zip(parted(tried["life"], at), parted(rows["life"], at), strict=True)
    for (where, part), (there, legs) in parts:
        known = those(rows[["life", *KEY[1:], "size"]][there], leg[there] & legs).set_index("life")
        yield those(lines[where], which[where] & part).join(known, on="life", how="inner")


def _sent(lines: pd.DataFrame) -> pd.DataFrame:
    """Each attempt with what it counts for."""
    if lines.empty:
        return pd.DataFrame(columns=[*KEY, *COUNTS])
    body = lines["body"]
    second = lines["time"].dt.floor("s")
    by_second = ~pd.DataFrame(
        {"life": lines["life"], "relay": lines["relay"], "second": second, "body": body}
    ).duplicated()
    by_host = ~lines.assign(sent=lines["status"].eq("sent"))[["life", "relay", "sent"]].duplicated()
    least = by_host.where(lines["status"].eq("sent"), by_second)
    size = lines["size"].fillna(0).astype("int64").where(body, 0)
    counted = {"least": least, "": by_second, "most": pd.Series(True, lines.index)}
    columns = {}
    for how, which in counted.items():
        end = f"_{how}" if how else ""
        columns[f"transactions{end}"] = which.astype("int64")
        columns[f"bytes_out{end}"] = size.where(which, 0)
    return lines.assign(start=lines["time"].dt.floor(BIN), **columns)[[*KEY, *COUNTS]]


def _summed(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Sums by KEY; of a part first, so that no more than that lies in memory."""
    sums = [part.groupby(KEY, dropna=False).sum().reset_index() for part in parts if len(part)]
    if not sums:
        return pd.DataFrame(columns=BANDWIDTH.names)
    whole = pd.concat(sums, ignore_index=True).reindex(columns=BANDWIDTH.names)
    summed = whole.groupby(KEY, dropna=False, sort=True).sum().reset_index()
    numbers = [name for name in BANDWIDTH.names if name not in KEY]
    summed[numbers] = summed[numbers].astype("int64")
    return summed
