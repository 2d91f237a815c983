"""Where mail went is named by who runs the next hop, and no recipient is lost on the way."""

from __future__ import annotations

import pytest

from analyzer.charts.carried import COLUMNS, LETTERS, flows, label, ways
from analyzer.charts.destinations import destinations
from tests.charts.rows import SENT, table


def rows(*differences):
    return destinations(table("deliveries", [SENT | difference for difference in differences]))


@pytest.mark.parametrize(
    ("relay", "owner"),
    [
        ("mx1.mail.big.co.uk[192.0.2.1]:25", "big.co.uk"),
        ("mx2.cottonport.example. [198.51.100.21]", "cottonport.example"),
        ("big-example.ma...n.outlook.example. [198.51.100.21]", "outlook.example"),
        ("mx.inbox.test", "inbox.test"),
        ("192.0.2.1[192.0.2.1]:25", "192.0.2.1"),
    ],
    ids=["Postfix", "Sendmail", "Sendmail cuts the middle", "Exchange", "a bare address"],
)
def test_a_receiver_is_the_owner_of_the_next_hop(relay, owner):
    assert rows({"relay": relay})["receiver"].tolist() == [owner]


@pytest.mark.parametrize("relay", ["local", "none", "EX01", None])
def test_what_is_no_host_is_no_receiver(relay):
    assert rows({"relay": relay})["receiver"].isna().all()


@pytest.mark.parametrize("status", ["filtered", "expanded"])
def test_a_row_that_others_replaced_is_no_recipient(status):
    assert rows({"status": status}).empty


def test_the_diagram_of_ways_balances_in_every_column():
    many = [
        {
            "client_ip": f"203.0.113.{n % 40}" if n % 7 else None,
            "relay": f"mx.r{n % 17}.example[192.0.2.9]:25",
            "status": ("delivered", "bounced", "deferred", "held")[n % 4],
            "mechanism": ("open_relay", "backscatter")[n % 7 == 0],
            "recipient": f"b@d{n % 5}.example",
        }
        for n in range(500)
    ]
    table = ways(rows(*many, {"relay": None}, {"verdict": "legitimate"}))
    assert table["recipients"].sum() == 501
    stages = flows(table)
    for stage, into in enumerate(stages):
        assert into["recipients"].sum() == 501
        for following in stages[stage + 1 : stage + 2]:
            arrived = into.groupby("right")["recipients"].sum()
            left = following.groupby("left")["recipients"].sum()
            assert arrived.to_dict() == left.to_dict()


def test_no_column_of_the_diagram_has_more_than_twelve_nodes():
    many = [{"client_ip": f"203.0.113.{n}", "recipient": f"b@{n}.example"} for n in range(200)]
    table = ways(rows(*many))
    assert max(table[column].nunique() for column in COLUMNS) <= 12
    assert set(table["source"]) == {"200 others"}


def test_the_mail_that_notices_are_about_went_no_way():
    assert ways(rows({"mechanism": "backscatter"})).empty


def test_a_name_is_cut_where_it_has_no_place_and_its_number_never():
    told = label("lena.lehmann.of.the.north@example.org", 1_189)
    assert told.startswith("lena.lehmann.of")
    assert told.endswith("…  1,189")
    assert len(told) == LETTERS
    assert label("uol.test", 102) == "uol.test  102"
