"""What must be doubted in the answer to who is local?"""

import pandas as pd
import pytest

from analyzer.detect.site_doubt import SITE_DOUBT


def found(evidence, **more):
    return SITE_DOUBT.judge(evidence(**more)).to_dict("records")


def test_a_site_that_is_known_leaves_no_doubt(evidence):
    assert found(evidence, deliveries=[{}]) == []


def test_an_inferred_site_is_a_limit_that_names_the_domains(evidence):
    (row,) = found(evidence, site_known=False, inferred_domains=("corp.example",))
    assert (row["kind"], row["verdict"], row["subject"]) == ("limit", "possible", "site")
    assert "corp.example" in row["reason"]


def test_what_is_not_named_for_want_of_room_is_counted(evidence):
    ours = tuple(f"{n}.example" for n in range(9))
    hint = {"key": "networks", "value": "192.0.2.27/32", "reason": "it fits"}
    told = found(evidence, site_known=False, inferred_domains=ours, hints=pd.DataFrame([hint] * 11))
    reasons = " ".join(row["reason"] for row in told)
    assert "6.example, 7.example and 1 more)" in reasons
    assert "1 more entry of `networks` may be yours" in reasons
    assert "`relaytrail site infer` lists it with its reason." in reasons


def test_each_network_too_wide_to_believe_is_a_limit(evidence):
    (row,) = found(evidence, doubted_networks=("203.0.0.0/8",))
    assert (row["subject"], row["subject_kind"]) == ("203.0.0.0/8", "network")


def test_the_whole_internet_is_called_so(evidence):
    (row,) = found(evidence, doubted_networks=("0.0.0.0/0",))
    assert "the whole internet" in row["reason"]


def test_a_hint_of_what_may_be_ours_says_where_to_state_it(evidence):
    hints = pd.DataFrame([{"key": "networks", "value": "192.0.2.27/32", "reason": "it fits"}])
    told = found(evidence, site_known=False, hints=hints)
    (row,) = [row for row in told if row["subject"] != "site"]
    assert (row["subject"], row["subject_kind"]) == ("192.0.2.27/32", "network")
    assert "it fits. If it is yours, state it in `networks`" in row["reason"]


def test_a_stated_network_that_covers_a_gateway_is_a_limit(evidence):
    gateway = {"client_ip": "172.17.0.1", "origin_masked": True}
    networks = ("10.0.0.0/8", "172.16.0.0/12", "127.0.0.0/8")
    (row,) = found(evidence, deliveries=[gateway], networks=networks)
    assert (row["subject"], row["subject_kind"]) == ("172.16.0.0/12", "network")
    assert "172.17.0.1" in row["reason"]


def wanted(clients, *more):
    """Mail for one domain elsewhere, from so many strangers."""
    elsewhere = {"recipient": "jo@Missing.example"}
    rows = [elsewhere | {"client_ip": f"203.0.113.{n}", "origin_life": n} for n in range(clients)]
    return [*rows, *more]


def test_a_foreign_domain_that_most_strangers_write_to_looks_local(evidence):
    (row,) = found(evidence, deliveries=wanted(6))
    assert (row["subject"], row["messages"]) == ("missing.example", 6)
    assert "looks local" in row["reason"]


@pytest.mark.parametrize(
    "rows",
    [
        wanted(4),
        wanted(6, *({"recipient_side": "inside", "origin_life": 10 + n} for n in range(6))),
        [row | {"client_side": "inside"} for row in wanted(6)],
    ],
    ids=["from a few hosts", "no more than to us", "from our own hosts"],
)
def test_a_foreign_domain_does_not_look_local_where_its_mail_comes(evidence, rows):
    assert found(evidence, deliveries=rows) == []


def test_each_domain_with_mailboxes_here_that_the_site_omits_is_a_limit(evidence):
    unknown = {"recipient_side": "unknown", "recipient": "jo@Branch.example"}
    rows = [unknown, unknown | {"recipient": "kim@branch.example"}, {}]
    (row,) = found(evidence, deliveries=rows)
    assert (row["subject"], row["recipients"]) == ("branch.example", 2)
    assert "(2 recipients)" in row["reason"]
    assert "add it to `domains`" in row["reason"]


def test_a_line_that_can_be_read_in_two_ways_leaves_out_no_domain(evidence):
    unclear = {"recipient_side": "unknown", "recipient": "jo@corp.example", "two_readings": True}
    assert found(evidence, deliveries=[unclear]) == []


@pytest.mark.parametrize("site_known", [True, False])
def test_mail_of_ours_by_exchange_online_that_went_on_is_a_limit(evidence, site_known):
    cloud = {"client_ip": "40.107.20.35", "sender_side": "inside"}
    rows = [cloud, cloud | {"client_ip": "40.107.20.36", "origin_life": 1}, {}]
    told = found(evidence, deliveries=rows, site_known=site_known)
    (row,) = [row for row in told if row["subject"] == "networks"]
    assert (row["subject"], row["messages"], row["recipients"]) == ("networks", 2, 2)
    assert "by 2 addresses" in row["reason"]
