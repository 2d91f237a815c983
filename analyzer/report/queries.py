"""What is asked of a case, and which of its messages answer?

The form of the text tells what it may be; where it may be several things, all of them are asked.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.errors import SettingsError
from analyzer.report.logins import of_account
from analyzer.schema import ATTEMPTS

QUEUE_ID = re.compile(r"[0-9A-Za-z]{5,40}")  # the short ids of all servers that we read
DOMAIN = re.compile(r"[^@\s<>]+\.[^@\s<>.]+")

# Where each kind of query is looked for: table → columns.
QUEUE_IDS = {"deliveries": ["queue_id", "origin_queue_id"], "messages": ["queue_id"]}
LOGINS = {"messages": ["auth_user", "local_user"], "attempts": ["auth_user"]}
ADDRESSES = {
    "deliveries": ["recipient", "original_recipient", "sender"],
    "messages": ["sender", "auth_user"],
    "attempts": ["recipient", "sender", "auth_user"],
}
MESSAGE_IDS = {"messages": ["message_id"]}
IPS = {"messages": ["client_ip"], "attempts": ["client_ip"]}
DOMAINS = ADDRESSES | {"messages": ["sender", "auth_user", "client_name", "message_id"]}

LOGIN = {"auth_user"}
EXACT = {"queue_id", "origin_queue_id", "client_ip", "message_id"}
# What names a message in each table, as `of_message` gives it.
PLACES = {
    "messages": ["server", "queue_id", "source", "line", "received"],
    "deliveries": ["server", "origin_queue_id", "orig_source", "orig_line", "received"],
}
KEY = ["server", "queue_id", "source", "line"]
FEW_WORDS = {"server", "source", "orig_source"}  # of which no row needs a text of its own


@dataclass(frozen=True)
class Query:
    """`kinds`: what the text may be, in words; `columns`: where it is looked for."""

    text: str
    kinds: tuple[str, ...]
    columns: dict[str, list[str]]

    @property
    def of_domain(self) -> bool:
        return "domain" in self.kinds

    @property
    def searched(self) -> list[str]:
        return [f"{table}.{name}" for table, names in self.columns.items() for name in names]


def recognised(text: str) -> Query:
    """The query that a text stands for.

    Raises:
        SettingsError: it is empty.
    """
    bare = text.strip()
    inside = bare[1:-1] if bare.startswith("<") and bare.endswith(">") else bare
    if not inside:
        remedy = "Give a message-id, queue id, address, IP address, login or domain."
        raise SettingsError("nothing is asked for", "relaytrail trace", remedy)
    address = _ip(inside)
    if address:
        return _query(address, {"IP address": IPS})
    if "@" in inside:
        kinds = {"address": ADDRESSES, "login": LOGINS, "message-id": MESSAGE_IDS}
        return _query(inside, kinds)
    kinds = {"login": LOGINS, "message-id": MESSAGE_IDS}
    if QUEUE_ID.fullmatch(inside):
        kinds = {"queue id": QUEUE_IDS} | kinds
    if DOMAIN.fullmatch(inside):
        kinds = {"domain": DOMAINS} | kinds
    return _query(inside, kinds)


def _ip(text: str) -> str | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def _query(text: str, kinds: dict[str, dict[str, list[str]]]) -> Query:
    columns: dict[str, list[str]] = {}
    for where in kinds.values():
        for table, names in where.items():
            mine = columns.setdefault(table, [])
            mine += [name for name in names if name not in mine]
    return Query(text, tuple(kinds), columns)


def of_messages(folder: Path, query: Query) -> pd.DataFrame:
    """The messages that answer, in order of time: KEY and `received`, each once."""
    found = []
    for table, place in PLACES.items():
        if table in query.columns:
            told = _answering(folder, table, query, place)
            found.append(told.rename_columns([*KEY, "received"]).to_pandas())
    none = pd.DataFrame(columns=[*KEY, "received"])
    rows: pd.DataFrame = pd.concat(found or [none], ignore_index=True)
    # A place is one message's, whoever tells.
    rows["at"] = rows["server"].where(rows["line"].isna())
    rows = rows.drop_duplicates(["queue_id", "source", "line", "at"]).drop(columns="at")
    return rows.sort_values(["received", *KEY], kind="stable", ignore_index=True)


def of_attempts(folder: Path, query: Query) -> pd.DataFrame:
    """The refused recipients and failed logins that answer."""
    if "attempts" not in query.columns:
        return pd.DataFrame()
    rows: pd.DataFrame = _answering(folder, "attempts", query, ATTEMPTS.names).to_pandas()
    return rows


def _answering(folder: Path, table: str, query: Query, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns of the rows that answer; only groups of rows that answer are read further,
    several at once.
    """
    path, asked = folder / f"{table}.parquet", query.columns[table]
    known = pq.read_metadata(path)
    told = pa.schema([pq.read_schema(path).field(name) for name in wanted])
    few = [name for name in wanted if name in FEW_WORDS]

    def of_group(group: int) -> pa.Table | None:
        file = pq.ParquetFile(path, metadata=known, read_dictionary=few)
        columns = file.read_row_group(group, asked, use_threads=False)
        fits = np.zeros(len(columns), np.bool_)
        for name in asked:
            fits |= _fits(columns[name].combine_chunks(), name, query)
        if not fits.any():
            return None
        rows = file.read_row_group(group, wanted, use_threads=False)
        return rows.select(wanted).filter(pa.array(fits)).cast(told)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(of_group, range(known.num_row_groups)))
    return pa.concat_tables([told.empty_table(), *(rows for rows in found if rows is not None)])


def _fits(values: pa.StringArray, name: str, query: Query) -> npt.NDArray[np.bool_]:
    """Which rows hold the text; names are compared without their case, ids and addresses as is."""
    text = query.text.lower()
    lower = pc.ascii_lower if text.isascii() else pc.utf8_lower
    if query.of_domain:
        return _of_domain(lower(values), text)
    if name in EXACT:
        same = pc.equal(values, query.text)
    elif name in LOGIN:
        same = of_account(lower(values), text)
    else:
        same = pc.equal(lower(values), text)
    flags: npt.NDArray[np.bool_] = same.fill_null(False).to_numpy(zero_copy_only=False)
    return flags


def _of_domain(lowered: pa.StringArray, domain: str) -> npt.NDArray[np.bool_]:
    """Which texts are the domain, or end with it or a part of it (`>` may follow)."""
    ends = pc.or_(pc.ends_with(lowered, domain), pc.ends_with(lowered, f"{domain}>"))
    flags: npt.NDArray[np.bool_] = ends.fill_null(False).to_numpy(zero_copy_only=False)
    likely = np.flatnonzero(flags)
    pattern = rf"^{re.escape(domain)}$|[@.]{re.escape(domain)}>?$"
    flags[likely] = pc.match_substring_regex(lowered.take(pa.array(likely)), pattern)
    return flags
