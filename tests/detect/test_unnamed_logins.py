"""Which relayed mail may be of one of us, whose login the log does not name?"""

import pandas as pd
import pytest

from analyzer.detect.unnamed_logins import may_be_ours

OURS = {"mta": "sendmail", "sender_side": "inside", "origin_sender": "jo@corp.example"}
# Mail to her, so she is somebody here.
TO_HER = {
    "mta": "sendmail",
    "recipient": "Jo@corp.example",
    "recipient_side": "inside",
    "life": 99,
}
STRANGERS = OURS | {"sender_side": "outside", "origin_sender": "x@far.example"}
LOGGED_IN = OURS | {"auth_user": "jo", "life": 98}


def told(rows):
    return may_be_ours(rows, rows["life"].lt(90)).tolist()


def many(number, **difference):
    return [
        OURS | {"life": n, "recipient": f"bob{n}@far.example"} | difference for n in range(number)
    ]


@pytest.mark.parametrize(
    ("rows", "ours"),
    [
        ([OURS, TO_HER], True),
        ([*many(50), TO_HER], True),
        ([*many(51), TO_HER], False),
        ([OURS], False),
        ([OURS | {"mta": "postfix"}, TO_HER], False),
        ([OURS, OURS | {"origin_sender": "al@corp.example"}, TO_HER], False),
        ([OURS | {"sender_side": "outside"}, TO_HER], False),
        ([*many(3, status="bounced", dsn="5.1.1"), TO_HER], False),
        ([OURS, LOGGED_IN], True),
        ([OURS, LOGGED_IN | {"client_ip": "203.0.113.8"}, TO_HER], False),
        ([OURS, LOGGED_IN | {"origin_sender": "al@corp.example"}, TO_HER], False),
        ([STRANGERS, *20 * [LOGGED_IN]], True),
        ([STRANGERS, *19 * [LOGGED_IN]], False),
    ],
    ids=[
        "no login is named, and somebody here wrote to somebody",
        "to fifty in a day",
        "not to more",
        "not under a sender who gets no mail here",
        "not where Postfix would name the login",
        "not under two senders",
        "not under a stranger",
        "not to people who do not exist",
        "the client logged in at another time, under the same sender",
        "not another client",
        "not under another sender",
        "the client logged in for nearly all its mail",
        "not for less",
    ],
)
def test_it_may_be_of_one_of_us(deliveries, rows, ours):
    assert told(deliveries(*rows))[0] is ours


def office(deliveries, *names, days=2, clients=1):
    """Under each name a message a day from each client, and mail to each."""
    to = [TO_HER | {"recipient": f"{name}@corp.example"} for name in names]
    rows = [
        OURS | {"origin_sender": f"{name}@corp.example", "client_ip": f"203.0.113.{n}"}
        for name in names
        for n in range(clients)
    ]
    sent = [deliveries(*rows) for _ in range(days)]
    for day, of in enumerate(sent):
        of["received"] += pd.Timedelta(days=day)
    return pd.concat([deliveries(*to), *sent], ignore_index=True)


def test_an_office_whose_people_come_back_may_be_ours(deliveries):
    assert told(office(deliveries, "jo", "al", "kim"))[3:] == 6 * [True]


@pytest.mark.parametrize(
    "other", [{"days": 1}, {"clients": 4}], ids=["names that do not", "names that all bots have"]
)
def test_several_names_are_no_office_if_they_are(deliveries, other):
    assert not any(told(office(deliveries, "jo", "al", "kim", **other)))


def test_mail_that_nobody_relayed_is_not_asked(deliveries):
    rows = deliveries(OURS, TO_HER)
    assert not may_be_ours(rows, pd.Series(False, rows.index)).any()
