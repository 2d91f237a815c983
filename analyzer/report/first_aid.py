"""What can be done this morning: which queue ids to delete, accounts to lock, addresses to refuse?

Counted from a case and printed; nothing is run. What also carries innocent mail is not offered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

import pandas as pd

from analyzer import words
from analyzer.case import Case
from analyzer.display import display
from analyzer.report import tried
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import OURS_ALONE, too_wide

HOLDER = ["server", "queue_id"]
SHOWN = 10  # of a list; --json and --ids have all
# A message without an end in the log may wait too; to delete one that left does nothing.
WAITING = ["deferred", "held", "unknown"]
COLUMNS = [
    *("mta", "server", "queue_id", "origin_life", "client_ip", "origin_masked", "auth_user"),
    *("received", "completed", "recipient", "status", "mechanism", "verdict", "source", "line"),
]

# How each mail server deletes by queue id; `{n}` is one id.
QUEUE = {
    "postfix": ("relaytrail aid CASE --ids | postsuper -d -",),
    "sendmail": (
        "relaytrail aid CASE --ids | while read id; do sendmail -Qabuse -qI$id; done",
        "mailq -qQ    # look, then remove those qf and df files",
    ),
    "exchange": (
        "$ids = relaytrail aid CASE --ids",
        "Get-TransportService | Get-Queue | Get-Message -ResultSize Unlimited |",
        r"  where { $ids -contains ($_.Identity -split '\\')[-1] } |",
        "  Remove-Message -WithNDR $false",
    ),
}
LOCK = {
    "postfix": "change the password, end its sessions: doveadm kick LOGIN",
    "sendmail": "change the password: passwd -l LOGIN, saslpasswd2 -d LOGIN",
    "exchange": "Disable-ADAccount LOGIN; Set-CASMailbox LOGIN "
    "-SmtpClientAuthenticationDisabled $true",
}
REFUSE = {
    "postfix": (
        "in a cidr table that check_client_access names, before any permit:",
        "{ip}{bits} REJECT",
    ),
    "sendmail": ("in /etc/mail/access, then makemap:", "Connect:{tag}{ip} REJECT"),
    "exchange": ("in the Exchange shell:", "Add-IPBlockListEntry -IPAddress {ip}"),
}


def aid(case: Case) -> dict[str, Any]:
    """All that can be done at once.

    Returns:
        `queue`: `ground` (`listing` or `log`), `messages` (one a message: `mta, server, queue_id,
        recipients, mechanism, received, place`), `not_sure` (messages of unclear verdict that
        wait).
        `accounts`: `account, mta, messages, first, last`. `refused`: sentences on logins and hosts
        misused by somebody of whom nothing was accepted. `addresses`: `ip, mta, messages, last`.
        `not_offered`: `what, reason`: gateways, ours, and who also sent innocent mail. `unread`:
        lines of mail servers that were not understood, and may hide more of all this.
    """
    rows = case.deliveries.select(COLUMNS).to_pandas()
    rows["mechanism"] = rows["mechanism"].fillna("")
    abuse = rows[rows["verdict"].eq("abusive")]
    addresses, not_offered = _addresses(rows, abuse, case)
    return {
        "queue": _listed(case) if len(case.queue) else _by_log(rows, case),
        "accounts": _accounts(rows),
        "refused": tried.misused(case.findings.to_pandas()),
        "addresses": addresses,
        "not_offered": not_offered,
        "unread": len(case.unread),
    }


def _listed(case: Case) -> dict[str, Any]:
    """By a listing of the queue (postqueue -j, mailq): what truly waited at that moment."""
    listed = case.queue.to_pandas()
    listed = listed[listed["queue_id"].notna()]
    listed = listed.assign(received=listed["arrived"])
    abusive = listed[listed["verdict"].eq("abusive")]
    unsure = listed[listed["verdict"].eq("unclear") | listed["verdict"].isna()]
    return {
        "ground": "listing",
        "messages": _messages(abusive),
        "not_sure": int(unsure.drop_duplicates(["mta", "queue_id"]).shape[0]),
    }


def _by_log(rows: pd.DataFrame, case: Case) -> dict[str, Any]:
    """By the end of the log: what had no other end than waiting."""
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)]
    # An id may be used again: only the last message that had it can still wait. That one may have
    # no line of a delivery yet.
    last = counted.groupby(["mta", "server", "queue_id"])["origin_life"].transform("max")
    came = case.messages.select([*HOLDER, "received"]).to_pandas().groupby(HOLDER)["received"].max()
    newest = came.reindex(pd.MultiIndex.from_frame(counted[HOLDER])).set_axis(counted.index)
    last_of_id = counted["origin_life"].eq(last) & ~newest.gt(counted["received"])
    waiting = counted[counted["status"].isin(WAITING) & last_of_id]
    unsure = waiting[waiting["verdict"].eq("unclear")]
    return {
        "ground": "log",
        "messages": _messages(waiting[waiting["verdict"].eq("abusive")]),
        "not_sure": int(unsure.drop_duplicates(["server", "queue_id"]).shape[0]),
    }


def _messages(rows: pd.DataFrame) -> list[dict[str, Any]]:
    if rows.empty:
        return []
    rows = rows.sort_values(["source", "line"], kind="stable")
    groups = rows.groupby(["mta", "server", "queue_id"], dropna=False, sort=False)
    found = groups.agg(
        recipients=("recipient", "count"),
        mechanism=("mechanism", "first"),
        received=("received", "min"),
        source=("source", "first"),
        line=("line", "first"),
    ).reset_index()
    found = found.sort_values(["mta", "received", "queue_id"], kind="stable", na_position="last")
    return [
        {
            "mta": row["mta"],
            "server": None if pd.isna(row["server"]) else row["server"],
            "queue_id": row["queue_id"],
            "recipients": int(row["recipients"]),
            "mechanism": row["mechanism"] or None,
            "received": words.iso(row["received"]),
            "place": {"source": row["source"], "line": int(row["line"])},
        }
        for row in found.to_dict("records")
    ]


def _accounts(rows: pd.DataFrame) -> list[dict[str, Any]]:
    abuse = rows[rows["mechanism"].eq("stolen_account") & rows["verdict"].eq("abusive")]
    groups = abuse[abuse["auth_user"].notna()].groupby(["auth_user", "mta"], sort=True)
    found = [
        {
            "account": account,
            "mta": mta,
            "messages": int(of["origin_life"].nunique()),
            "first": words.iso(of["received"].min()),
            "last": words.iso(of["received"].max()),
        }
        for (account, mta), of in groups
    ]
    return sorted(found, key=lambda one: (-one["messages"], one["account"]))


def _addresses(
    rows: pd.DataFrame, abuse: pd.DataFrame, case: Case
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Strangers' addresses that sent nothing but abuse; and those that are better left alone."""
    strangers = abuse[abuse["mechanism"].isin(["open_relay", "stolen_account"])]
    strangers = strangers[strangers["client_ip"].notna()]
    masked = set(rows.loc[rows["origin_masked"].eq(True), "client_ip"].dropna())
    findings = case.findings.to_pandas()
    masked |= set(findings.loc[findings["detector"].eq("mask"), "subject"])
    innocent = rows[rows["verdict"].eq("legitimate") & rows["client_ip"].notna()]
    innocent_messages = innocent.groupby("client_ip")["origin_life"].nunique()
    site = case.manifest.get("site", {})
    ours = _networks([*(site.get("networks") or []), *(site.get("servers") or [])])
    offered, kept = [], []
    for (ip, mta), of in strangers.groupby(["client_ip", "mta"], sort=True):
        sent = int(innocent_messages.get(ip, 0))
        why = _keep(str(ip), masked, ours, sent)
        messages = int(of["origin_life"].nunique())
        if why:
            kept.append({"what": str(ip), "messages": messages, "reason": why})
        else:
            last = words.iso(of["received"].max())
            offered.append({"ip": str(ip), "mta": mta, "messages": messages, "last": last})
    return (
        sorted(offered, key=lambda one: (-one["messages"], one["ip"])),
        sorted(kept, key=lambda one: (-one["messages"], one["what"])),
    )


def _keep(ip: str, masked: set[str], ours: list[Any], innocent: int) -> str:
    """Why an address is not offered for refusing; empty where it is."""
    if ip in masked:
        return "a gateway or filter: it stands for everybody behind it"
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "the log names no address here"
    if any(address in n for n in ours) or address.is_loopback:
        return "ours"
    if any(address in n for n in OURS_ALONE):
        return "a private address: of our own network, or of a gateway"
    if innocent:
        return f"it also sent {words.count(innocent, 'innocent message')}"
    return ""


def _networks(texts: Iterable[str]) -> list[Any]:
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text.strip("[]"), strict=False)
        except ValueError:
            continue  # a name
        found.append(network)
    return [n for n in found if not too_wide(n)]  # that is nobody's own


def ids(told: dict[str, Any]) -> list[str]:
    """The queue ids alone, each once, for a pipe; none that is not made of letters and digits."""
    found = dict.fromkeys(one["queue_id"] for one in told["queue"]["messages"])
    return [name for name in found if name.isascii() and name.replace("-", "").isalnum()]


def as_text(told: dict[str, Any]) -> list[str]:
    """At most 80 columns; strangers' words are safe to print. Nothing of it is run."""
    lines = [
        *_queue_text(told["queue"]),
        "",
        *_accounts_text(told["accounts"], told["refused"]),
        "",
    ]
    lines += _addresses_text(told["addresses"])
    for one in told["not_offered"][:SHOWN]:
        mail = words.count(one["messages"], "message")
        lines += words.wrapped(
            f"Not offered: {display(one['what'], 60)} ({mail}): {one['reason']}."
        )
    if more := told["not_offered"][SHOWN:]:
        lines.append(f"Not offered either: {words.count(len(more), 'more address')}; see --json.")
    lines += ["", *beware(told)] if beware(told) else []
    return [*lines, "", "Nothing of this was run. Keep a copy of what you delete as evidence."]


def beware(told: dict[str, Any]) -> list[str]:
    """What may be missing; nothing where every line was read."""
    if not told["unread"]:
        return []
    unread = words.count(told["unread"], "line")
    return words.wrapped(f"Beware: {unread} of mail servers could not be read and may hide more.")


def _queue_text(queue: dict[str, Any]) -> list[str]:
    by = "the listing of the queue" if queue["ground"] == "listing" else "the end of the log"
    messages = queue["messages"]
    lines = []
    if not messages:
        lines += words.wrapped(f"By {by}, no message of the abuse is still queued.")
    for mta in sorted({one["mta"] for one in messages}):
        mine = [one for one in messages if one["mta"] == mta]
        recipients = words.count(sum(one["recipients"] for one in mine), "recipient")
        told = f"{words.count(len(mine), 'message')} of the abuse still queued, for {recipients}"
        lines += words.wrapped(f"{words.capital(told)}, by {by}. To delete them:")
        lines += [f"    {command}" for command in QUEUE.get(mta, ())]
        lines += [f"  {one['queue_id']:20} {_row(one)}" for one in mine[:SHOWN]]
        lines += [f"  and {len(mine) - SHOWN:,} more: --ids"] if len(mine) > SHOWN else []
    if queue["not_sure"]:
        unsure = words.count(queue["not_sure"], "message")
        lines += words.wrapped(
            f"{unsure} that may or may not be abuse also wait: look at them first."
        )
    return [display(line, 120) for line in lines]


def _row(one: dict[str, Any]) -> str:
    place = display(f"{one['place']['source']}:{one['place']['line']}", 30)
    return f"{words.count(one['recipients'], 'recipient'):14} {one['mechanism'] or '':15} {place}"


def _accounts_text(accounts: list[dict[str, Any]], refused: list[str]) -> list[str]:
    also = [line for sentence in refused for line in words.wrapped(sentence)]
    if not accounts:
        none = "No account to lock: no login of the log was used by somebody else."
        return also or [none]
    lines = [f"{words.capital(words.count(len(accounts), 'account'))} to lock:"]
    for one in accounts[:SHOWN]:
        mail = words.count(one["messages"], "message")
        lines.append(display(f"  {one['account'][:40]:40} {mail}, last {one['last']}", words.WIDTH))
    lines += [f"  and {len(accounts) - SHOWN:,} more"] if len(accounts) > SHOWN else []
    for mta in sorted({one["mta"] for one in accounts}):
        lines += words.wrapped(f"    {LOCK.get(mta, 'change the password')}")
    return lines + also


def _addresses_text(addresses: list[dict[str, Any]]) -> list[str]:
    if not addresses:
        return ["No address to refuse."]
    total = words.count(sum(one["messages"] for one in addresses), "message")
    told = f"{words.count(len(addresses), 'address')} to refuse, of {total}"
    lines = words.wrapped(
        f"{words.capital(told)}. Close the door first: tomorrow it is another address."
    )
    for mta in sorted({one["mta"] for one in addresses}):
        mine = [one for one in addresses if one["mta"] == mta]
        head, form = REFUSE.get(mta, REFUSE["postfix"])
        lines.append(f"  {head}")
        for one in mine[:SHOWN]:
            six = ":" in one["ip"]
            said = form.format(
                ip=one["ip"], bits="/128" if six else "/32", tag="IPv6:" if six else ""
            )
            lines.append(f"    {said:44} {words.count(one['messages'], 'message')}")
        lines += [f"    and {len(mine) - SHOWN:,} more: --json"] if len(mine) > SHOWN else []
    return lines
