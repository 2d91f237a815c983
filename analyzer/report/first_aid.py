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
from analyzer.report import mailbox, tried
from analyzer.report.dialect import without_shell
from analyzer.report.waiting import Queue, in_queue
from analyzer.site import LOOPBACK, OURS_ALONE, too_wide

SURE = ["confirmed", "probable"]
COLUMNS = """
    mta origin_life client_ip origin_masked auth_user origin_sender received mechanism verdict
""".split()


def aid(case: Case) -> dict[str, Any]:
    """All that can be done at once.

    Returns:
        `queue`: `ground` (`listing` or `log`), `messages` (one a message: `mta, server, queue_id,
        recipients, mechanism, received, waits, place`; `waits` is false where the log shows no end
        of it), `not_sure` (such messages of unclear verdict), of these `not_sure_without_end`.
        `accounts`: `account, mta, messages, first, last`. `mailbox`: where no login is named, the
        sender of ours of nearly all of it, `sender, messages`. `inside`: hosts, local users and
        programs of ours that sent it, `subject, kind` (`ip`, `uid`, `server`), `messages, last`.
        `refused`: sentences on logins and hosts misused by somebody of whom nothing was accepted.
        `addresses`: `ip, mta, messages, last`. `not_offered`: `what, reason`: gateways, ours, and
        who also sent innocent mail. `unread`: lines of mail servers that were not understood, and
        may hide more of all this. `without_shell`: Exchange is of 2003 or before.
    """
    rows = case.deliveries.select(COLUMNS).to_pandas()
    rows["mechanism"] = rows["mechanism"].fillna("")
    abuse = rows[rows["verdict"].eq("abusive")]
    findings = case.findings.to_pandas()
    gateways = set(rows.loc[rows["origin_masked"].eq(True), "client_ip"].dropna())
    gateways |= set(findings.loc[findings["detector"].eq("mask"), "subject"])
    addresses, not_offered = _addresses(rows, abuse, gateways, case)
    hidden = mailbox.told(abuse.assign(message=abuse["origin_life"]), mailbox.ours(case))
    return {
        "queue": _queue(in_queue(case)),
        "accounts": _accounts(rows),
        "inside": _inside(findings, gateways),
        "mailbox": {"sender": hidden[0], "messages": hidden[1]} if hidden else None,
        "refused": tried.misused(findings),
        "addresses": addresses,
        "not_offered": not_offered,
        "unread": len(case.unread),
        "without_shell": without_shell(case),
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "ground": queue.ground,
        "messages": _messages(queue.abuse),
        "not_sure": len(queue.unsure),
        "not_sure_without_end": int((~queue.unsure["waits"]).sum()),
    }


def _messages(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "mta": row["mta"],
            "server": None if pd.isna(row["server"]) else row["server"],
            "queue_id": row["queue_id"],
            "recipients": int(row["recipients"]),
            "mechanism": row["mechanism"] or None,
            "received": words.iso(row["received"]),
            "waits": bool(row["waits"]),
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


def _inside(findings: pd.DataFrame, gateways: set[str]) -> list[dict[str, Any]]:
    """Hosts and local users that sent the abuse, and stand for nobody else."""
    accused = findings["detector"].isin(["trusted_host", "local_injection"])
    accused &= findings["kind"].eq("abuse") & findings["verdict"].isin(SURE)
    told = findings[accused & ~findings["subject"].isin(gateways)]
    told = told.sort_values(["messages", "subject"], ascending=[False, True], kind="stable")
    return [
        {
            "subject": str(one["subject"]),
            "kind": "server" if one["subject"] in LOOPBACK else str(one["subject_kind"]),
            "messages": int(one["messages"]),
            "last": words.iso(one["last_seen"]),
        }
        for one in told.to_dict("records")
    ]


def _addresses(
    rows: pd.DataFrame, abuse: pd.DataFrame, masked: set[str], case: Case
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Strangers' addresses that sent nothing but abuse; and those that are better left alone."""
    strangers = abuse[abuse["mechanism"].isin(["open_relay", "stolen_account"])]
    strangers = strangers[strangers["client_ip"].notna()]
    innocent = rows[rows["verdict"].eq("legitimate") & rows["client_ip"].notna()]
    innocent_messages = innocent.groupby("client_ip")["origin_life"].nunique()
    site = case.site
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
