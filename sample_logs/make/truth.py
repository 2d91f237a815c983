"""What really happened, in the shape of the other samples' truth.json?"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sample_logs.make.company import ABUSERS, CLOSED, OPENED, Company, Mail
from sample_logs.make.protocol import REFUSED

CHANGES = [
    "the anonymous relay connector's address ranges are set too wide",
    "they are set right again",
]


def truth(company: Company, mta: str, scenario: str, title: str) -> dict[str, Any]:
    rows = [row for mail in company.mails for row in _rows(mail)]
    abusive = [mail for mail in company.mails if mail.label == "open_relay"]
    return {
        "scenario": scenario,
        "mta": mta,
        "title": title,
        "synthetic": True,
        "started": company.mails[0].time.timestamp(),
        "ended": company.mails[-1].time.timestamp(),
        "labels": dict(sorted(Counter(row["label"] for row in rows).items())),
        "statuses": dict(sorted(Counter(row["status"] for row in rows).items())),
        "abuse": {
            "open_relay": {
                "clients": sorted(
                    {mail.client_ip for mail in abusive if mail.client_ip} & set(ABUSERS)
                ),
                "first": abusive[0].time.timestamp(),
                "last": abusive[-1].time.timestamp(),
            }
        },
        # An old server logs no refusal: nothing in its log tells when the door moved.
        "notes": [
            {"t": t.timestamp(), "what": what}
            for t, what in zip((OPENED, CLOSED), CHANGES, strict=True)
        ]
        if company.probes
        else [],
        "messages": rows,
        "probes": [
            {
                "t": probe.time.timestamp(),
                "client_ip": probe.client_ip,
                "recipient": probe.recipient,
                "rejected": True,
                "answer": REFUSED,
            }
            for probe in company.probes
        ],
        "rejects": [],
        "logins": [],
    }


def _rows(mail: Mail) -> list[dict[str, Any]]:
    return [
        {
            "time": mail.time.timestamp(),
            "queue_id": mail.ids[0],
            "queue_ids": mail.ids,
            "message_id": f"<{mail.message_id}>",
            "client_ip": mail.client_ip,
            "sasl_username": mail.login or (mail.sender if mail.how == "mailbox" else None),
            "sender": mail.sender,
            "recipient": fate.came_as,
            "final_recipient": fate.address,
            "via": fate.via,
            "size": mail.size,
            "label": _label(mail, fate.address, fate.came_as),
            "kind": mail.kind,
            "how_received": mail.how,
            "status": fate.status,
            "parent_queue_id": mail.parent.ids[0] if mail.parent else None,
        }
        for fate in mail.fates
    ]


def _label(mail: Mail, address: str, came_as: str) -> str:
    """Of forwarded mail only what left the company is forwarding."""
    if mail.label == "forward" and address.endswith(came_as.partition("@")[2]):
        return "legit_in"
    return mail.label
