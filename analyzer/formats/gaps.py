"""Where does the time of a server leap ahead, and what does the log show of the reason?

A silence proves nothing: servers are quiet at night. It is told where a dialogue or a message was
under way that shows it to be no silence, or where it is far longer than any other of that server.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.schema import UTC

Numbers = npt.NDArray[np.float64]

LEAST = 1200.0  # seconds; Postfix waits 300 for a client, and no server is seen to be so slow
ASKED = 20  # the longest silences of a server
AROUND = 5000  # lines before and after that are looked at
NEAR = 60.0  # seconds by which a leap may be told wrongly
OUTSTANDING, MOST = 5, 3  # times the next longest silence; holes of a server
SPAN, DAYS = 20, 2  # so often as long must the log be, or hold the same hours of so many days
EXPECTED = 100  # lines that a silence lacks, by how many the server else writes in so long
DAY = 86_400
NEW_DIALOGUE = "connect"
DIALOGUE = ("disconnect", "lost", "client", "decision", "auth_failed", "login", "tls")
BEGINS = ("client", "pickup", "received")
KINDS = frozenset((NEW_DIALOGUE, *DIALOGUE, *BEGINS, "delivery"))
READ = {
    "line": pa.int64(),
    "time": UTC,
    "mta": pa.string(),
    "pid": pa.int64(),
    "queue_id": pa.string(),
    "delay": pa.float64(),
}


def gaps(rows: pd.DataFrame, logs: dict[str, dict[str, pa.Table]]) -> pd.DataFrame:
    """Leaps of one server, each with `what` it is: the line after it, `seconds`, and how many
    `lines` show it.

    Args:
        rows: All lines of the server, in order of file and line: `seconds` and place.
        logs: By file the events of each kind.

    Returns:
        `shifted`: messages are by `delay=` younger than by their stamps, so the clock shown was put
        ahead, as when summer time begins. `ahead`: dialogues were open for longer than Postfix
        waits, so the clock was put ahead or the machine stood still. `hole`: no line for far
        longer than ever else, and nothing that tells why.
    """
    seconds = rows["seconds"].to_numpy()
    # From all lines before to all lines after: late lines, and a clock that was ahead for a while
    # and went back, are told by `jumps`.
    until = np.maximum.accumulate(seconds)
    since = np.minimum.accumulate(seconds[::-1])[::-1]
    step = np.concatenate([[0.0], since[1:] - until[:-1]])
    longest = np.argsort(-step, kind="stable")[:ASKED]
    shown, open_ = {}, {}
    for at in longest[step[longest] >= LEAST].tolist():
        before = _near(rows.iloc[at - 1], logs, -AROUND)
        after = _near(rows.iloc[at], logs, AROUND)
        younger = _younger(before, after)
        shown[at] = younger[younger.between(max(step[at] / 2, LEAST), step[at] + NEAR)]
        open_[at] = _left_open(before, after)
    found = _shifted(shown, step)
    told = {at for at, *_ in found}
    found += [(at, "ahead", float(step[at]), n) for at, n in open_.items() if n and at not in told]
    told = {at for at, *_ in found}
    holes = [at for at in _outstanding(seconds, step) if at not in told]
    found += [(at, "hole", float(step[at]), 0) for at in holes]
    table = pd.DataFrame(found, columns=["row", "what", "seconds", "lines"])
    place = rows.drop(columns="seconds").take(table.pop("row").to_numpy(np.int64))
    return place.reset_index(drop=True).join(table)


def _near(row: pd.Series, logs: dict[str, dict[str, pa.Table]], lines: int) -> pd.DataFrame:
    """The lines of a server up to one, or from one on, that tell of dialogues and messages."""
    low, high = sorted((int(row["line"]), int(row["line"]) + lines))
    parts = []
    for kind in sorted(KINDS & logs[row["source"]].keys()):
        table = logs[row["source"]][kind]
        line, server = table["line"], table["server"].cast(pa.string())
        here = pc.and_(pc.greater_equal(line, low), pc.less_equal(line, high))
        table = table.filter(pc.and_(here, pc.equal(server, row["server"])))
        parts.append(_columns(kind, table))
    if not parts:
        return pd.DataFrame(columns=[*READ, "kind", "seconds"])
    near: pd.DataFrame = pa.concat_tables(parts).sort_by("line").to_pandas()
    seconds = near["time"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    return near.assign(seconds=seconds).dropna(subset="time")


def _columns(kind: str, table: pa.Table) -> pa.Table:
    columns = {
        name: (table[name] if name in table.column_names else pa.nulls(len(table))).cast(of_type)
        for name, of_type in READ.items()
    }
    return pa.table({**columns, "kind": pa.array([kind] * len(table), pa.string())})


def _outstanding(seconds: Numbers, step: Numbers) -> list[int]:
    """The few silences that are far longer than all others, where the log holds the same hours of
    other days, or is far longer still.
    """
    order = np.argsort(-step, kind="stable")[: MOST + 1]
    sizes = step[order]
    for number in range(len(order) - 1, 0, -1):
        silent = sizes[:number].sum()
        rest = seconds[-1] - seconds[0] - silent
        if rest > silent and sizes[number - 1] >= max(LEAST, OUTSTANDING * sizes[number]):
            return [
                int(at)
                for at in sorted(order[:number])
                if len(seconds) * step[at] >= EXPECTED * rest
                and (rest >= SPAN * step[at] or _other_days(seconds, int(at)) >= DAYS)
            ]
    return []


def _other_days(seconds: Numbers, at: int) -> int:
    """On how many other days the log holds the hours of a silence."""
    begin, end = seconds[at - 1], seconds[at]
    least = int(np.ceil((end - begin) / DAY))  # nearer, the hours are partly those of the silence
    before, after = (begin - seconds[0]) // DAY, (seconds[-1] - end) // DAY
    return max(int(before) - least + 1, 0) + max(int(after) - least + 1, 0)


def _shifted(shown: dict[int, pd.Series], step: Numbers) -> list[tuple[int, str, float, int]]:
    """The leaps that messages under way show. One message may have seen several: it shows the one
    that is as long as what it is younger by.
    """
    found: list[tuple[int, str, float, int]] = []
    seen: set[str] = set()
    likely = {at: abs(step[at] - by.median()) for at, by in shown.items() if len(by)}
    for at in sorted(likely, key=lambda at: (likely[at], at)):
        by = shown[at][~shown[at].index.isin(seen)]
        if len(by):
            found.append((at, "shifted", float(by.median()), len(by)))
        seen.update(by.index)
    return found


def _younger(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """By how many seconds messages under way are younger by `delay=` than by their stamps."""
    begun = before[before["kind"].isin(BEGINS)].dropna(subset="queue_id")
    again = after.loc[after["kind"].isin(BEGINS), "queue_id"]
    begun = begun[~begun["queue_id"].isin(again)].drop_duplicates("queue_id", keep="last")
    ended = after[after["kind"].eq("delivery")].dropna(subset=["queue_id", "delay"])
    ended = ended.drop_duplicates("queue_id")
    pairs = ended.merge(begun, on="queue_id", suffixes=("", "_begun"))
    younger = pairs["seconds"] - pairs["seconds_begun"] - pairs["delay"]
    return younger.set_axis(pairs["queue_id"])


def _left_open(before: pd.DataFrame, after: pd.DataFrame) -> int:
    """How many dialogues with Postfix that were just begun went on after the leap."""
    mine = [part[part["mta"].eq("postfix")].dropna(subset="pid") for part in (before, after)]
    kinds = (NEW_DIALOGUE, *DIALOGUE)
    before, after = (part[part["kind"].isin(kinds)] for part in mine)
    last = before.drop_duplicates("pid", keep="last")
    open_ = last.loc[last["kind"].eq(NEW_DIALOGUE), "pid"]
    first = after.drop_duplicates("pid")
    went_on = first["pid"].isin(open_) & first["kind"].ne(NEW_DIALOGUE)
    return int(went_on.sum())
