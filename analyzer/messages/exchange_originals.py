"""For which address did mail come to Exchange, before a group, a forward or a rule replaced it?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analyzer.messages.addresses import among
from analyzer.messages.exchange_rows import STEPS, WHERE, mail_of, read, text, with_column
from analyzer.messages.lives import Events


def with_original_recipients(events: Events) -> Events:
    """Deliveries with the recipient the mail came for, and `expanded` rows for those replaced.

    Only what this server itself replaced counts, within one mail: ids that a sender writes join
    nothing here.
    """
    columns = [*WHERE, "network_message_id", "recipient", "orig_recipient"]
    replaced = read(events, "readdressed", [*columns, "status"])
    told = read(events, "delivery", [*columns, "mailer", "status"])
    received = read(
        events, "received", [*WHERE, "network_message_id", "orig_queue_id", "mailer", "sender"]
    )
    before = _before(replaced, received)
    original = _traced(_of_parent(mail_of(told), received), told["recipient"], before)
    original = original.fillna(_owners(told, received))
    events = _set_original(events, told, original)
    passed_on = replaced[replaced["status"].eq("expanded") & replaced["orig_recipient"].notna()]
    passed_on = passed_on.drop_duplicates([*WHERE, "orig_recipient"])
    if passed_on.empty:
        return events
    rows = events["readdressed"].take(pa.array(passed_on["row"].to_numpy(int)))
    group = passed_on["orig_recipient"]
    came_as = _traced(_of_parent(mail_of(passed_on), received), group, before)
    rows = with_column(rows, "recipient", pa.array(group, pa.string()))
    rows = with_column(rows, "orig_recipient", pa.array(came_as, pa.string()))
    rows = with_column(rows, "mailer", pa.array(["expansion"] * len(rows), pa.string()))
    both = [events["delivery"], rows] if "delivery" in events else [rows]
    return {**events, "delivery": pa.concat_tables(both, promote_options="permissive")}


def _before(replaced: pd.DataFrame, received: pd.DataFrame) -> pd.Series:
    """By mail and recipient, in small letters: the address that this one took the place of."""
    known = replaced[replaced["orig_recipient"].notna()]
    index = pd.MultiIndex.from_arrays(
        [_of_parent(mail_of(known), received), known["recipient"].str.lower()]
    )
    before = pd.Series(known["orig_recipient"].to_numpy(object), index)
    return before[~before.index.duplicated()]


def _of_parent(mail: pd.Series, received: pd.DataFrame) -> pd.Series:
    """Without an id for all servers, a fork belongs to the mail of the message it came from."""
    forks = received[received["orig_queue_id"].notna() & received["network_message_id"].isna()]
    parent = dict(zip(mail_of(forks), forks["server"] + "/" + forks["orig_queue_id"], strict=True))
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
    stored = stored.assign(mail=mail_of(stored))[["mail", "recipient"]]
    inbound = received.assign(mail=mail_of(received))[[*WHERE, "mail"]].drop_duplicates(WHERE)
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
    values = text(table, "orig_recipient").to_pandas().astype("object")
    known = original.notna()
    values.iloc[told.loc[known, "row"].to_numpy(int)] = original[known].to_numpy(object)
    return {
        **events,
        "delivery": with_column(
            table, "orig_recipient", pa.array(values, pa.string(), from_pandas=True)
        ),
    }
