"""From lines to messages, of a whole log: part by part, and then what only all parts together tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.messages.clocks import offsets
from analyzer.messages.copies import copies
from analyzer.messages.exchange import prepared
from analyzer.messages.expansions import original_side
from analyzer.messages.joining import LIVES, ORDER, Joined, join
from analyzer.messages.legs import PLACE, frame
from analyzer.messages.lives import Events
from analyzer.messages.locality import INSIDE, Locality
from analyzer.messages.masks import masked
from analyzer.messages.parts import parts
from analyzer.messages.survey import survey
from analyzer.schema import ATTEMPTS, MESSAGES, fit
from analyzer.site import Site

Int64 = npt.NDArray[np.int64]


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


def assemble(events: Events, site: Site | None) -> Assembled:
    """Join the lines that tell of one message.

    Args:
        events: By kind, each with `time` (UTC) and `order` (what came first over all evidence).

    Returns:
        DELIVERIES rows have the declared columns but for `mechanism` and `verdict`, and beside them
        `client_side, recipient_side, original_side` (inside, outside, unknown), `cause_life`,
        `life`, `queued_at` (time of the leg) for detection. Sorted by received, place, recipient.
    """
    events = prepared(events)
    known = survey(events, site)
    joined = [join(part, known, site) for part in parts(events)]
    number = _numbers([part.begins for part in joined])
    rows = _rows(joined, number)
    rows["original_side"] = original_side(rows)
    rows["original_side"] = rows["original_side"].mask(copies(rows), INSIDE)
    rows["origin_masked"] = masked(rows)
    return Assembled(
        _messages(joined, number, rows),
        rows.drop(columns="named"),
        _attempts(joined),
        _tried(joined, number),
        frame(events, "server", ["order", "time", "server", "action", *PLACE]),
        known.locality,
        offsets(pd.concat([part.hand_overs for part in joined], ignore_index=True)),
        known.told,
        known.denied,
        pa.concat_tables([part.sessions for part in joined]).sort_by(
            [(name, "ascending") for name in PLACE[:2]]
        ),
    )


def _numbers(begins: Sequence[Int64]) -> list[Int64]:
    """Of each part's lives their places among all, in order of their first lines; -1 stays."""
    whole = np.sort(np.concatenate(begins))
    return [np.append(np.searchsorted(whole, of), -1) for of in begins]


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _rows(joined: Sequence[Joined], number: Sequence[Int64]) -> pd.DataFrame:
    """All deliveries, in order."""
    rows = _together(
        [
            part.rows.assign(**{name: of[part.rows[name]] for name in LIVES})
            for part, of in zip(joined, number, strict=True)
        ]
    )
    if len(joined) == 1:
        return rows
    received = rows["received"].to_numpy("datetime64[us]")
    source, _ = pd.factorize(rows["source"], sort=True)
    order = np.lexsort((rows["line"].to_numpy(np.int64), source, received))
    return rows.take(order).reset_index(drop=True)


def _messages(joined: Sequence[Joined], number: Sequence[Int64], rows: pd.DataFrame) -> pa.Table:
    life = [of[part.messages["life"].to_numpy()] for part, of in zip(joined, number, strict=True)]
    hidden = np.unique(rows.loc[rows["origin_masked"], "origin_life"])
    table = pa.concat_tables([part.messages.select(MESSAGES.names) for part in joined])
    place = MESSAGES.get_field_index("origin_masked")
    masks = pa.array(np.isin(np.concatenate(life), hidden))
    table = table.set_column(place, MESSAGES.field(place), masks)
    if len(joined) == 1:
        return table
    order = table.select(ORDER).to_pandas().sort_values(ORDER, kind="stable").index
    return table.take(pa.array(order))


def _attempts(joined: Sequence[Joined]) -> pa.Table:
    rows = _together([part.attempts for part in joined])
    rows = rows.sort_values("order", kind="stable", ignore_index=True)
    return fit(pa.Table.from_pandas(rows.drop(columns="order"), preserve_index=False), ATTEMPTS)


def _tried(joined: Sequence[Joined], number: Sequence[Int64]) -> pd.DataFrame:
    rows = _together(
        [
            part.tried.assign(life=of[part.tried["life"]])
            for part, of in zip(joined, number, strict=True)
        ]
    )
    rows = rows.sort_values("order", kind="stable", ignore_index=True)
    return rows.drop(columns="order")
