"""What does a server of ours behind this one send on?"""

import pandas as pd
import pytest

from analyzer.messages.sent_back import sent_back

# A stranger's mail for one of us, which a server behind this one took.
CAME = {
    "message_id": "a1@a.example",
    "received": 0,
    "client_ip": "203.0.113.7",
    "client_name": "mx.a.example",
    "submission": "smtp",
    "origin_sender": "ann@a.example",
    "recipient": "jo@corp.example",
    "original_recipient": "jo@corp.example",
    "relay": "inner.corp.example[10.0.0.11]:25",
    "status": "delivered",
    "client_side": "outside",
    "address_side": "outside",
    "original_side": "inside",
    "recipient_side": "inside",
}
# The same mail, by the rule of a mailbox there.
BACK = CAME | {
    "received": 3,
    "client_ip": "10.0.0.11",
    "client_name": "inner.corp.example",
    "recipient": "jo@home.example",
    "original_recipient": "jo@home.example",
    "relay": "mx.home.example[198.51.100.9]:25",
    "client_side": "inside",
    "address_side": "inside",
    "original_side": "outside",
    "recipient_side": "outside",
}


def told(*rows):
    return sent_back(pd.DataFrame(rows).astype({"client_name": "str"})).tolist()


@pytest.mark.parametrize(
    "relay",
    [
        "inner.corp.example[10.0.0.11]:25",
        "other.corp.example. [10.0.0.11]",
        "[10.0.0.11] [10.0.0.11]",
        "INNER.corp.example",
    ],
    ids=["Postfix", "Sendmail", "Sendmail, by address", "Exchange"],
)
def test_what_a_server_took_for_one_of_us_and_hands_back_is_sent_on(relay):
    assert told(CAME | {"relay": relay}, BACK) == [False, True]


@pytest.mark.parametrize(
    ("came", "back"),
    [
        ({}, {"message_id": "b2@a.example"}),
        ({}, {"client_ip": "10.0.0.12", "client_name": "desk.corp.example"}),
        ({}, {"received": -1}),
        ({}, {"address_side": "outside"}),
        ({"client_side": "inside"}, {}),
        ({"original_side": "outside"}, {}),
        ({"status": "bounced"}, {}),
    ],
    ids=[
        "under another id",
        "by a host that did not take it",
        "before it came",
        "by a stranger",
        "one of us wrote it",
        "it came for a stranger",
        "the server refused it",
    ],
)
def test_it_is_not_where(came, back):
    assert told(CAME | came, BACK | back) == [False, False]


def places(number, **difference):
    return [BACK | {"recipient": f"bob{n}@far.example"} | difference for n in range(number)]


def test_more_places_than_a_rule_has_are_sent_on_only_where_they_get_others_mail_too():
    assert told(CAME, *places(3)) == [False, True, True, True]
    assert not any(told(CAME, *places(4)))
    rows = []
    for name in ("ann", "ben", "cleo"):
        of = {"message_id": f"{name}@a.example", "origin_sender": f"{name}@a.example"}
        rows += [CAME | of, *places(4, **of)]
    assert sum(told(*rows)) == 12
