"""Which network does a message come from, also where the log has no address at all?"""

import pandas as pd
import pytest

from analyzer.detect.mail import networks
from analyzer.detect.own_networks import with_networks


def test_mail_without_an_address_has_a_network_that_is_text_and_null():
    found = networks(pd.Series([None, None], dtype="float64"))
    assert found.isna().all()
    assert found.fillna("").tolist() == ["", ""]


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1"),
        ("2001:db8:1:2::3", "2001:db8:1"),
        ("2001:db8::1", "2001:db8:0"),
        ("2001::1:2:3:4", "2001:0:0"),
    ],
)
def test_the_network_is_what_one_customer_gets(ip, network):
    assert networks(pd.Series([ip, None], dtype="str")).tolist()[0] == network


# What one login sends to somebody unknown from a desk of the site.
SENT = {
    "by": "jo",
    "client_ip": "10.0.0.9",
    "network": "10.0.0",
    "received": pd.Timestamp("2026-03-02 09:00", tz="UTC"),
    "address_side": "inside",
    "origin_sender": "jo@corp.example",
    "sender_side": "inside",
    "known": 0,
    "outside": 2,
    "recipients": 2,
}


@pytest.mark.parametrize(
    ("difference", "own"),
    [
        ({}, 1),
        ({"outside": 3}, 0),
        ({"outside": 3, "known": 1}, 1),
        ({"address_side": "outside"}, 0),
    ],
    ids=["two new people", "three may be a mailing", "one of them is known", "from elsewhere"],
)
def test_a_letter_from_the_desk_speaks_for_the_login(difference, own):
    assert with_networks(pd.DataFrame([SENT | difference]))["own"].tolist() == [own]


@pytest.mark.parametrize(("ip", "strange"), [("40.107.3.9", 0.5), ("203.0.113.9", 1)])
def test_a_mailbox_in_exchange_online_sends_from_no_place_that_tells(ip, strange):
    away = {"address_side": "outside", "client_ip": ip, "network": ip[:-2], "recipients": 3}
    assert with_networks(pd.DataFrame([SENT | away]))["strange"].tolist() == [strange]
