"""Which way did a message go: its legs, their recipients and attempts, with the line of every edge?

Plain dicts, as `relaytrail trace --json` prints them; times in ISO 8601, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzer.report.events import read_events
from analyzer.report.queries import KEY
from analyzer.schema import NOT_DELIVERIES

Rows = pd.DataFrame
Dict = dict[str, Any]

BEGINS = {"client", "pickup", "received"}
PLACE = ["source", "line", "offset"]
ATTEMPT = ["time", "status", "dsn", "relay", "reply", "delay", "delays"]
ACCEPTED = [
    "client_ip", "client_name", "helo", "origin_masked", "auth_user", "auth_method", "auth_ground",
    "submission", "uid", "local_user", "certificate", "fingerprint",
]  # fmt: skip
RECIPIENT = ["recipient", "original_recipient", "status", "flow", "mechanism", "verdict"]
LINE = [
    "server", "instance", "queue_id", "kind", "client_ip", "client_name", "uid", "sender", "size",
    "recipient", "orig_queue_id", "new_queue_id", "action", *ATTEMPT, *PLACE,
]  # fmt: skip
WAIT = ["state", "recipient", "reason", "source", "line"]
NAMES_A_LEG = re.compile(
    r"(?:queued as|forwarded as) ([0-9A-Za-z]{6,40})\b|^([0-9A-Za-z]{8,16}) Message"
)
NEAR = pd.Timedelta(minutes=10)  # a notice's own line, from the line that says that it was made
GONE = {"removed", "cancelled"}
LATE = pd.Timedelta(minutes=1)  # a line of another process may follow that of the end
ENDS = {"removed", "expired", "administered", "cancelled"}


def paths(folder: Path, wanted: Rows) -> list[Dict]:
    """The path of each message.

    Args:
        wanted: KEY and `received`, see `analyzer.report.queries.of_messages`.
    """
    if wanted.empty:
        return []
    heads = _rows(folder, "messages", ["queue_id", "received"], wanted)
    rows = _rows(folder, "deliveries", ["origin_queue_id", "received"], wanted)
    legs = heads.explode("legs")
    named = [("server", "queue_id", rows), ("server", "legs", legs), ("server", "queue_id", wanted)]
    ids = {pair for s, i, of in named for pair in zip(of[s], of[i], strict=True)}
    ids |= _elsewhere(rows, legs)
    lines = _lives(read_events(folder, ids).select(LINE).to_pandas())
    notices = _notices(folder, lines[lines["kind"].eq("notice")])
    waits = _waiting(folder, ids)
    return [
        _path(key, heads, rows, lines, notices, waits)
        for key in wanted[KEY].itertuples(index=False, name=None)
    ]


def _rows(folder: Path, table: str, by: Sequence[str], wanted: Rows) -> Rows:
    """Rows of the wanted messages; `received` leads to the few groups of rows that hold them."""
    queue_id, received = map(pc.field, by)
    tests = [
        (received.is_null() if pd.isna(time) else received == time) & (queue_id == name)
        for name, time in zip(wanted["queue_id"], wanted["received"], strict=True)
    ]
    found: Rows = ds.dataset(folder / f"{table}.parquet").to_table(filter=any_of(tests)).to_pandas()
    return found


def any_of(tests: Iterable[pc.Expression]) -> pc.Expression:
    """One of the tests; none is true where there is none."""
    first, *rest = list(tests) or [pc.scalar(False)]
    for test in rest:
        first |= test
    return first


def _elsewhere(rows: Rows, legs: Rows) -> set[tuple[str, str]]:
    """Ids that a message has on another server of ours than its first."""
    servers = set(rows["server"]) | set(legs["server"])
    return {(server, queue_id) for server in servers for queue_id in legs["legs"].dropna()}


def _notices(folder: Path, said: Rows) -> Rows:
    """Deliveries of notices, by the lines that say that they were made."""
    made = said.dropna(subset=["new_queue_id", "time"])
    earliest, latest = made["time"] - NEAR, made["time"] + NEAR
    field = pc.field("received")
    tests = [
        (pc.field("queue_id") == queue_id) & (field >= low) & (field <= high)
        for queue_id, low, high in zip(made["new_queue_id"], earliest, latest, strict=True)
    ]
    found: Rows = (
        ds.dataset(folder / "deliveries.parquet").to_table(filter=any_of(tests)).to_pandas()
    )
    return found


def _waiting(folder: Path, ids: set[tuple[str, str]]) -> Rows:
    path = folder / "queue.parquet"
    if not path.is_file():  # a case of an earlier version
        return pd.DataFrame(columns=["queue_id", "server"])
    found = pq.read_table(path, filters=pc.field("queue_id").isin(sorted({i for _, i in ids})))
    rows: Rows = found.to_pandas()
    return rows


def _lives(lines: Rows) -> Rows:
    """The lines, each with the number of the life of its id: an id may be used again."""
    lines = lines.sort_values(["server", "instance", "queue_id", "time", "source", "line"])
    own = [lines[name].fillna("") for name in ("server", "instance", "queue_id")]
    before = lines.groupby(own)
    ended = before["kind"].shift().isin(GONE)
    late = before["time"].diff() <= LATE
    again = ended & (lines["kind"].isin(["message_id", "queued"]) | ~late)
    return lines.assign(life=(lines["kind"].isin(BEGINS) | again).groupby(own).cumsum())


def _path(
    key: tuple[Any, ...], heads: Rows, rows: Rows, lines: Rows, notices: Rows, waits: Rows
) -> Dict:
    server, queue_id, source, line = key
    placed = not pd.isna(line)
    at = {} if placed else {"server": server}  # a row of deliveries names the server of its own leg
    head = heads[_is(heads, queue_id=queue_id, source=source, line=line, **at)]
    mine = rows[_is(rows, origin_queue_id=queue_id, orig_source=source, orig_line=line, **at)]
    told = head.iloc[0] if len(head) else None
    legs = [] if told is None else list(told["legs"])
    legs = list(dict.fromkeys([queue_id, *legs, *mine["queue_id"]]))
    accepted = {} if told is None else {name: plain(told.get(name)) for name in ACCEPTED}
    message_id = _first(mine["message_id"]) if told is None else plain(told["message_id"])
    return {
        "server": server if told is None else told["server"],
        "queue_id": queue_id,
        "message_id": message_id,
        "received": plain(_first(mine["received"]) if told is None else told["received"]),
        **accepted,
        "sender": _first(mine["origin_sender"]) if told is None else plain(told["sender"]),
        "size": _first(mine["size"]) if told is None else plain(told["size"]),
        "ended": None if told is None else plain(told["ended"]),
        "place": {"source": source, "line": int(line)} if placed else None,
        "legs": _legs(legs, mine, lines, source, line, waits),
        "notices": _caused(legs, mine, notices, lines),
    }


def _legs(
    legs: list[str], mine: Rows, lines: Rows, source: str, line: int, waits: Rows
) -> list[Dict]:
    """Each leg with its lines; `parent`: the leg that it was made of, `ground`: what says so."""
    told: list[Dict] = []
    for queue_id in legs:
        of_leg = _lines_of(queue_id, mine, lines, source, line)
        wait = waits[waits["queue_id"].eq(queue_id)]
        told.append(_leg(queue_id, mine, of_leg, wait))
    for leg in told[1:]:
        leg["parent"], leg["ground"] = _parent(leg, told)
    return told


def _lines_of(queue_id: str, mine: Rows, lines: Rows, source: str, line: int) -> Rows:
    """The lines of one life of the id: that of the accepting line, or of a delivery line."""
    of_id = lines[lines["queue_id"].eq(queue_id)]
    places = mine.loc[mine["queue_id"].eq(queue_id), ["source", "line"]]
    known = pd.MultiIndex.from_frame(places).append(pd.MultiIndex.from_tuples([(source, line)]))
    here = of_id[pd.MultiIndex.from_frame(of_id[["source", "line"]]).isin(known)]
    if here.empty:
        return of_id
    life = ["server", "instance", "life"]
    named = pd.MultiIndex.from_frame(here[life].fillna(""))
    found: Rows = of_id[pd.MultiIndex.from_frame(of_id[life].fillna("")).isin(named)]
    return found


def _leg(queue_id: str, mine: Rows, lines: Rows, wait: Rows) -> Dict:
    began = lines[lines["kind"].isin([*BEGINS, "message_id", "queued"])]
    first = began.iloc[0] if len(began) else None
    ends = lines[lines["kind"].isin(ENDS)]
    sizes = lines["size"].dropna()
    final = mine[mine["queue_id"].eq(queue_id)]
    tried = lines[lines["kind"].eq("delivery")]
    return {
        "queue_id": queue_id,
        "server": _first(lines["server"]) or _first(final["server"]),
        "instance": _first(lines["instance"]),
        "parent": None,
        "ground": None,
        "began": plain(first["time"]) if first is not None else None,
        "client": _client(first) if first is not None else None,
        "sender": _first(lines["sender"].dropna()),
        "size": int(sizes.iloc[0]) if len(sizes) else None,
        "orig_queue_id": _first(lines["orig_queue_id"].dropna()),
        "place": _place(first) if first is not None else None,
        "recipients": [_recipient(row, tried) for row in _each(final, [*RECIPIENT, *PLACE])],
        "ends": [
            {"what": _end(row), "time": plain(row["time"]), "place": _place(row)}
            for row in _each(ends, ["kind", "action", "time", *PLACE])
        ],
        "queue_now": [{name: plain(row[name]) for name in WAIT} for row in _each(wait, WAIT)],
    }


def _client(row: Any) -> str | None:
    if row["kind"] == "pickup":
        return f"uid {plain(row['uid'])}"
    if plain(row["client_ip"]) is None:
        return None
    return f"{plain(row['client_name']) or 'unknown'}[{row['client_ip']}]"


def _end(row: Any) -> str:
    return str(
        plain(row["action"]) or {"expired": "returned to sender"}.get(row["kind"], row["kind"])
    )


def _recipient(row: Any, tried: Rows) -> Dict:
    attempts = tried[tried["recipient"].eq(row["recipient"])]
    if attempts.empty:  # the log writes it otherwise: without its domain, or before a rewrite
        attempts = tried[tried["source"].eq(row["source"]) & tried["line"].eq(row["line"])]
    return {
        **{name: plain(row[name]) for name in RECIPIENT},
        "attempts": [
            {**{name: plain(one[name]) for name in ATTEMPT}, "place": _place(one)}
            for one in _each(attempts, [*ATTEMPT, *PLACE])
        ],
        "place": _place(row),
    }


def _parent(leg: Dict, legs: Sequence[Dict]) -> tuple[str, str]:
    """Which leg it was made of, by the answer that names it, its own line, or what both share."""
    addressed = {
        to[name] for to in leg["recipients"] for name in ("recipient", "original_recipient")
    }
    handed: list[str] = []
    for other in legs:
        if other is leg:
            continue
        for to in other["recipients"]:
            for attempt in to["attempts"]:
                named = NAMES_A_LEG.search(attempt["reply"] or "")
                if named and leg["queue_id"] in named.groups():
                    return other["queue_id"], "the answer names it"
            if to["status"] in NOT_DELIVERIES and to["recipient"] in addressed:
                handed.append(other["queue_id"])
    ids = {other["queue_id"] for other in legs}
    if leg["orig_queue_id"] in ids - {leg["queue_id"]}:
        return leg["orig_queue_id"], "its own line names the queue id before"
    if handed:
        return handed[0], "Message-ID, time and recipient agree"
    return legs[0]["queue_id"], "the same message"


def _caused(legs: list[str], mine: Rows, notices: Rows, lines: Rows) -> list[Dict]:
    """Notices about the message: who got them, and the line that says so."""
    servers = set(mine["server"])
    about = notices[notices["cause_queue_id"].isin(legs) & notices["server"].isin(servers)]
    begun = mine["received"].min()
    if not pd.isna(begun):  # an id used again caused others
        about = about[about["received"].isna() | about["received"].ge(begun)]
    made = (
        lines[lines["kind"].eq("notice")].drop_duplicates("new_queue_id").set_index("new_queue_id")
    )
    found = []
    for _, row in about.iterrows():
        queue_id = row["queue_id"]
        said = made.loc[queue_id] if queue_id in made.index else None
        found.append(
            {
                "queue_id": queue_id,
                "about": row["cause_queue_id"],
                "what": plain(said["action"]) if said is not None else None,
                "time": plain(row["received"]),
                **{name: plain(row[name]) for name in ("recipient", "status", "relay", "reply")},
                "place": _place(said if said is not None else row),
            }
        )
    return found


def _is(rows: Rows, **values: Any) -> pd.Series[bool]:
    same = pd.Series(True, rows.index)
    for name, value in values.items():
        same &= rows[name].isna() if value is None or pd.isna(value) else rows[name].eq(value)
    return same


def _place(row: Any) -> Dict:
    return {name: plain(row[name]) for name in PLACE}


def _each(rows: Rows, columns: list[str]) -> list[dict[Hashable, Any]]:
    return rows[columns].to_dict("records")


def _first(values: Any) -> Any:
    return plain(values.iloc[0]) if len(values) else None


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value
