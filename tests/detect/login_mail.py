"""Mail of somebody who logged in, to be judged."""

import pandas as pd

from analyzer.detect import Evidence
from analyzer.schema import ATTEMPTS

HOME = "10.0.0.9"
START = pd.Timestamp("2026-03-02T09:00:00Z")
# A letter of somebody who logged in, delivered to somebody outside.
PLAIN = {
    "server": "mx1",
    "queue_id": "3F2A12CE583",
    "origin_queue_id": "3F2A12CE583",
    "auth_user": "ann",
    "client_ip": HOME,
    "client_side": "inside",
    "address_side": "outside",
    "submission": "smtp",
    "uid": pd.NA,
    "local_user": None,
    "origin_masked": False,
    "origin_sender": "ann@corp.example",
    "sender_side": "inside",
    "recipient_side": "outside",
    "original_side": "outside",
    "relay_domain": False,
    "by_certificate": False,
    "flow": "outbound",
    "status": "delivered",
    "dsn": "2.0.0",
    "reply": "250 2.0.0 Ok",
    "relay": "mx.far.example[198.51.100.60]:25",
    "size": 1000,
    "cause_life": -1,
    "cause_leg": -1,
    "two_readings": False,
    "relay_assumed": False,
    "connector": None,
    "relay_right": False,
    "message_id": None,
    "source": "mail.log",
    "line": 4,
    "offset": 400,
    "orig_source": "mail.log",
    "orig_line": 1,
    "orig_offset": 100,
}


def seen(rows, begins=START, ends=START, domains=()):
    """Evidence that holds these deliveries and nothing else."""
    return Evidence(
        deliveries=pd.DataFrame(rows),
        attempts=pd.DataFrame(columns=[*ATTEMPTS.names, "client_side"]),
        server_events=pd.DataFrame(columns=["time", "server", "action"]),
        begins=begins,
        ends=ends,
        site_known=True,
        doubted_networks=(),
        inferred_domains=domains,
    )
