"""From lines to messages, of a whole log: part by part, and what only all parts tell together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.clocks import offsets
from analyzer.messages.copies import copies
from analyzer.messages.exchange_parts import Each, made_ready
from analyzer.messages.expansions import came_for_us
from analyzer.messages.joining import Joined, join
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.let_in import LetIn, let_in, with_let_in
from analyzer.messages.lives import Events
from analyzer.messages.locality import INSIDE, Locality
from analyzer.messages.masks import masked
from analyzer.messages.parts import Divided, one_part, parts_of
from analyzer.messages.sent_back import sent_back
from analyzer.messages.survey import Survey, survey
from analyzer.messages.whole import Resting, at_rest, together
from analyzer.schema import ATTEMPTS, MESSAGES
from analyzer.site import Site
from analyzer.spool import IN_MEMORY, Spool

Beside = Callable[..., Callable[[], Any]]


@dataclass
class Assembled:
    """`messages` and `attempts` as declared; `deliveries` as a frame that detection completes."""

    messages: pa.Table
    deliveries: pd.DataFrame
    attempts: pa.Table
    tried: pd.DataFrame  # every delivery attempt, with the columns `joining.TRIED`
    server_events: pd.DataFrame  # starts, reloads and stops
    locality: Locality
    clocks: pd.DataFrame  # how far the clocks of our servers are apart
    told: pd.DataFrame  # what the server itself says of who is ours, from `survey`
    denied: frozenset[str]  # domains for which it refused to relay
    sessions: pa.Table  # as declared


def assemble(
    events: Events,
    site: Site | None,
    spool: Spool = IN_MEMORY,
    show: Callable[[int, int], None] = lambda _done, _of: None,
    each: Each = map,
    beside: Beside = partial,
) -> Assembled:
    """Join the lines that tell of one message.

    Args:
        events: By kind, each with `time` (UTC) and `order` (what came first over all evidence).
        spool: Where the tables of a log lie that is joined in parts.
        show: Told how many parts of how many are joined.
        each: What joins the parts, as `map` does: some of them at once, perhaps.
        beside: What gives a function's result when asked: it may run meanwhile.

    Returns:
        DELIVERIES rows have the declared columns but for `mechanism` and `verdict`, and beside them
        `client_side, recipient_side, original_side` (inside, outside, unknown), `cause_life`,
        `life`, `queued_at` (time of the leg) for detection. Sorted by received, place, recipient.
    """
    number = parts_of(events) if spool.folder else 1
    events = made_ready(events, number, spool, each)
    surveyed = beside(survey, events, site)
    if number == 1:
        part = one_part(events)
        known = surveyed()
        whole = join(part, known, site)
    else:
        log, joined = Divided.of(events, number), []
        known = surveyed()
        for path in each(_joined_in(log, known, site, spool), range(number)):
            joined.append(Resting.of(path))
            show(len(joined), number)
        whole = together(joined, spool)
    rows = whole.rows
    for told in (came_for_us, copies, sent_back):
        if (mine := told(rows)).any():
            rows["original_side"] = rows["original_side"].mask(mine, INSIDE)
    known_by = let_in(rows, events, whole.attempts)
    rows = with_let_in(rows, known_by)
    rows["origin_masked"] = masked(rows)
    return Assembled(
        _messages(whole, rows, known_by),
        rows.drop(columns="named"),
        whole.attempts.select(ATTEMPTS.names),
        whole.tried.drop(columns="order"),
        frame(events, "server", ["order", "time", "server", "action", *PLACE]),
        known.locality,
        offsets(whole.hand_overs),
        known.told,
        known.denied,
        whole.sessions,
    )


def _joined_in(
    log: Divided, known: Survey, site: Site | None, spool: Spool
) -> Callable[[int], Path]:
    """What joins one part of a log, which is then in memory, and says in which file it lies."""

    def joined(part: int) -> Path:
        key = f"part {part} of {log.number}"
        return at_rest(spool, key, lambda: join(log.part(part), known, site))

    return joined


def _messages(whole: Joined, rows: pd.DataFrame, known_by: LetIn) -> pa.Table:
    """MESSAGES, with what all deliveries say of who hides behind a gateway or was let in."""
    hidden = np.unique(rows.loc[rows["origin_masked"], "origin_life"])
    life = whole.messages["life"].to_numpy()
    told = {"origin_masked": pa.array(np.isin(life, hidden))}
    if len(known_by.logins):
        login = pa.array(known_by.logins.reindex(life), pa.string())
        ground = pc.if_else(pc.is_valid(login), "mailbox", None)
        found = {"auth_user": login, "auth_ground": ground}
        told |= {n: pc.coalesce(mine, whole.messages[n]) for n, mine in found.items()}
    table = whole.messages.select(MESSAGES.names)
    for name, values in told.items():
        place = MESSAGES.get_field_index(name)
        table = table.set_column(place, MESSAGES.field(place), values)
    return table
