"""Which domains and hosts are ours, by what the server itself did or said?

Only what no stranger can bring about counts: where the server put mail, what it rewrote, whom it
calls unknown, and names that it has verified.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.messages.addresses import (
    by_domain,
    canonical_ips,
    each_domain,
    per_value,
    routed_domain,
)
from analyzer.messages.legs import frame
from analyzer.messages.lives import Events

# Agents that end a message on this machine: Postfix daemons, Sendmail mailers, Exchange's store.
FINAL = [
    "local",
    "virtual",
    "lmtp",
    "pipe",
    "prog",
    "*file*",
    "*include*",
    "cyrus",
    "procmail",
    "storedriver",
]
# The end of the server's own words. A policy server may say that a user is unknown of any domain;
# only Postfix itself names the table, and Sendmail says no more than this.
OF_OUR_TABLE = (
    r": User unknown in (?:local|virtual)[a-z ]* table$|^(?:[^<>]*<[^<>]*>\.\.\. )?User unknown$"
)
OF_RELAY_TABLE = r": User unknown in relay[a-z ]* table$"
DENIED = r": Relay access denied$|\.\.\. Relaying denied[^<>]*$"
COLUMNS = ["key", "value", "ground", "times"]
# So many relay domains, half of them with so few deliveries: whoever is backup of a domain gets
# more, and `relay_domains = *` has everybody's.
MANY, FEW = 20, 2


def domains(tried: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    """One row a domain and ground: `key` (of site.toml), `value`, `ground`, `times`.

    Args:
        tried: Delivery events with `daemon, service, recipient, orig_recipient, status,
            two_readings`.
        refused: Decisions with `recipient, reply`.
    """
    here = tried["daemon"].isin(FINAL) & tried["status"].eq("sent")
    relay = tried["service"].eq("relay")
    tells = here | relay | tried["orig_recipient"].notna()
    tried = tried[tells & tried["two_readings"].ne(True)]
    here, relay = here[tried.index], relay[tried.index]
    reply = refused["reply"].astype("str")
    plain = refused.loc[
        per_value(refused["recipient"], routed_domain, by_domain).eq(""), "recipient"
    ]
    # Within one domain it may be spelling alone (`bob@b.example.`), which a stranger chooses.
    name = each_domain(tried["recipient"])
    owner = each_domain(tried["orig_recipient"])
    moved = owner.notna() & owner.ne(name)
    return pd.concat(
        [
            _counted("domains", "delivered", name[here], whole=True),
            _counted("domains", "rewritten", owner[moved], whole=True),
            _counted("domains", "unknown_user", plain[reply.str.contains(OF_OUR_TABLE)]),
            _counted("relay_domains", "relay_service", name[relay], whole=True),
            _counted("relay_domains", "unknown_user", plain[reply.str.contains(OF_RELAY_TABLE)]),
        ],
        ignore_index=True,
    )


def said(told: pd.DataFrame) -> dict[str, list[str]]:
    """For each key of site.toml what the server says, the busiest first.

    Refusals make nothing busy: a stranger who guesses names can have as many as he likes.
    """
    mail = told.assign(times=told["times"].mask(told["ground"].eq("unknown_user"), 0))
    mail = mail[~(mail["key"].eq("relay_domains") & mail["value"].isin(sorted(scattered(told))))]
    times = mail.groupby(["key", "value"])["times"].sum().reset_index()
    times = times.sort_values(["times", "value"], ascending=[False, True])
    return {str(key): of["value"].tolist() for key, of in times.groupby("key")}


def only_relayed(told: pd.DataFrame) -> pd.Series[int]:
    """Deliveries by the service `relay` to each domain of which nothing else is said.

    The service proves what the server does, and not whose wish it is: a `relay_domains` that is too
    wide sends strangers' mail the same way.
    """
    mine = told[told["key"].eq("relay_domains")]
    proven = mine.loc[mine["ground"].ne("relay_service"), "value"]
    times: pd.Series[int] = mine[~mine["value"].isin(proven)].set_index("value")["times"]
    return times


def scattered(told: pd.DataFrame) -> frozenset[str]:
    """Those of them that look like the whole world rather than like customers; they are not
    used.
    """
    times = only_relayed(told)
    world = len(times) >= MANY and times.median() <= FEW
    return frozenset(map(str, times.index)) if world else frozenset()


def denied(refused: pd.DataFrame) -> frozenset[str]:
    """Domains for which the server refused to relay: they are not ours.

    An address that hides a route is refused for the route, whoever owns its domain.
    """
    plain = per_value(refused["recipient"], routed_domain, by_domain).eq("")
    mine = refused["reply"].astype("str").str.contains(DENIED) & plain
    return frozenset(each_domain(refused.loc[mine, "recipient"]).dropna().unique()) - {""}


def refusals(events: Events) -> pd.DataFrame:
    """What the server refused: `recipient, reply`."""
    rows = frame(events, "decision", ["rank", "recipient", "reply", "action"])
    return rows[rows["action"].eq("reject")]


def own_hosts(events: Events, ours: frozenset[str]) -> pd.DataFrame:
    """Names and addresses of the logging servers: `key, value, ground, times`.

    A client whose verified name is that of the server, in a domain of ours, is the server. A short
    name alone proves nothing: anybody can call a host of his mx1.
    """
    kinds = [kind for kind in ("client", "received") if kind in events]
    columns = ["rank", "server", "client_name", "client_ip"]
    seen = [frame(events, kind, columns) for kind in kinds]
    if not seen:
        return pd.DataFrame(columns=COLUMNS)
    rows = pd.concat(seen, ignore_index=True)
    hosts = _counted("servers", "logs", rows["server"].str.lower(), whole=True)
    rows = rows.assign(name=rows["client_name"].str.lower().str.rstrip("."))
    parts_of = _split(rows["name"])
    rows = rows[parts_of["domain"].isin(sorted(ours))]
    short = rows["server"].str.lower().str.replace(r"\..*$", "", regex=True)
    address = canonical_ips(rows["client_ip"])
    mine = parts_of["host"].reindex(rows.index).eq(short) & address.notna()
    parts = [
        _counted("servers", "named", values[mine], whole=True) for values in (rows["name"], address)
    ]
    return pd.concat([hosts, *parts], ignore_index=True)


def _split(names: pd.Series[str]) -> pd.DataFrame:
    """`host` and `domain` of whole host names; null of any other."""
    found = pc.extract_regex(pa.array(names, pa.string()), r"^(?P<host>[^.]+)\.(?P<domain>.+)$")
    columns = {name: pc.struct_field(found, name).to_pandas() for name in ("host", "domain")}
    return pd.DataFrame(columns).set_axis(names.index)


def _counted(
    key: str,
    ground: str,
    values: pd.Series[str],
    *,
    whole: bool = False,
) -> pd.DataFrame:
    """How often each domain of the addresses, or each value as a *whole*, occurs."""
    codes, names = pd.factorize(values if whole else each_domain(values), sort=True)
    times = np.bincount(codes[codes >= 0], minlength=len(names))
    found = pd.DataFrame({"key": key, "value": names, "ground": ground, "times": times})
    return found[found["value"].ne("")]
