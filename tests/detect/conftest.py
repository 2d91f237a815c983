"""Evidence to be judged, made of what differs from the plain case."""

import pandas as pd
import pytest

from analyzer.detect import Evidence

BEGINS, ENDS = pd.Timestamp("2026-12-07", tz="UTC"), pd.Timestamp("2026-12-08", tz="UTC")

# A stranger's message to a stranger, delivered.
DELIVERY = {
    "mta": "postfix",
    "server": "mx1",
    "queue_id": "3F2A12CE583",
    "origin_queue_id": "3F2A12CE583",
    "received": "10:00",
    "client_ip": "203.0.113.7",
    "auth_user": None,
    "uid": None,
    "local_user": None,
    "submission": "smtp",
    "origin_masked": False,
    "origin_sender": "ann@a.example",
    "recipient": "bob@far.example",
    "size": 1000,
    "status": "delivered",
    "dsn": "2.0.0",
    "reply": "250 2.0.0 Ok",
    "relay": "mx.far.example[198.51.100.60]:25",
    "mechanism": None,
    "verdict": None,
    "sender_side": "outside",
    "client_side": "outside",
    "original_side": "outside",
    "recipient_side": "outside",
    "life": 0,
    "origin_life": 0,
    "cause_life": -1,
    "cause_leg": -1,
    "two_readings": False,
    "relay_assumed": False,
    "relay_domain": False,
    "by_certificate": False,
    "source": "mail.log",
    "line": 4,
    "offset": 400,
    "orig_source": "mail.log",
    "orig_line": 1,
    "orig_offset": 100,
}

# A stranger who asked us to relay and was refused.
ATTEMPT = {
    "time": "09:00",
    "server": "mx1",
    "client_ip": "203.0.113.7",
    "client_side": "outside",
    "auth_user": None,
    "recipient": None,
    "kind": "relay_denied",
    "repeat": 1,
    "source": "mail.log",
    "line": 9,
    "offset": 900,
}

CHANGE = {
    "time": "09:30",
    "server": "mx1",
    "action": "reload",
    "source": "mail.log",
    "line": 7,
    "offset": 700,
}


def frame(plain, differences, *times):
    """The plain case once for each difference; times are those of one day."""
    rows = pd.DataFrame([plain | d for d in differences], columns=list(plain))
    for name in times:
        rows[name] = pd.to_datetime("2026-12-07 " + rows[name].astype("str"), utc=True)
    return rows


@pytest.fixture
def deliveries():
    return lambda *differences: frame(DELIVERY, differences, "received")


@pytest.fixture
def evidence():
    """Evidence of deliveries, attempts and changes, each said by what differs."""

    def make(*, deliveries=(), attempts=(), changes=(), **more):
        known = {"site_known": True, "doubted_networks": (), "inferred_domains": ()} | more
        return Evidence(
            deliveries=frame(DELIVERY, deliveries, "received"),
            attempts=frame(ATTEMPT, attempts, "time"),
            server_events=frame(CHANGE, changes, "time"),
            begins=BEGINS,
            ends=ENDS,
            **known,
        )

    return make
