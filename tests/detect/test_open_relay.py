"""Which rows are relayed for strangers, and what is found of whom?"""

import pandas as pd
import pytest

from analyzer.detect.open_relay import OPEN_RELAY, relayed

RELAYED = {"mechanism": "open_relay"}


@pytest.mark.parametrize(
    "status",
    ["delivered", "bounced", "deferred", "expired", "removed", "held", "unknown", "filtered"],
)
def test_it_is_relaying_whatever_became_of_the_message(deliveries, status):
    assert relayed(deliveries({"status": status})).tolist() == [True]


def test_it_is_relaying_where_a_filter_threw_away_what_the_server_had_accepted(deliveries):
    filtered = {"status": "discarded", "relay": "127.0.0.1[127.0.0.1]:10024"}
    assert relayed(deliveries(filtered)).tolist() == [True]


@pytest.mark.parametrize(
    "innocent",
    [
        {"client_side": "inside"},
        {"client_side": "unknown"},
        {"submission": "local"},
        {"submission": "internal"},
        {"submission": None},
        {"recipient_side": "inside"},
        {"recipient_side": "unknown"},
        {"original_side": "inside"},
        {"original_side": "unknown"},
        {"status": "rejected"},
        {"status": "discarded", "relay": "none"},
        {"status": "discarded", "relay": None},
    ],
    ids=str,
)
def test_it_is_no_relaying_where(deliveries, innocent):
    assert relayed(deliveries(innocent)).tolist() == [False]


CLOUD = {"client_ip": "40.107.20.35", "sender_side": "inside"}


@pytest.mark.parametrize(
    ("difference", "is_relaying"),
    [
        (CLOUD, False),
        (CLOUD | {"client_ip": "2a01:111:f403::1"}, False),
        (CLOUD | {"sender_side": "outside"}, True),
        (CLOUD | {"client_ip": "40.91.0.1"}, True),
        (CLOUD | {"client_side": "inside"}, False),
        (CLOUD | {"client_side": "inside", "sender_side": "outside"}, True),
    ],
    ids=[
        "from our own mailboxes there",
        "by IPv6",
        "under a stranger's sender",
        "from elsewhere",
        "as stated",
        "another tenant's, as stated",
    ],
)
def test_mail_by_exchange_online_under_senders_of_ours_accuses_nobody(
    deliveries, difference, is_relaying
):
    assert relayed(deliveries(difference)).tolist() == [is_relaying]


def test_one_stranger_among_the_recipients_makes_the_message_relayed(deliveries):
    rows = deliveries(
        {},
        {"recipient_side": "inside", "original_side": "inside"},
        {"recipient_side": "inside", "original_side": "inside", "origin_life": 1},
    )
    assert relayed(rows).tolist() == [True, True, False]


def found(evidence, *rows, **more):
    judged = evidence(deliveries=[RELAYED | row for row in rows], **more)
    return OPEN_RELAY.judge(judged).to_dict("records")


def test_without_relayed_rows_nothing_is_found(evidence):
    assert OPEN_RELAY.judge(evidence(deliveries=[{}])).empty


def test_one_finding_a_client_counts_messages_recipients_and_bytes_once(evidence):
    (one, two) = found(
        evidence,
        {"recipient": "a@far.example"},
        {"recipient": "b@far.example", "status": "bounced"},
        {"recipient": "c@far.example", "status": "deferred", "origin_life": 1, "received": "11:00"},
        {"recipient": "d@far.example", "status": "filtered", "origin_life": 1, "received": "11:00"},
        {"client_ip": "2001:db8::7", "origin_life": 2},
    )
    assert (one["subject"], two["subject"]) == ("2001:db8::7", "203.0.113.7")
    assert (two["messages"], two["recipients"], two["bytes"]) == (2, 3, 2000)
    assert (two["delivered"], two["bounced"], two["deferred"], two["expired"]) == (1, 1, 1, 0)
    assert f"{two['first_seen']:%H:%M} {two['last_seen']:%H:%M}" == "10:00 11:00"


TEN = [{"recipient": f"m{n}@far.example"} for n in range(10)]
TWO_DOMAINS = [{}, {"recipient": "eve@near.example"}]


@pytest.mark.parametrize(
    ("rows", "more", "verdict"),
    [
        ([{}], {}, "probable"),
        (TEN[:9], {}, "probable"),
        (TEN, {}, "confirmed"),
        (TWO_DOMAINS, {}, "confirmed"),
        ([{}, {"recipient": "eve@FAR.example"}], {}, "probable"),
        (TEN, {"doubted_networks": ("203.0.0.0/8",)}, "probable"),
        (TEN, {"doubted_networks": ("198.0.0.0/8",)}, "confirmed"),
        (TEN, {"site_known": False}, "possible"),
    ],
    ids=[
        "one recipient",
        "nine of one domain",
        "ten",
        "two domains",
        "one domain in other letters",
        "a network that we doubt",
        "another network that we doubt",
        "an inferred site",
    ],
)
def test_the_verdict_on(evidence, rows, more, verdict):
    assert [row["verdict"] for row in found(evidence, *rows, **more)] == [verdict]


@pytest.mark.parametrize(
    ("routed", "verdict"),
    [
        ("bob%near.example@corp.example", "confirmed"),
        ("bob@near.example@corp.example", "confirmed"),
        ("near.example!bob@corp.example", "confirmed"),
        ('"bob%near.example"@corp.example', "confirmed"),
        ("bob%FAR.example@corp.example", "probable"),
        ("bob%near.example@far.example", "probable"),
    ],
)
def test_a_route_through_an_address_of_ours_counts_where_it_leads(evidence, routed, verdict):
    rows = [{"recipient": "ann%far.example@corp.example"}, {"recipient": routed}]
    if "@far" in routed:
        rows[0] = {}
    (row,) = found(evidence, *rows, inferred_domains=("corp.example",))
    assert row["verdict"] == verdict


def clients(number, ip="203.0.113.{}", domains=20):
    """So many clients, with a message each."""
    return [
        {"client_ip": ip.format(n), "recipient": f"m@d{n % domains}.example", "origin_life": n}
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("rows", "verdicts"),
    [
        (clients(100), {"confirmed"}),
        (clients(99), {"probable"}),
        (clients(100, domains=19), {"probable"}),
        ([row | {"server": f"mx{n % 2}"} for n, row in enumerate(clients(100))], {"probable"}),
        ([row | {"verdict": "unclear"} for row in clients(100)], {"possible"}),
        (clients(2, "2001:db8::{}"), {"confirmed"}),
        (clients(2, "2001:db8:0:{}::1"), {"probable"}),
    ],
    ids=[
        "a hundred of one day",
        "fewer",
        "to few domains",
        "at two doors",
        "who may be ours",
        "one network of IPv6",
        "two of them",
    ],
)
def test_the_verdict_on_many_with_a_message_each(evidence, rows, verdicts):
    assert {row["verdict"] for row in found(evidence, *rows)} == verdicts


def test_who_came_on_another_day_proves_nothing(evidence):
    judged = evidence(deliveries=[RELAYED | row for row in clients(100)])
    judged.deliveries.loc[0, "received"] += pd.Timedelta(days=1)
    assert set(OPEN_RELAY.judge(judged)["verdict"]) == {"probable"}


def test_the_evidence_is_the_accepting_lines_then_the_delivering_ones(evidence):
    (row,) = found(evidence, {})
    assert [place["line"] for place in row["evidence"]] == [1, 4]


@pytest.mark.parametrize("connector", [None, float("nan"), ""], ids=["null", "NaN", "empty"])
def test_no_connector_is_named_where_the_log_names_none(evidence, connector):
    (row,) = found(evidence, {"connector": connector})
    assert "connector" not in row["reason"]
