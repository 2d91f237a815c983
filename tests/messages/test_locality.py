"""Who is inside, as stated and as inferred?"""

import pandas as pd
import pytest

from analyzer.messages import locality as rule
from analyzer.messages.grounds import domains
from analyzer.messages.locality import sides
from analyzer.site import Site

SITE = Site(
    domains=["corp.example"],
    relay_domains=["customer.example"],
    networks=["10.0.0.0/8", "fd20:1::/64"],
    servers=["mx1.corp.example", "192.0.2.25"],
)
SENT = {
    "daemon": "smtp",
    "service": None,
    "recipient": "bob@far.example",
    "orig_recipient": None,
    "status": "sent",
    "two_readings": False,
}


NOTHING_REFUSED = pd.DataFrame(columns=["recipient", "reply"])


def locality(site, log):
    return rule.locality(site, rule.with_mailboxes(log), domains(log, NOTHING_REFUSED))


def tried(*differences):
    """SENT once for each argument, but for what that argument changes."""
    return pd.DataFrame([SENT | d for d in differences], columns=list(SENT)).astype(object)


@pytest.mark.parametrize(
    ("address", "side"),
    [
        ("jo@corp.example", "inside"),
        ("jo@CORP.EXAMPLE", "inside"),
        ("jo", "inside"),
        ("bob@customer.example", "inside"),
        ("root@mx1.corp.example", "inside"),
        ("jo@[192.0.2.25]", "inside"),
        ("bob@far.example", "outside"),
        ("bob@sub.corp.example", "outside"),
        ("bob@corp.example.far.example", "outside"),
        ("bob%far.example@corp.example", "outside"),
        ("50%off@corp.example", "inside"),
        ("jo%corp.example@corp.example", "inside"),
        ("bob%corp.example@far.example", "outside"),
    ],
)
def test_where_mail_to_an_address_ends(address, side):
    assert locality(SITE, tried()).of_address(address) == side


@pytest.mark.parametrize(
    ("ip", "side"),
    [
        ("10.1.2.3", "inside"),
        ("fd20:1::5", "inside"),
        ("192.0.2.25", "inside"),
        ("203.0.113.7", "outside"),
        ("2001:db8::7", "outside"),
        ("unknown", "unknown"),
    ],
)
def test_which_client_is_inside(ip, side):
    assert locality(SITE, tried()).of_client(ip) == side


def test_a_network_too_wide_to_believe_makes_nobody_inside():
    site = Site(domains=["corp.example"], networks=["203.0.0.0/8"])
    assert locality(site, tried()).of_client("203.0.113.7") == "outside"


def test_without_a_site_domains_are_those_delivered_here_the_busiest_first():
    log = tried(
        {"daemon": "local", "recipient": "a@two.example"},
        {"daemon": "virtual", "recipient": "a@one.example"},
        {"daemon": "virtual", "recipient": "b@one.example"},
        {"orig_recipient": "info@three.example"},
        {"recipient": "bob@far.example"},
    )
    local = locality(None, log)
    assert local.domains == {"one.example", "two.example", "three.example"}
    assert local.first_domain == "one.example"
    assert local.inferred


def test_without_a_site_only_networks_that_no_stranger_can_have_are_inside():
    local = locality(None, tried())
    assert local.of_client("192.168.1.1") == "inside"
    assert local.of_client("203.0.113.7") == "outside"


def test_without_a_site_and_without_a_delivery_here_nobody_is_outside():
    assert locality(None, tried({})).of_address("bob@far.example") == "unknown"


def test_a_server_that_is_only_backup_has_no_domain_of_its_own_and_knows_who_is_outside():
    site = SITE.model_copy(update={"domains": []})
    local = locality(site, tried({"daemon": "local", "recipient": "root@branch.example"}))
    assert not local.inferred
    assert local.of_address("bob@customer.example") == "inside"
    assert local.of_address("bob@far.example") == "outside"
    assert local.of_address("root@branch.example") == "unknown"


def test_relay_domains_are_believed_where_the_domains_are_not_stated():
    local = locality(Site(relay_domains=["customer.example"]), tried({"service": "relay"}))
    assert local.of_address("jo@customer.example") == "inside"
    assert local.of_address("bob@far.example") == "unknown"


@pytest.mark.parametrize(
    "stated",
    [{"domains": ["corp.example"]}, {"networks": ["10.0.0.0/8"]}, {}],
    ids=["no networks", "no domains", "nothing"],
)
def test_a_site_that_leaves_out_half_is_inferred(stated):
    assert locality(Site(**stated), tried()).inferred


@pytest.mark.parametrize("daemon", ["virtual", "storedriver"])
def test_a_domain_with_mailboxes_here_that_the_site_omits_is_unknown(daemon):
    local = locality(SITE, tried({"daemon": daemon, "recipient": "jo@branch.example"}))
    assert local.of_address("kim@branch.example") == "unknown"
    assert local.of_address("kim@corp.example") == "inside"


def test_what_the_store_of_exchange_refused_has_no_mailbox_here():
    local = locality(SITE, tried({"daemon": "storedriver", "status": "bounced"}))
    assert local.of_address("bob@far.example") == "outside"


DELIVERED = {
    "client_ip": "203.0.113.7",
    "auth_user": None,
    "submission": "smtp",
    "origin_sender": "ann@a.example",
    "recipient": "bob@far.example",
    "original_recipient": "bob@far.example",
    "two_readings": False,
    "first_hop": None,
}


def flow(**difference):
    rows = pd.DataFrame([DELIVERED | difference]).astype(object)
    return sides(rows, locality(SITE, tried())).iloc[0]


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ({}, "third_party"),
        ({"recipient": "jo@corp.example"}, "inbound"),
        ({"recipient": "jo@customer.example"}, "inbound"),
        ({"client_ip": "10.1.2.3"}, "outbound"),
        ({"auth_user": "bob"}, "outbound"),
        ({"submission": "local", "client_ip": None}, "outbound"),
        ({"client_ip": "10.1.2.3", "recipient": "jo@corp.example"}, "internal"),
        ({"submission": None, "client_ip": None}, "unknown"),
    ],
    ids=[
        "stranger to stranger",
        "stranger to us",
        "stranger to a relay domain",
        "our host to a stranger",
        "a login to a stranger",
        "made here for a stranger",
        "our host to us",
        "handed in before the log begins",
    ],
)
def test_the_flow_of(difference, expected):
    assert flow(**difference)["flow"] == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("ann@a.example", True), ("jo@corp.example", False), ("", False), (None, None)],
    ids=["foreign", "ours", "none", "not logged"],
)
def test_the_textbook_reading_of_a_sender_that_is(sender, expected):
    told = flow(origin_sender=sender)["third_party_addresses"]
    assert (None if pd.isna(told) else bool(told)) == expected
