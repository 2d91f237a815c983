"""What is known of each leg: one queue id, from acceptance to removal?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import per_value
from analyzer.messages.lives import Events, Lives
from analyzer.rows import Flags, Int64
from analyzer.schema import EVENTS

PLACE = ["source", "line", "offset"]
CLIENT = "client_ip client_name orig_queue_id auth_user auth_method pid"
# What each line that may begin a message tells of it; an earlier kind goes before a later one.
TOLD = {
    "client": f"{CLIENT} orig_client_ip orig_client_name",
    "received": f"{CLIENT} uid helo submission sender size recipients message_id proto "
    "local_user bare",
    "pickup": "uid sender orig_queue_id",
    "message_id": "message_id",
    "queued": "sender size recipients",
    "clone": "sender orig_queue_id",
    "notice": "sender",
}
SUBMISSION = {"client": "smtp", "pickup": "local", "message_id": "internal", "notice": "internal"}

TYPES = {field.name: field.type for field in EVENTS}
NOTHING = pa.table(
    {name: pa.array([], pa.int64()) for name in ("life", "rank", "queue", "order", "dialogue")}
)


def frame(events: Events, kind: str, columns: list[str]) -> pd.DataFrame:
    """The columns of one kind of event, a missing one as null; in order of rank."""
    table = events.get(kind, NOTHING)
    arrays = {
        c: table[c] if c in table.column_names else pa.nulls(len(table), TYPES[c]) for c in columns
    }
    decoded = {c: _decoded(a) for c, a in arrays.items()}
    result: pd.DataFrame = pa.table(decoded).combine_chunks().to_pandas()
    if "rank" not in result or result["rank"].is_monotonic_increasing:
        return result
    return result.sort_values("rank", kind="stable", ignore_index=True)


def _decoded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """As pandas holds it without a Python object for each value; a flag not set is false."""
    if pa.types.is_dictionary(values.type) or pa.types.is_null(values.type):
        return values.cast(pa.string())
    return pc.fill_null(values, False) if pa.types.is_boolean(values.type) else values


def legs(events: Events, lives: Lives, made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a life, indexed by it; *made*: from `made_here`, legs that another leg's line began.

    `submission` is null where the lines that would tell are not in the log. `begun_by`: the kind
    of the line that accepted it; its place and time are `source, line, offset, received`.
    """
    table = pd.DataFrame(
        {
            "mta": lives.mta.to_pandas(),
            "server": lives.server.to_pandas(),
            "queue_id": lives.queue_id.to_pandas(),
            "queue": lives.queue,
            "begin": lives.begin,
        },
        index=pd.RangeIndex(len(lives)),
    )
    base = ["life", "rank", "time", *PLACE]
    begins = {kind: columns.split() for kind, columns in TOLD.items()}
    lines = {
        kind: made[kind].reset_index(drop=True)
        if kind in made
        else frame(events, kind, [*base, *columns])
        for kind, columns in begins.items()
    }
    first = {kind: _first_lines(rows, len(table)) for kind, rows in lines.items()}
    # Of a column that no line tells, the nulls of one kind are enough.
    for kind, columns in sorted(begins.items(), key=lambda kind: not len(lines[kind[0]])):
        for column in columns:
            if column in table and not len(lines[kind]):
                continue
            found = lines[kind][column].reindex(first[kind]).set_axis(table.index)
            table[column] = (
                found if column not in table else table[column].where(found.isna(), found)
            )
    table = table.join(_beginnings(lines, first, len(table)))
    told = per_value(table["begun_by"], SUBMISSION.get)
    # What the server writes itself has no sender, or this one: else the line that took it is lost.
    own = table["sender"].isna() | table["sender"].str.match(r"(?:$|double-bounce@)").eq(True)
    told = told.mask(table["begun_by"].eq("message_id") & ~own)
    table["submission"] = told.where(told.notna(), table["submission"])
    return _with_their_ends(table, first["queued"] >= 0, events)


def _with_their_ends(legs: pd.DataFrame, queued: Flags, events: Events) -> pd.DataFrame:
    """The legs with `queued` and `ended`, and with the `uid` and `helo` that later lines tell.

    Args:
        queued: Which of them a queue manager took up.
    """
    went_on = frame(events, "delivery", ["life", "rank", "uid"])
    decided = frame(events, "decision", ["life", "rank", "helo", "action", "stage"])
    at_end = decided["stage"].isin(["DATA", "END-OF-MESSAGE"])
    thrown_away = decided.loc[decided["action"].eq("discard") & at_end, "life"]
    arrived = legs["message_id"].notna() | legs.index.isin(
        pd.concat([went_on["life"], thrown_away])
    )
    taken = legs["begun_by"].eq("received") & (legs["recipients"].fillna(1) > 0) & arrived
    run_as = _first(went_on.dropna(subset="uid"))["uid"].reindex(legs.index)
    removed = _first(frame(events, "removed", ["life", "rank", "time"]))
    helo = _first(decided[decided["life"].ge(0)])["helo"].reindex(legs.index)
    return legs.assign(
        uid=legs["uid"].where(legs["uid"].notna() | legs["submission"].ne("local"), run_as),
        queued=queued | taken,
        ended=removed["time"].reindex(legs.index),
        helo=legs["helo"].where(legs["helo"].notna(), helo),
    )


def _first_lines(rows: pd.DataFrame, lives: int) -> Int64:
    """The number of the first row of each life; -1 for none."""
    life = rows["life"].to_numpy(np.int64)
    backwards = np.flatnonzero(life >= 0)[::-1]  # of equal lives the last one written stays
    number = np.full(lives, -1)
    number[life[backwards]] = backwards
    return number


def _beginnings(
    lines: dict[str, pd.DataFrame], first: dict[str, Int64], lives: int
) -> pd.DataFrame:
    """Of each life the line that accepted it, the earliest kind first: `begun_by`, time, place."""
    kind_of = np.full(lives, -1)
    for number, kind in reversed(list(enumerate(lines))):
        kind_of[first[kind] >= 0] = number
    base = ["time", "rank", *PLACE]
    parts = []
    for number, kind in enumerate(lines):
        mine = np.flatnonzero(kind_of == number)
        if mine.size:
            parts.append(lines[kind][base].take(first[kind][mine]).set_axis(mine))
    none = pd.DataFrame(columns=base, index=pd.RangeIndex(0), dtype=object)
    rows = (pd.concat(parts) if parts else none).reindex(pd.RangeIndex(lives))
    names = pd.array([*lines, None], dtype="str")
    return rows.rename(columns={"time": "received", "rank": "received_rank"}).assign(
        begun_by=names.take(kind_of),
        received=pd.to_datetime(rows["time"], utc=True),
    )


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates("life").set_index("life")


def own_client(legs: pd.DataFrame, trusted: pd.Series) -> pd.DataFrame:
    """Believe XFORWARD (`orig_client=`) only of a trusted client: nobody else could have sent it.

    `by_us`: such a client handed it in, whoever stood behind it.
    """
    forwarded = legs["orig_client_ip"].notna() & trusted
    changed = legs.assign(by_us=trusted)
    for column in ("client_ip", "client_name"):
        changed[column] = legs[column].mask(forwarded, legs[f"orig_{column}"])
    return changed
