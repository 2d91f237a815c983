"""What must be known of all lines, before some of them are joined?

Who is ours, by the site or by what the servers say; which queues there are; what lines say of a
server as a whole. Each is counted a slice of the lines at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.deliveries import attempts_to_deliver
from analyzer.messages.exchange_sessions import Sessions
from analyzer.messages.grounds import COLUMNS, denied, domains, own_hosts, refusals
from analyzer.messages.lives import Events, Queues, queues
from analyzer.messages.locality import Locality, locality, with_mailboxes
from analyzer.messages.logins import LOGGED_IN
from analyzer.site import Site

ROWS = 1 << 18  # of one kind of line, counted at once
ASKED = "life rank daemon mailer service recipient orig_recipient status two_readings".split()


@dataclass(frozen=True)
class Survey:
    """What is known of the whole log.

    Args:
        told: What the servers say of who is ours: `key, value, ground, times`.
        denied: Domains for which they refused to relay.
        protocol_tells: Servers that write into `proto=` whether there was a login, and the `order`
            of the first line in which they do: one that was upgraded did not before.
        sessions: What Exchange's receive protocols tell.
    """

    queues: Queues
    locality: Locality
    told: pd.DataFrame
    denied: frozenset[str]
    protocol_tells: dict[str, int]
    sessions: Sessions


def survey(events: Events, site: Site | None) -> Survey:
    """Ask all lines, by kind."""
    none = attempts_to_deliver({}, ASKED)
    told = [domains(none, refusals({}))]
    mailboxes: set[str] = set()
    refused: set[str] = set()
    for lines in _slices(events, "delivery"):
        tried = attempts_to_deliver(lines, ASKED)
        told.append(domains(tried, refusals({})))
        mailboxes |= with_mailboxes(tried)
    for lines in _slices(events, "decision"):
        told.append(domains(none, refusals(lines)))
        refused |= denied(refusals(lines))
    known = _summed(told)
    ours = frozenset(known.loc[known["key"].eq("domains"), "value"])
    hosts = [own_hosts(s, ours) for kind in ("client", "received") for s in _slices(events, kind)]
    known = pd.concat([known, _summed(hosts or [pd.DataFrame(columns=COLUMNS)])], ignore_index=True)
    return Survey(
        queues(events),
        locality(site, frozenset(mailboxes), known),
        known,
        frozenset(refused),
        _protocol_tells(events),
        Sessions.of(_slices(events, "session")),
    )


def _slices(events: Events, kind: str) -> Iterator[Events]:
    """Some lines of one kind at a time; whether one has a queue id stands for its life."""
    table = events.get(kind, pa.table({}))
    for begin in range(0, len(table), ROWS):
        some = table.slice(begin, ROWS)
        life = pc.if_else(pc.is_valid(some["queue_id"]), 0, -1)
        yield {kind: some.append_column("life", life).append_column("rank", some["order"])}


def _summed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """How often each was said in all slices."""
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    summed = whole.groupby(["key", "ground", "value"], sort=True)["times"].sum()
    return summed.reset_index()[COLUMNS]


def _protocol_tells(events: Events) -> dict[str, int]:
    """Sendmail's servers of which a line has the A of RFC 3848, and the place of the first."""
    found: dict[str, int] = {}
    for lines in _slices(events, "received"):
        table = lines["received"]
        if "proto" not in table.schema.names:
            continue
        says = pc.match_substring_regex(table["proto"].cast(pa.string()), LOGGED_IN.pattern)
        mine = pc.and_(says, pc.equal(table["mta"].cast(pa.string()), "sendmail"))
        told = {name: table[name].filter(pc.fill_null(mine, False)) for name in ("server", "order")}
        server = told["server"].cast(pa.string()).to_pandas()
        first = told["order"].to_pandas().groupby(server).min()
        found |= {str(name): min(at, found.get(str(name), at)) for name, at in first.items()}
    return found
