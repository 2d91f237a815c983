"""What is known of each leg: one queue id, from acceptance to removal?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.messages.lives import Events, Lives

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


def frame(events: Events, kind: str, columns: list[str]) -> pd.DataFrame:
    """The columns of one kind of event, a missing one as null; in order of rank."""
    if kind not in events:
        return pd.DataFrame(
            {
                c: pd.Series(dtype="int64" if c in ("life", "rank", "queue") else "object")
                for c in columns
            }
        )
    table = events[kind]
    arrays = {c: table[c] if c in table.column_names else pa.nulls(len(table)) for c in columns}
    decoded = {
        c: a.cast(pa.string()) if pa.types.is_dictionary(a.type) or pa.types.is_null(a.type) else a
        for c, a in arrays.items()
    }
    result: pd.DataFrame = pa.table(decoded).to_pandas()
    return (
        result.sort_values("rank", kind="stable", ignore_index=True) if "rank" in result else result
    )


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
    first = {
        kind: _first(made[kind] if kind in made else frame(events, kind, [*base, *columns]))
        for kind, columns in begins.items()
    }
    for kind, columns in begins.items():
        for column in columns:
            found = first[kind][column].reindex(table.index)
            table[column] = (
                found if column not in table else table[column].where(found.isna(), found)
            )
    table["begun_by"] = None
    for column in ("received", "received_rank", *PLACE):
        table[column] = None
    for kind in reversed(begins):  # the earliest line that accepted it wins
        there = table.index.isin(first[kind].index)
        rows = first[kind].reindex(table.index[there])
        table.loc[there, "begun_by"] = kind
        table.loc[there, "received"] = rows["time"].astype(object)
        table.loc[there, "received_rank"] = rows["rank"].astype(object)
        for column in PLACE:
            table.loc[there, column] = rows[column].astype(object)
    table["received"] = pd.to_datetime(table["received"], utc=True)
    told = table["begun_by"].map(SUBMISSION)
    # What the server writes itself has no sender, or this one: else the line that took it is lost.
    own = table["sender"].isna() | table["sender"].str.match(r"(?:$|double-bounce@)").eq(True)
    told = told.mask(table["begun_by"].eq("message_id") & ~own)
    table["submission"] = told.where(told.notna(), table["submission"])
    went_on = frame(events, "delivery", ["life", "rank", "uid"])
    arrived = table["message_id"].notna() | table.index.isin(went_on["life"])
    taken = table["begun_by"].eq("received") & (table["recipients"].fillna(1) > 0) & arrived
    run_as = _first(went_on.dropna(subset="uid"))["uid"].reindex(table.index)
    table["uid"] = table["uid"].where(
        table["uid"].notna() | table["submission"].ne("local"), run_as
    )
    table["queued"] = table.index.isin(first["queued"].index) | taken
    table["ended"] = _first(frame(events, "removed", base))["time"].reindex(table.index)
    helo = _first(frame(events, "decision", [*base, "helo"]).query("life >= 0"))["helo"].reindex(
        table.index
    )
    table["helo"] = table["helo"].where(table["helo"].notna(), helo)
    return table


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates("life").set_index("life")


def own_client(legs: pd.DataFrame, trusted: pd.Series) -> pd.DataFrame:
    """Believe XFORWARD (`orig_client=`) only of a trusted client: nobody else could have sent it.

    `by_us`: such a client handed it in, whoever stood behind it.
    """
    forwarded = legs["orig_client_ip"].notna() & trusted
    changed = legs.assign(by_us=trusted)
    for column in ("client_ip", "client_name"):
        changed[column] = np.where(forwarded, legs[f"orig_{column}"], legs[column])
    return changed
