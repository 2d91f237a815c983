"""Which lines did a log receive more than once, each time perhaps with the time at which it came?

Two ways lead to a collector, or a relay sends once more what it sent. Servers repeat themselves as
well: the same client is refused twice in a second. So the log is asked first how many of the lines
with which messages begin stand there again within a minute; no queue id is given to the same
process so soon again. Where some do, of all lines that a server writes once about a queue id only
the first counts. What it may write again counts as often as it stands there, unless nearly every
message begins twice: then each of these lines is paired with the next that is alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.alike import NONE, UNKNOWN, Part, Tables, codes, ends_of, stretches
from analyzer.formats.pieces import plain
from analyzer.formats.stamps import SECOND

BEGINS = ("client", "pickup", "received")  # kinds of lines of which each message has one
# Kinds that name a queue id and say nothing twice: of the same attempt to deliver, `delay` differs.
ONCE = {
    *BEGINS,
    "message_id",
    "queued",
    "delivery",
    "expansion",
    "clone",
    "notice",
    "expired",
    "removed",
    "cancelled",
}
LATEST = 60  # seconds between a line and its copy
SOME, SHARE = 5, 0.01  # messages that begin twice; fewer are ids that were given again, by chance
NEARLY_ALL = 0.8  # of the messages; one in ten of all lines may be lost on each way
MOST = 0.99  # of the copies: the others are later than usual, or no copies
SEEN = ["server", "queue_id", "pid", "time"]
GAPS = ["server", "gap", "again_before"]


def repeats_ids(tables: Tables) -> bool:
    """Whether some queue ids of a log begin more than once within a minute, in whichever name.

    It is asked of every log: of the lines of each block by themselves, and numbers are compared.
    """
    again = 0
    for kind in BEGINS:
        if kind not in tables or not {*SEEN} <= {*tables[kind].column_names}:
            continue
        for chunk in tables[kind].select(SEEN).to_batches():
            again += _begun_again(chunk)
            if again >= SOME:
                return True
    return False


def _begun_again(chunk: pa.RecordBatch) -> int:
    """How many lines have the queue id and process of one up to a minute before."""
    ids = plain(chunk["queue_id"]).dictionary_encode().indices
    known = pc.and_(ids.is_valid(), chunk["pid"].is_valid()).to_numpy(zero_copy_only=False)
    of = ids.fill_null(0).to_numpy()
    if not known.any() or of.max() + 1 == len(of):
        return 0
    order = np.argsort(of, kind="stable")
    order = order[known[order]]
    pid = chunk["pid"].fill_null(0).to_numpy()[order]
    micros = chunk["time"].cast(pa.int64()).fill_null(0).to_numpy()[order]
    same = (np.diff(of[order]) == 0) & (np.diff(pid) == 0)
    return int((same & (np.abs(np.diff(micros)) <= LATEST * SECOND)).sum())


def received_once(
    logs: Mapping[str, Tables], asked: Collection[str]
) -> tuple[dict[str, Tables], dict[str, int], dict[str, int]]:
    """The logs without lines that they have already; how many these are, by log; and by server the
    seconds by which copies differ, where they are more than one.

    Args:
        logs: Each with `time` instead of the stamps as read, and one name for each server.
        asked: Logs that may have some.
    """
    kept = dict(logs)
    told: dict[str, int] = {}
    late: dict[str, int] = {}
    for name in asked:
        servers = _twice(logs[name])
        if servers.empty:
            continue
        kept[name], told[name] = _without_copies(logs[name], servers)
        for server, seconds in servers["late"].items():
            late[str(server)] = max(late.get(str(server), 0), int(seconds))
    return kept, told, {server: seconds for server, seconds in late.items() if seconds > 1}


def _without_copies(tables: Tables, servers: pd.DataFrame) -> tuple[Tables, int]:
    """The tables without lines that they have already, and how many these are."""
    kept, lines = {}, [NONE]
    for kind, table in tables.items():
        part = _part(table)
        for again in _again(part, servers, written_once=kind in ONCE):
            part.keep[again["row"]] = False
            lines.append(again["line"].unique())
        kept[kind] = table if part.keep.all() else part.kept()
    return kept, len(np.unique(np.concatenate(lines)))


def _twice(tables: Tables) -> pd.DataFrame:
    """The servers some of whose messages begin twice: `share` of them, how many `times` they begin,
    and by how many seconds copies are `late`.
    """
    begun = [
        _counted(lines)
        for kind in BEGINS
        if kind in tables
        for lines in _alike(_part(tables[kind]))
    ]
    if not begun:
        return pd.DataFrame()
    counts = pd.concat(begun).groupby(level=GAPS).sum().rename("lines").reset_index(GAPS[1:])
    again = counts[counts["gap"].ge(0)].sort_values("gap", kind="stable")
    each = pd.DataFrame(
        {
            "first": counts[counts["gap"].lt(0)]["lines"].groupby("server").sum(),
            "second": again[~again["again_before"]]["lines"].groupby("server").sum(),
            "again": again["lines"].groupby("server").sum(),
        }
    ).fillna(0)
    up_to = again["lines"].groupby("server").cumsum() / again["lines"].groupby("server").sum()
    servers = pd.DataFrame(
        {
            "share": each["second"] / each["first"],
            "times": (1 + each["again"] / each["first"]).round(),
            "late": again["gap"][up_to.ge(MOST)].groupby("server").min(),
        }
    )
    return servers[each["second"].ge(SOME) & servers["share"].ge(SHARE)]


def _counted(lines: pd.DataFrame) -> pd.Series:
    """How many lines of each server were alike so many seconds before; -1: none was."""
    mine = lines[lines["mine"] & lines["of_id"]]
    gap = mine["gap"].where(mine["gap"].le(LATEST), -1).astype("int64")
    counted: pd.Series = mine.assign(gap=gap).groupby(GAPS).size()
    return counted


def _part(table: pa.Table) -> Part:
    return Part("", table, ends_of(table))


def _alike(part: Part) -> Iterator[pd.DataFrame]:
    """The lines of each stretch of time, and those around it that are not `mine`: what is alike
    stands together, in order of time; `gap`: seconds since the last that was alike.
    """
    for first, end in stretches([part], LATEST):
        if first == UNKNOWN:
            continue
        found = part.within(first - LATEST, end + LATEST)
        if not found:
            continue
        table = part.said(found)
        lines = pd.DataFrame(
            {
                "said": codes(table),
                "server": plain(table["server"]).to_pandas(),
                "of_id": _named(table, "queue_id") & _named(table, "pid"),
                **{name: table[name].to_numpy() for name in ("second", "row", "line")},
            }
        )
        lines = lines[lines["second"].ne(UNKNOWN)].sort_values(["said", "second", "line"])
        turn = lines.groupby(["said", "line"]).cumcount()  # a line may name a recipient twice
        lines = lines.assign(turn=turn).sort_values(["said", "turn"], kind="stable")
        gap = lines.groupby(["said", "turn"])["second"].diff()
        yield lines.assign(
            gap=gap,
            again_before=gap.le(LATEST).shift(fill_value=False),
            mine=lines["second"].between(first, end, inclusive="left"),
        )


def _named(table: pa.Table, name: str) -> pd.Series:
    if name not in table.column_names:
        return pd.Series(False, range(len(table)))
    there: pd.Series = table[name].is_valid().to_pandas()
    return there


def _again(part: Part, servers: pd.DataFrame, *, written_once: bool) -> Iterator[pd.DataFrame]:
    """Lines that only say again what the log has already.

    A server that says the same for minutes may be counted one too few or too many where a stretch
    ends.
    """
    for lines in _alike(part):
        of = servers.reindex(lines["server"]).set_index(lines.index)
        again = of["share"].notna() & lines["of_id"] & lines["gap"].le(LATEST)
        if not written_once:
            near = lines["gap"].le(of["late"])
            turn = lines.groupby((~near).cumsum()).cumcount()
            again = of["share"].ge(NEARLY_ALL) & turn.mod(of["times"]).gt(0)
        yield lines[again & lines["mine"]]
