"""When is an open relay proven? By a message that arrived, or by the server's own log."""

import pandas as pd
import pytest

from analyzer.probe import by_log, judge, outcome, relay_test, tell
from analyzer.probe.delivery import arrived

RESULT = {
    "host": "mail.corp.example",
    "named": "mx.corp.example",
    "addresses": ["192.0.2.25"],
    "token": "relaytest-0a1b",
    "sender": "relaytest-0a1b@out.example",
    "recipient": "ann@far.example",
    "client": "198.51.100.7",
    "client_seen": "",
    "client_private": False,
    "started": "2026-12-08T05:00:00Z",
    "ended": "2026-12-08T05:02:00Z",
    "records": [
        {
            "form": "2",
            "plain": True,
            "verdict": judge.SUSPICIOUS_HIGH,
            "sender": "relaytest-0a1b@out.example",
            "recipient": "ann@far.example",
            "door": "[192.0.2.25]:25",
            "idea": "both elsewhere",
            "code": 250,
            "reply": "Ok",
            "why": "took it",
        }
    ],
    "counts": {"asked": 1, "refused": 0, "accepted": 1, "inconclusive": 0},
    "log": None,
    "arrived": None,
    "left": [],
    "stopped": "",
    "delivery": None,
}
LETTER = (
    b"Received: from mx.corp.example (mx.corp.example [192.0.2.25])\r\n"
    b"\tby mx.far.example with ESMTP id 4A1; Tue, 8 Dec 2026 05:03:00 +0000\r\n"
    b"From: <relaytest-0a1b@out.example>\r\n"
    b"Message-ID: <relaytest-0a1b@out.example>\r\n\r\nText\r\n"
)
PLACE = {"source": "Mail.log", "line": 7, "offset": 700}
SENT = PLACE | {
    "message_id": "relaytest-0a1b@out.example",
    "recipient": "ann@far.example",
    "status": "delivered",
    "mta": "postfix",
    "relay": "mx.far.example[198.51.100.1]:25",
}
ATTEMPT = PLACE | {
    "time": pd.Timestamp("2026-12-08T05:01:00Z"),
    "client_ip": "198.51.100.7",
    "sender": "relaytest-0a1b@out.example",
    "recipient": "ann@far.example",
    "kind": "relay_denied",
    "reply": "Relay access denied",
}


def joined(attempts=(), deliveries=()):
    log = by_log.join(
        RESULT,
        pd.DataFrame([ATTEMPT | a for a in attempts], columns=list(ATTEMPT)),
        pd.DataFrame([SENT | d for d in deliveries], columns=list(SENT)),
    )
    return relay_test.decided(RESULT | {"log": log})


def test_the_message_with_the_token_through_the_server_is_proof():
    line = arrived(LETTER, RESULT)
    assert line.startswith("Received: from mx.corp.example")
    assert relay_test.decided(RESULT | {"arrived": line})["answer"] == outcome.OPEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Message-ID: <relaytest-0a1b@", b"Message-ID: <relaytest-ffff@"),
        (b"Message-ID: <relaytest-0a1b@", b"Message-ID: <bounce@x>\r\nX-Was: <relaytest-0a1b@"),
        (b"mx.corp.example", b"mx.other.example"),
    ],
    ids=["of another run", "a notice that quotes it", "that came another way"],
)
def test_no_proof_is_a_message(old, new):
    assert arrived(LETTER.replace(old, new).replace(b"192.0.2.25", b"192.0.2.2"), RESULT) is None


def test_the_servers_log_proves_it_with_its_line():
    result = joined(deliveries=[{}])
    assert result["answer"] == outcome.OPEN
    assert "Mail.log:7" in result["sentence"]


@pytest.mark.parametrize(
    ("row", "fate"),
    [
        ({"status": "bounced"}, by_log.BOUNCED),
        ({"status": "delivered", "recipient": "ann%far.example@corp.example"}, by_log.KEPT),
        ({"relay": "virtual"}, by_log.KEPT),
        ({"relay": "mx.corp.example[private/dovecot-lmtp]"}, by_log.KEPT),
        ({"status": "deferred"}, by_log.WAITING),
        ({"status": "held"}, by_log.WAITING),
        ({"message_id": "other@out.example"}, by_log.ABSENT),
    ],
    ids=[
        "bounced",
        "kept as a name of its own",
        "delivered to a mailbox here",
        "delivered here by LMTP",
        "waiting",
        "held",
        "not there",
    ],
)
def test_it_is_not_proven_when_the_message_was(row, fate):
    result = joined(deliveries=[row])
    assert result["log"]["message"]["fate"] == fate
    assert result["answer"] == outcome.TAKES


def test_a_form_that_the_log_refused_is_told_where_its_reply_said_otherwise():
    assert joined(attempts=[{}])["log"]["disagree"] == ["2"]


def test_what_others_did_at_that_time_is_not_the_test():
    other = {"client_ip": "203.0.113.9", "sender": "eve@x.example", "recipient": "bob@y.example"}
    assert joined(attempts=[other])["log"]["lines"] == 0


def test_recipients_taken_without_a_message_are_the_tests_by_address_and_time():
    taken = {"kind": "accepted_no_data", "sender": None, "recipient": None}
    late = taken | {"time": pd.Timestamp("2026-12-08T06:00:00Z")}
    assert joined(attempts=[taken, late])["log"]["accepted_no_data"] == 1


def test_one_of_anything_is_told_in_the_singular():
    told = " ".join(tell.as_text(joined(attempts=[{}])))
    assert "By the server's log: 1 line of this test, 1 form refused" in told
    assert "refused by its log: form 2." in told
