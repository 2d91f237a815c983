"""Which lines of a process are of one SMTP dialogue with a client?

Postfix: an smtpd serves one connection at a time, so what its process writes from `connect` to
`disconnect` is one dialogue. Sendmail: a process serves one connection. Process ids come round
again.

Source: smtpd.c (smtpd_proto), srvrsmtp.c.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.lives import Events, coded
from analyzer.rows import Flags, Int64
from analyzer.schema import EVENTS, fit

Lines = dict[str, npt.NDArray[Any]]

KINDS = (
    "connect",
    "tls",
    "login",
    "client",
    "received",
    "decision",
    "auth_failed",
    "lost",
    "disconnect",
)
ASKED = "mta server daemon stage submission client_ip pid time".split()
LINES = pa.schema([*(EVENTS.field(name) for name in ASKED), pa.field("order", pa.int64())])
SERVERS = pa.array(["smtpd", "qmqpd"])  # Postfix: others write of other things
LONGEST = pd.Timedelta(hours=6).value // 1000  # microseconds; a process id comes round again
AT_ONCE = 1 << 21  # lines put in order at once
EMPTY: Lines = {
    "pid": np.empty(0, np.int32),
    "server": np.empty(0, np.int32),
    "order": np.empty(0, np.int64),
    "time": np.empty(0, np.int64),
    "client": np.empty(0, np.int32),
    "kind": np.empty(0, np.int8),
    "sendmail": np.empty(0, np.bool_),
    "served": np.empty(0, np.bool_),
}


def with_dialogues(events: Events) -> tuple[Events, Int64]:
    """The events, those of KINDS with the number of their `dialogue` (-1 for none), in order of
    first lines, and the `order` of these.

    Args:
        events: By kind, with `order`; of columns of text a chunk at a time is in memory.
    """
    kinds = [kind for kind in KINDS if kind in events]
    lines = _lines(events, kinds)
    number = np.full(len(lines["pid"]), -1, np.int32)
    begins = [np.empty(0, np.int64)]
    slices = -(-len(number) // AT_ONCE)
    for rest in range(slices):  # all lines of a process are in one
        rows = np.flatnonzero(lines["served"] & (lines["pid"] % slices == rest))
        rows = rows[np.lexsort([lines[name][rows] for name in ("order", "pid", "server")])]
        new = _new({name: values[rows] for name, values in lines.items()})
        number[rows] = np.cumsum(new) - 1 + sum(map(len, begins))
        begins.append(lines["order"][rows[new]])
    begun = np.concatenate(begins)
    place = np.empty(len(begun) + 1, np.int32)
    place[np.argsort(begun, kind="stable")] = np.arange(len(begun))
    place[-1] = -1
    at = np.cumsum([0, *(len(events[kind]) for kind in kinds)])
    of = {
        kind: events[kind].append_column("dialogue", pa.array(place[number[a:b]]))
        for kind, a, b in zip(kinds, at[:-1], at[1:], strict=True)
    }
    return {**events, **of}, np.sort(begun)


def _lines(events: Events, kinds: list[str]) -> Lines:
    """What is asked of each line, in order of the kinds."""
    parts = {name: [none] for name, none in EMPTY.items()}
    servers: dict[str, int] = {}
    for kind in kinds:
        for batch in events[kind].to_batches():
            chunk = fit(pa.Table.from_batches([batch]), LINES)
            sendmail = pc.fill_null(pc.equal(chunk["mta"], "sendmail"), False).to_numpy()
            told = {
                "pid": chunk["pid"].fill_null(0).to_numpy(),
                "server": coded(batch["server"], servers),
                "order": chunk["order"].to_numpy(),
                "time": chunk["time"].cast(pa.int64()).fill_null(0).to_numpy(),
                "client": _clients(chunk) if sendmail.any() else np.full(len(chunk), -1),
                "kind": np.full(len(chunk), KINDS.index(kind)),
                "sendmail": sendmail,
                "served": _of_servers(chunk, kind),
            }
            for name, values in told.items():
                parts[name].append(values.astype(EMPTY[name].dtype))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _of_servers(table: pa.Table, kind: str) -> Flags:
    """Lines of processes that serve a client."""
    postfix = pc.and_(pc.equal(table["mta"], "postfix"), pc.is_in(table["daemon"], SERVERS))
    # Sendmail as a client waits in vain too; a program on this server has no dialogue.
    waits = pc.fill_null(pc.starts_with(table["stage"], "CLIENT "), False)
    by_smtp = pc.fill_null(pc.equal(table["submission"], "smtp"), False)
    served = pc.and_not(by_smtp, waits) if kind == "received" else pc.invert(waits)
    mine = pc.or_kleene(postfix, pc.and_(pc.equal(table["mta"], "sendmail"), served))
    known = pc.and_(pc.is_valid(table["pid"]), pc.is_valid(table["server"]))
    flags: Flags = pc.fill_null(pc.and_(mine, known), False).to_numpy()
    return flags


def _clients(lines: pa.Table) -> Int64:
    """A number for each different address, -1 for none."""
    words = lines["client_ip"].combine_chunks().dictionary_encode()
    hashed = pd.util.hash_array(words.dictionary.to_numpy(zero_copy_only=False), categorize=False)
    numbers = np.append((hashed >> np.uint64(33)).astype(np.int64), -1)
    codes: Int64 = numbers[words.indices.fill_null(len(hashed)).to_numpy()]
    return codes


def _new(lines: Lines) -> Flags:
    """Which lines begin a dialogue, of lines in order of server, process and place."""
    process = _changed(lines["server"]) | _changed(lines["pid"])
    ended = np.concatenate([[False], lines["kind"][:-1] == KINDS.index("disconnect")])
    new: Flags = process | (lines["kind"] == KINDS.index("connect")) | ended[: len(process)]
    new |= np.diff(lines["time"], prepend=lines["time"][:1]) > LONGEST
    new |= _other_client(lines["client"], process) & lines["sendmail"]
    return new


def _other_client(client: Int64, process: Flags) -> Flags:
    """Lines that name another client than the line before them that names one, of one process.

    Args:
        client: A number for each address, -1 where the line names none.
        process: The first line of each process.
    """
    here = np.arange(len(client))
    begun = np.maximum.accumulate(np.where(process, here, 0))
    named = np.maximum.accumulate(np.where(client >= 0, here, -1))
    last = np.where(named >= begun, client[named], -1)
    before = np.concatenate([[-1], last[:-1]])[: len(last)]
    other: Flags = (last != before) & (last >= 0) & (before >= 0)
    return other


def _changed(values: npt.NDArray[Any]) -> Flags:
    """Which values differ from the one before."""
    return np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
