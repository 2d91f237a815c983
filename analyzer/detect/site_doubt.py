"""Site: what in the answer to "who is local" must be doubted?"""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.detect.detector import Detector, Evidence, once
from analyzer.detect.mask import gateways
from analyzer.detect.own_cloud import from_own_cloud
from analyzer.rows import Flags, Int32, different, domain, heads, slices, text_of, those
from analyzer.words import count, form, listing

NAMED = 8  # domains, and gateways
# A foreign domain that most strangers write to is ours or hosted here; a flood has few sources.
MOST, CLIENTS = 0.5, 5
HINTS_SHOWN = 10  # of each key; `relaytrail site infer` lists them all
# So many relay domains, half of them with so few recipients each, are the world, not customers.
MANY, FEW = 20, 2


def judge(evidence: Evidence) -> pd.DataFrame:
    """A limit for an inferred site and each hint of what it lacks, for each network that is too
    wide or hides strangers, and for each domain left out.
    """
    rows = [(network, "network", _too_wide(network)) for network in evidence.doubted_networks]
    rows += _hiding(evidence) if evidence.networks else []
    if not evidence.site_known:
        rows.append(("site", "server", _inferred(evidence.inferred_domains)))
        rows += _hints(evidence.hints)
    parts = [pd.DataFrame(rows, columns=["subject", "subject_kind", "reason"])]
    parts.append(_relaying_for_many(evidence.deliveries))
    parts.append(_by_the_cloud(evidence.deliveries))
    if evidence.site_known:
        parts += [_left_out(evidence.deliveries), _most_wanted(evidence.deliveries)]
    found = pd.concat(parts, ignore_index=True)
    nothing: Any = [[] for _ in found.index]
    return found.assign(kind="limit", verdict="possible", evidence=nothing)


def _hints(hints: pd.DataFrame) -> list[tuple[str, str, str]]:
    """What may be ours by the log, and only the owner can say."""
    found = []
    for key, of in hints.groupby("key", sort=False) if len(hints) else ():
        kind = "network" if key == "networks" else "server"
        found += [
            (str(value), kind, f"{value}: {reason}. If it is yours, state it in `{key}`.")
            for value, reason in of[["value", "reason"]].head(HINTS_SHOWN).itertuples(index=False)
        ]
        if (more := len(of) - HINTS_SHOWN) > 0:
            told = f"{count(more, 'more entry')} of `{key}` may be yours; `relaytrail site infer`"
            them = form(more, "it with its reason", "them with their reasons")
            found.append((str(key), kind, f"{told} lists {them}."))
    return found


def _hiding(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Stated networks with an address of ours through which strangers come in."""
    hidden = gateways(evidence.deliveries)
    found = []
    for name in evidence.networks:
        network = ipaddress.ip_network(name)
        inside = sorted(ip for ip in hidden if ipaddress.ip_address(ip) in network)
        if inside and not network.is_loopback:
            found.append((name, "network", _covers(name, inside)))
    return found


def _covers(network: str, gateways: list[str]) -> str:
    return (
        f"{network} covers {listing(gateways, NAMED)}, through which strangers' mail comes in "
        "under an address of yours: whoever comes that way may relay. State the hosts that have "
        "to send instead."
    )


def _most_wanted(deliveries: pd.DataFrame) -> pd.DataFrame:
    """A domain elsewhere that gets most of the mail that strangers bring, and is not stated."""
    strange = deliveries["client_side"].eq("outside") & deliveries["submission"].eq("smtp")
    went_on = deliveries["original_side"].eq("inside") & deliveries["recipient_side"].ne("inside")
    mine = strange & deliveries["auth_user"].isna() & ~went_on
    life = deliveries["origin_life"].to_numpy(np.int64)
    whole = max(int(heads(life, mine.to_numpy()).sum()), 1)
    away = (mine & deliveries["recipient_side"].eq("outside")).to_numpy()
    recipients = _domains(deliveries["recipient"], away)
    wanted = recipients.index[(recipients / whole).gt(MOST)]
    number = _of_domains(deliveries["recipient"], away, wanted)
    clients = different(number, len(wanted), deliveries["client_ip"])
    messages = np.bincount(number[once(number, life)], minlength=len(wanted))
    seen = pd.DataFrame({"clients": clients, "messages": messages}, wanted)
    kept = seen[(seen["messages"] / whole).gt(MOST) & seen["clients"].ge(CLIENTS)]
    return pd.DataFrame(
        {
            "subject": kept.index,
            "subject_kind": "server",
            "messages": kept["messages"].to_numpy(),
            "reason": [
                f"{name} is not among the stated domains, but {count(int(mails), 'message')} of "
                f"{whole:,} from strangers are for it, from {count(int(clients), 'client')}: it "
                "looks local. If it is yours, or you are its backup, state it; every verdict here "
                "depends on it."
                for name, clients, mails in kept.itertuples()
            ],
        }
    )


def _domains(addresses: pd.Series[str], which: Flags) -> pd.Series[int]:
    """How often some addresses have each domain, in order of its name."""
    found = [pd.Series(dtype="int64", index=pd.Index([], dtype="str"))]
    for some in slices(len(addresses)):
        told = domain(text_of(addresses[some][which[some]])).to_pandas()
        found.append(told.value_counts())
    counts: pd.Series[int] = pd.concat(found).groupby(level=0).sum()
    return counts


def _of_domains(addresses: pd.Series[str], which: Flags, domains: pd.Index[str]) -> Int32:
    """The number of the domain that each of some addresses has, -1 for none of these."""
    found = np.full(len(addresses), -1, np.int32)
    known = pa.array(domains, pa.large_string())
    for some in slices(len(addresses) if len(domains) else 0):
        told = domain(text_of(addresses[some][which[some]]))
        found[some][which[some]] = pc.index_in(told, known).fill_null(-1).to_numpy()
    return found


def _relaying_for_many(deliveries: pd.DataFrame) -> pd.DataFrame:
    """Relay domains, stated or inferred, that strangers' mail uses as it would use the world."""
    strange = deliveries["client_side"].eq("outside") & deliveries["submission"].eq("smtp")
    passed_on = strange & deliveries["relay_domain"].eq(True)
    mail = those(deliveries[["recipient", "origin_life"]], passed_on)
    address = mail["recipient"].astype("str").str.lower()
    people = address.groupby(address.str.replace(r"^.*@", "", regex=True)).nunique()
    if len(people) < MANY or people.median() > FEW:
        return pd.DataFrame()
    few = int(people.le(FEW).sum())
    return pd.DataFrame(
        {
            "subject": ["relay_domains"],
            "subject_kind": "server",
            "messages": mail["origin_life"].nunique(),
            "recipients": len(mail),
            "reason": [
                (
                    f"strangers' mail went on to {len(people):,} relay domains, and {few:,} of "
                    f"them got it for {FEW} recipients or fewer: so looks a `relay_domains` that "
                    "is too wide (`*`, or a wrong table), which is an open relay. Check that each "
                    "is a customer of yours: the verdicts on this mail depend on it."
                )
            ],
        }
    )


def _by_the_cloud(deliveries: pd.DataFrame) -> pd.DataFrame:
    """Mail under senders of ours that Exchange Online brought, and that went on."""
    mine = from_own_cloud(deliveries) & deliveries["recipient_side"].ne("inside")
    mail = those(deliveries[["client_ip", "origin_life"]], mine)
    if mail.empty:
        return pd.DataFrame()
    messages, addresses = mail["origin_life"].nunique(), mail["client_ip"].nunique()
    return pd.DataFrame(
        {
            "subject": ["networks"],
            "subject_kind": "server",
            "messages": messages,
            "recipients": len(mail),
            "reason": [
                (
                    f"{count(messages, 'message')} to people outside came from Exchange Online, by "
                    f"{count(addresses, 'address')}, under senders of ours, and could not be "
                    "judged: state these addresses in `networks` if our own mailboxes there send "
                    "by this server. Either way let in our tenant alone: every customer of "
                    "Microsoft sends from them."
                )
            ],
        }
    )


def _left_out(deliveries: pd.DataFrame) -> pd.DataFrame:
    """Domains that the site omits, though mail for them ended in mailboxes of this server."""
    # What can be read in two ways is unknown too, and may be for a domain that is stated.
    unknown = deliveries["recipient_side"].eq("unknown") & ~deliveries["two_readings"]
    counts = _domains(deliveries["recipient"], unknown.to_numpy())
    return pd.DataFrame(
        {
            "subject": counts.index,
            "subject_kind": "server",
            "recipients": counts.to_numpy(),
            "reason": [
                f"{name} is not among the stated domains, but this server put mail for it into "
                f"its own mailboxes ({count(number, 'recipient')}): if it is yours, add it to "
                "`domains`."
                for name, number in counts.items()
            ],
        }
    )


def _too_wide(network: str) -> str:
    if ipaddress.ip_network(network).prefixlen == 0:
        return (
            f"{network} is the whole internet: a server that trusts it relays for everybody. It "
            "was not believed; if the server is set up so, that is the hole."
        )
    return (
        f"{network} is wider than any one owner's network of public addresses. A copied mynetworks "
        "may be the very hole, so it was not believed: clients in it count as strangers."
    )


def _inferred(domains: tuple[str, ...]) -> str:
    names = listing(domains, NAMED) if domains else "none found"
    return (
        "who is local was not stated in full, so it was inferred: our domains are those this "
        f"server delivered or rewrote itself ({names}), our networks the private ones. "
        "No verdict goes beyond possible. `relaytrail site infer` writes it down with its reasons."
    )


SITE_DOUBT = Detector(
    name="site_doubt",
    question='What in the answer to "who is local" must be doubted?',
    verdicts={"possible": "a limit of this analysis"},
    forgeable="mail that makes a domain or a host look like ours; a doubt changes no verdict",
    judge=judge,
)
