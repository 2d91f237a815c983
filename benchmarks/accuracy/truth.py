"""What really happened, as in the samples' truth.json, and what the administrator can tell?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.accuracy.company import Company
from benchmarks.accuracy.dialect import Written
from benchmarks.accuracy.model import History, Message, Recipient, Session

LABELS = {"forward": "forward", "backup_mx": "backup_mx"}


def truth(history: History, written: Written) -> dict[str, Any]:
    """`messages`: a row a message and final recipient; `incidents`: what was to be found."""
    rows = [
        _row(history, message, session, place, recipient, written)
        for message, session in history.messages()
        if message.time < history.end - 0.2
        for place, recipient in enumerate(message.recipients)
    ]
    return {
        "started": history.start,
        "ended": history.end,
        "messages": [row for row in rows if row is not None],
        "probes": [
            {
                "t": s.time,
                "client_ip": s.client.ip,
                "sender": r.sender,
                "recipient": r.recipient,
                "rejected": not r.accepted,
            }
            for s in history.sessions
            for r in s.refusals
            if r.kind == "relay_denied" and s.time < history.end
        ],
        "logins": [
            {"t": s.time, "client_ip": s.client.ip, "user": user, "ok": user == s.login}
            for s in history.sessions
            for user in [*s.failed_logins, *([s.login] if s.login else [])]
            if s.time < history.end
        ],
        "notes": [{"t": c.time, "what": c.what, "note": c.note} for c in history.changes],
        "incidents": [asdict(incident) for incident in history.incidents],
    }


def _row(
    history: History,
    message: Message,
    session: Session | None,
    place: int,
    recipient: Recipient,
    written: Written,
) -> dict[str, Any] | None:
    ids = written.ids.get((message.number, place))
    if ids is None:
        return None
    parent = message.parent
    return {
        "seq": message.number,
        "time": message.time,
        "queue_id": ids[0],
        "queue_ids": ids,
        "message_id": message.message_id,
        "client_ip": session.client.ip if session else None,
        "sasl_username": session.login if session else None,
        "uid": message.uid,
        "sender": message.sender,
        "recipient": recipient.address,
        "final_recipient": recipient.final,
        "via": recipient.via,
        "size": message.size,
        "label": recipient.label or message.label,
        "kind": message.kind,
        "how_received": _how(message, session),
        "status": recipient.status(history.end - message.time - 0.05),
        "parent_seq": parent.number if parent else None,
    }


def _how(message: Message, session: Session | None) -> str:
    if session is not None:
        return "smtp587" if session.service == "submission" else "smtp25"
    return "pickup" if message.made_here == "pickup" else "mta"


def site(company: Company) -> str:
    """site.toml."""

    def listed(values: list[str]) -> str:
        return "[" + ", ".join(f'"{value}"' for value in values) + "]"

    lines = [
        f'timezone = "{company.zone}"',
        f"domains = {listed(company.domains)}",
        f"networks = {listed(company.networks)}",
        f"servers = {listed([company.host, company.ip, *company.machines, '127.0.0.1', '::1'])}",
    ]
    if company.relay:
        lines.append(f"relay_domains = {listed([company.relay[0].domain])}")
    if company.lists:
        lines.append(f"lists = {listed(list(company.lists))}")
    lines += ["", "[forwards]"]
    for alias, (target, _, exchanger) in company.aliases.items():
        if exchanger is not None:
            lines.append(f'"{alias}" = ["{target}"]')
    return "\n".join(lines) + "\n"
