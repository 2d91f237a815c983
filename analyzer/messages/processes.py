"""Which lines of a process that serves clients may be of one dialogue?

A stretch of its lines holds dialogues whole. It ends where no dialogue reaches over, and no rule
that looks for another line of the same process: a login before a message, a decision before the
queue id. So a part of a log can have all lines that its messages ask of, and not every process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.dialogues import KINDS, LINES, LONGEST, changed, of_servers, other_client
from analyzer.messages.lives import Events, coded
from analyzer.schema import fit

Flags = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

IDLE = pd.Timedelta(minutes=10).value // 1000  # microseconds; an smtpd without work has ended
AT_ONCE = 1 << 21  # lines put in order at once
CONNECT, DISCONNECT = (KINDS.index(kind) for kind in ("connect", "disconnect"))


@dataclass(frozen=True)
class Stretches:
    """`of`: the stretch of each line, by kind, -1 for none; `begins`: `order` of each one's first
    line.
    """

    of: dict[str, Int32]
    begins: Int64


def stretches(events: Events) -> Stretches:
    """The stretches of all processes.

    Args:
        events: By kind, with `order`; of columns of text a chunk at a time is in memory.
    """
    kinds = [kind for kind in KINDS if kind in events]
    lines = _served(events, kinds)
    number = np.full(len(lines["pid"]), -1, np.int32)
    begins = [np.empty(0, np.int64)]
    slices = -(-len(number) // AT_ONCE)
    for rest in range(slices):  # all lines of a process are in one
        rows = np.flatnonzero(lines["served"] & (lines["pid"] % slices == rest))
        keys = [lines[name][rows] for name in ("order", "pid", "server")]
        rows = rows[np.lexsort(keys)]
        new = _new({name: values[rows] for name, values in lines.items()})
        number[rows] = np.cumsum(new) - 1 + sum(map(len, begins))
        begins.append(lines["order"][rows[new]])
    at = np.cumsum([0, *(len(events[kind]) for kind in kinds)])
    of = {kind: number[a:b] for kind, a, b in zip(kinds, at[:-1], at[1:], strict=True)}
    return Stretches(of, np.concatenate(begins))


def _served(events: Events, kinds: list[str]) -> dict[str, npt.NDArray[np.generic]]:
    """What is asked of each line, in order of the kinds."""
    empty = {"pid": np.int32, "server": np.int32, "order": np.int64, "time": np.int64}
    empty |= {"client": np.int64, "kind": np.int8, "sendmail": np.bool_, "served": np.bool_}
    parts = {name: [np.empty(0, kind)] for name, kind in empty.items()}
    servers: dict[str, int] = {}
    for kind in kinds:
        for batch in events[kind].to_batches():
            chunk = pa.Table.from_batches([batch])
            kinds_of = pa.repeat(pa.scalar(KINDS.index(kind), pa.int8()), len(chunk))
            lines = fit(chunk.append_column("kind", kinds_of), LINES)
            sendmail = pc.fill_null(pc.equal(lines["mta"], "sendmail"), False).to_numpy()
            told = {
                "pid": lines["pid"].fill_null(0).to_numpy(),
                "server": coded(batch["server"], servers),
                "order": chunk["order"].to_numpy(),
                "time": lines["time"].cast(pa.int64()).fill_null(0).to_numpy(),
                "client": _clients(lines["client_ip"]) if sendmail.any() else np.full(len(chunk), -1),
                "kind": lines["kind"].to_numpy(),
                "sendmail": sendmail,
                "served": of_servers(lines),
            }
            for name, values in told.items():
                parts[name].append(values.astype(empty[name]))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _clients(ips: pa.ChunkedArray) -> Int64:
    """A number for each different address, -1 for none."""
    words = ips.combine_chunks().dictionary_encode()
    hashed = pd.util.hash_array(words.dictionary.to_numpy(zero_copy_only=False), categorize=False)
    numbers = np.append((hashed >> np.uint64(1)).astype(np.int64), -1)
    codes: Int64 = numbers[words.indices.fill_null(len(hashed)).to_numpy()]
    return codes


def _new(lines: dict[str, npt.NDArray[np.generic]]) -> Flags:
    """Which lines begin a stretch, of lines in order of server, process and place."""
    process = changed(lines["server"]) | changed(lines["pid"])
    away = np.diff(lines["time"], prepend=lines["time"][:1])
    begins = (lines["kind"] == CONNECT) | after(lines["kind"] == DISCONNECT)
    other = other_client(lines["client"], process) & lines["sendmail"]
    new: Flags = process | (away > LONGEST) | other | (begins & (away > IDLE) & ~lines["sendmail"])
    return new
