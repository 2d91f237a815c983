"""Which Exchange rows are of one message? Made ready here, so that joining knows of no Exchange.

Services and servers log the same mail side by side, each under an id of its own, in files of their
own: rows are put in order of time; what stands twice begins one message; an address that was
replaced goes along as the original recipient; a notice is tied to the message it is about.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import among
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events

Flags = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

KINDS = ("received", "addressed", "readdressed", "delivery")  # in the order of one moment
SAME_SUBMISSION = pd.Timedelta(minutes=1)  # 2003 writes a submission once a recipient, and again
STEPS = 8  # of groups in groups, and forwards of forwards
WHERE = ["server", "queue_id"]


def in_order_of_time(events: Events) -> Events:
    """The events, Exchange's rows under the server that logged them, placed in order of time among
    all (`order`).

    Args:
        events: By kind; of columns of text a chunk at a time is in memory.
    """
    if not of_exchange(events):
        return events
    return _in_order_of_time(_by_servers_of_ours(events))


def prepared(events: Events) -> Events:
    """The events with Exchange's own made ready; all others as they are.

    Args:
        events: In order of time; all rows that are tied.
    """
    if not of_exchange(events):
        return events
    return _with_notices(_with_original_recipients(_begun_once(events)))


def of_exchange(events: Events) -> bool:
    """Has Exchange's tracking written any of them?"""
    return any(_mine(events[kind]).any() for kind in KINDS if kind in events)


def _mine(table: pa.Table) -> Flags:
    if "mta" not in table.column_names:
        return np.zeros(len(table), np.bool_)
    found = [np.empty(0, np.bool_)]
    for chunk in table["mta"].chunks:
        words = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        is_exchange = np.array(
            [word == "exchange" for word in words.dictionary.to_pylist()] + [False]
        )
        found.append(is_exchange[words.indices.fill_null(-1).to_numpy()])
    return np.concatenate(found)


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    return (
        table[name].cast(pa.string())
        if name in table.column_names
        else pa.chunked_array([pa.nulls(len(table), pa.string())])
    )


def _replaced(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, values)
    return table.set_column(table.column_names.index(name), name, values)


def short_name(name: str | None) -> str:
    """A server as Exchange names itself: first label, in capitals."""
    return (name or "").partition(".")[0].upper()


def _by_servers_of_ours(events: Events) -> Events:
    """Some versions name the logging server of a failure in the other pair of columns."""
    if "received" not in events or "delivery" not in events:
        return events
    received = events["received"]
    ours = pc.unique(received["server"].cast(pa.string()).filter(pa.array(_mine(received))))
    parts = [
        _by_server(pa.Table.from_batches([rows]), ours) for rows in events["delivery"].to_batches()
    ]
    mended = pa.concat_tables([events["delivery"].schema.empty_table(), *parts])
    return {**events, "delivery": mended}


def _by_server(table: pa.Table, ours: pa.Array) -> pa.Table:
    server, relay = _text(table, "server").to_pandas(), _text(table, "relay").to_pandas()
    other = relay.map({name: short_name(name) for name in relay.dropna().unique()})
    wrong = _mine(table) & ~among(server, ours) & among(other, ours)
    if not wrong.any():
        return table
    mended = pa.array(server.mask(wrong, other), pa.string()).dictionary_encode()
    table = _replaced(table, "server", mended)
    return _replaced(table, "relay", pa.array(relay.mask(wrong, server), pa.string()))


def _in_order_of_time(events: Events) -> Events:
    """The places of Exchange's rows among all events, in order of time; no two share one."""
    names = list(events)
    lengths = [len(events[name]) for name in names]
    order = np.concatenate([events[name]["order"].to_numpy() for name in names])
    time = np.concatenate([_micros(events[name]) for name in names])
    mine = np.concatenate([_mine(events[name]) for name in names])
    phase = np.repeat(np.array([(*KINDS, name).index(name) for name in names], np.int8), lengths)
    place = np.empty(len(order), np.int64)
    place[np.argsort(order, kind="stable")] = np.arange(len(order))
    rows = np.flatnonzero(mine)
    in_time = rows[np.lexsort([order[rows], phase[rows], time[rows]])]
    place[in_time] = np.sort(place[rows])
    ends = np.cumsum(lengths)
    return {
        name: _replaced(events[name], "order", pa.array(place[end - length : end]))
        for name, length, end in zip(names, lengths, ends, strict=True)
    }


def _micros(table: pa.Table) -> Int64:
    micros: Int64 = table["time"].cast(pa.int64()).fill_null(0).to_numpy()
    return micros


def _read(events: Events, kind: str, columns: list[str]) -> pd.DataFrame:
    """Exchange's events of a kind in their own order, with `row`, their place in the table."""
    if kind not in events:
        return pd.DataFrame(columns=[*columns, "row", "order"])
    table = events[kind].append_column("row", pa.array(np.arange(len(events[kind]))))
    rows = frame({kind: table}, kind, [*columns, "row", "order"])
    return rows[_mine(table)].sort_values("order", kind="stable", ignore_index=True)


def _begun_once(events: Events) -> Events:
    """A message is received once under an id; the same again within a minute is the same."""
    if "received" not in events:
        return events
    rows = _read(
        events,
        "received",
        [*WHERE, "time", "message_id", "sender", "client_ip", "network_message_id"],
    )
    rows = rows[rows["queue_id"].notna()]
    groups = rows.groupby(WHERE, sort=False)
    before = groups[["time", "message_id", "sender", "client_ip", "network_message_id"]].shift()
    again = (rows["time"] - before["time"]).le(SAME_SUBMISSION)
    for name in ("message_id", "sender", "network_message_id"):
        again &= rows[name].fillna("").eq(before[name].fillna(""))
    again &= (
        rows["client_ip"].isna()
        | before["client_ip"].isna()
        | rows["client_ip"].eq(before["client_ip"])
    )
    kept = np.ones(len(events["received"]), np.bool_)
    kept[rows.loc[again, "row"].to_numpy(int)] = False
    return {**events, "received": events["received"].filter(pa.array(kept))}


def _mail(rows: pd.DataFrame) -> pd.Series:
    """What rows of one mail share: its id on all servers, else its id on this one."""
    known = rows["network_message_id"].notna()
    if known.all():
        return rows["network_message_id"]
    here = rows["server"].fillna("") + "/" + rows["queue_id"].fillna("")
    return rows["network_message_id"].where(known, here)


def _with_original_recipients(events: Events) -> Events:
    """Deliveries with the recipient the mail came for, and `expanded` rows for those replaced.

    Only what this server itself replaced counts, within one mail: ids that a sender writes join
    nothing here.
    """
    columns = [*WHERE, "network_message_id", "recipient", "orig_recipient"]
    replaced = _read(events, "readdressed", [*columns, "status"])
    told = _read(events, "delivery", [*columns, "mailer", "status"])
    received = _read(
        events, "received", [*WHERE, "network_message_id", "orig_queue_id", "mailer", "sender"]
    )
    before = _before(replaced, received)
    original = _traced(_of_parent(_mail(told), received), told["recipient"], before)
    original = original.fillna(_owners(told, received))
    events = _set_original(events, told, original)
    passed_on = replaced[replaced["status"].eq("expanded") & replaced["orig_recipient"].notna()]
    passed_on = passed_on.drop_duplicates([*WHERE, "orig_recipient"])
    if passed_on.empty:
        return events
    rows = events["readdressed"].take(pa.array(passed_on["row"].to_numpy(int)))
    group = passed_on["orig_recipient"]
    came_as = _traced(_of_parent(_mail(passed_on), received), group, before)
    rows = _replaced(rows, "recipient", pa.array(group, pa.string()))
    rows = _replaced(rows, "orig_recipient", pa.array(came_as, pa.string()))
    rows = _replaced(rows, "mailer", pa.array(["expansion"] * len(rows), pa.string()))
    both = [events["delivery"], rows] if "delivery" in events else [rows]
    return {**events, "delivery": pa.concat_tables(both, promote_options="permissive")}


def _before(replaced: pd.DataFrame, received: pd.DataFrame) -> pd.Series:
    """By mail and recipient, in small letters: the address that this one took the place of."""
    known = replaced[replaced["orig_recipient"].notna()]
    index = pd.MultiIndex.from_arrays(
        [_of_parent(_mail(known), received), known["recipient"].str.lower()]
    )
    before = pd.Series(known["orig_recipient"].to_numpy(object), index)
    return before[~before.index.duplicated()]


def _of_parent(mail: pd.Series, received: pd.DataFrame) -> pd.Series:
    """Without an id for all servers, a fork belongs to the mail of the message it came from."""
    forks = received[received["orig_queue_id"].notna() & received["network_message_id"].isna()]
    parent = dict(zip(_mail(forks), forks["server"] + "/" + forks["orig_queue_id"], strict=True))
    for _ in range(STEPS if parent else 0):
        mail = mail.map(parent).fillna(mail)
    return mail


def _traced(mail: pd.Series, recipient: pd.Series, before: pd.Series) -> pd.Series:
    """The address that each recipient had at first; null where it was never replaced."""
    start = recipient.str.lower()
    first = pd.Series(None, recipient.index, "object")
    here = recipient[among(start, before.index.get_level_values(1))]  # few are ever replaced
    for _ in range(STEPS if len(here) else 0):
        asked = pd.MultiIndex.from_arrays([mail[here.index], here.str.lower()])
        found = pd.Series(before.reindex(asked).to_numpy(object), here.index)
        here = found[found.notna() & found.str.lower().ne(start[here.index])]
        if here.empty:
            break
        first[here.index] = here
    return first


def _owners(told: pd.DataFrame, received: pd.DataFrame) -> pd.Series:
    """Whose inbox rule made the mail of each delivery, by what came into which mailbox."""
    nobody = pd.Series(None, told.index, "object")
    made = received[received["mailer"].eq("mailboxrule") & received["orig_queue_id"].notna()]
    if made.empty:
        return nobody
    stored = told[told["mailer"].eq("storedriver") & told["status"].eq("sent")]
    stored = stored.assign(mail=_mail(stored))[["mail", "recipient"]]
    inbound = received.assign(mail=_mail(received))[[*WHERE, "mail"]].drop_duplicates(WHERE)
    inbound = inbound.rename(columns={"queue_id": "orig_queue_id"})
    pairs = made.merge(inbound, on=["server", "orig_queue_id"]).merge(stored, on="mail")
    pairs = pairs.rename(columns={"recipient": "owner"})
    pairs["named"] = pairs["owner"].str.lower().eq(pairs["sender"].str.lower())
    pairs = (
        pairs.sort_values("named", ascending=False, kind="stable")
        .drop_duplicates(WHERE)
        .set_index(WHERE)
    )
    owner = pairs["owner"].reindex(pd.MultiIndex.from_frame(told[WHERE]))
    return pd.Series(owner.to_numpy(object), told.index, "object")


def _set_original(events: Events, told: pd.DataFrame, original: pd.Series) -> Events:
    if "delivery" not in events:
        return events
    table = events["delivery"]
    values = _text(table, "orig_recipient").to_pandas().astype("object")
    known = original.notna()
    values.iloc[told.loc[known, "row"].to_numpy(int)] = original[known].to_numpy(object)
    return {
        **events,
        "delivery": _replaced(
            table, "orig_recipient", pa.array(values, pa.string(), from_pandas=True)
        ),
    }


def _with_notices(events: Events) -> Events:
    """For each notice made here, an event under the message it is about.

    It names that message by the Message-ID, which a sender writes: of several with this id on this
    server, the last before it whose sender the notice goes to is meant.
    """
    rows = _read(
        events,
        "received",
        [*WHERE, "time", "order", "message_id", "sender", "submission", "reference", *PLACE, "mta"],
    )
    rows["time"] = pd.to_datetime(rows["time"], utc=True)
    made = rows[rows["reference"].notna() & rows["submission"].eq("internal")]
    if made.empty:
        return events
    tie = _tie(_about(made, rows, events), events["received"].schema)
    both = [tie]
    if "notice" in events:  # of another server, where an id is a word or a text
        known = {field.name: field for field in events["notice"].schema}
        both = [
            events["notice"],
            tie.cast(pa.schema([known.get(field.name, field) for field in tie.schema])),
        ]
    return {
        **events,
        "notice": pa.concat_tables(both, promote_options="permissive").unify_dictionaries(),
    }


def _about(made: pd.DataFrame, rows: pd.DataFrame, events: Events) -> pd.DataFrame:
    """The notices with `queue_id` of the message that each is about; `new_queue_id`: its own."""
    told = [_read(events, kind, [*WHERE, "recipient"]) for kind in ("addressed", "delivery")]
    of_notices = [rows[among(rows["queue_id"], made["queue_id"])] for rows in told]
    to = pd.concat(of_notices).drop_duplicates(WHERE).set_index(WHERE)["recipient"]
    receiver = to.reindex(pd.MultiIndex.from_frame(made[WHERE]))
    made = made.assign(receiver=receiver.str.lower().fillna("").to_numpy())
    about = rows[among(rows["message_id"], made["reference"]) & ~rows["row"].isin(made["row"])]
    about = about.assign(receiver=about["sender"].fillna("").str.lower())[
        ["server", "message_id", "receiver", "queue_id", "time"]
    ]
    found = pd.merge_asof(
        made.rename(columns={"queue_id": "new_queue_id"})
        .drop(columns="message_id")
        .sort_values("time", kind="stable"),
        about.sort_values("time", kind="stable"),
        on="time",
        left_by=["server", "reference", "receiver"],
        right_by=["server", "message_id", "receiver"],
    )
    known: pd.DataFrame = found[found["queue_id"].notna()]
    return known


def _tie(found: pd.DataFrame, received: pa.Schema) -> pa.Table:
    """The notices as events, each typed as the rows they were read from."""
    return pa.table(
        {
            **{
                name: pa.array(found[name], received.field(name).type)
                for name in ("time", "order", "line", "offset")
            },
            **{
                name: pa.array(found[name], pa.string()).dictionary_encode()
                for name in ("source", "mta", "server", "queue_id")
            },
            **{
                name: pa.array([None] * len(found), pa.string()).dictionary_encode()
                for name in ("instance", "service", "daemon")
            },
            "pid": pa.nulls(len(found), pa.int64()),
            "new_queue_id": pa.array(found["new_queue_id"], pa.string()),
        }
    )
