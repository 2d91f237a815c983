"""How many messages of a case came through a hole?"""

import ipaddress
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from analyzer import schema
from analyzer.config.count import Traffic
from analyzer.config.findings import Hole
from analyzer.site import Site

OURS = Site(domains=["corp.example"], relay_domains=["com"], networks=["10.0.0.0/8", "0.0.0.0/0"])
START = datetime(2026, 12, 7, tzinfo=UTC)
MESSAGE = {
    "server": "mx",
    "origin_queue_id": "A1",
    "origin_life": 0,
    "client_ip": "203.0.113.7",
    "client_name": "pc.outside.test",
    "auth_user": None,
    "submission": "smtp",
    "origin_sender": "eve@outside.test",
    "recipient": "bob@elsewhere.test",
    "original_recipient": "bob@elsewhere.test",
    "status": "delivered",
    "received": START,
    "helo": "pc.outside.test",
}


def through(hole, *differences):
    """One message to one recipient for each argument, but for what that argument changes."""
    rows = [MESSAGE | {"origin_queue_id": f"A{n}"} | d for n, d in enumerate(differences)]
    deliveries = pa.Table.from_pylist(
        [{k: v for k, v in row.items() if k != "helo"} for row in rows],
        pa.schema([f for f in schema.DELIVERIES if f.name in MESSAGE]),
    )
    messages = pa.Table.from_pylist(
        [{**row, "queue_id": row["origin_queue_id"]} for row in rows],
        pa.schema([f for f in schema.MESSAGES if f.name in {*MESSAGE, "queue_id"}]),
    )
    return Traffic(deliveries, messages, OURS).through(hole)


def test_a_stranger_to_a_stranger_is_counted_once_whatever_the_number_of_recipients():
    twice = {"origin_queue_id": "A0", "recipient": "carol@elsewhere.test"}
    assert through(Hole(), {}, twice) == 1


@pytest.mark.parametrize(
    "innocent",
    [
        {"client_ip": "10.1.1.1"},
        {"auth_user": "ann"},
        {"submission": "local", "client_ip": None},
        {"recipient": "ann@corp.example", "original_recipient": "ann@corp.example"},
        {"original_recipient": "jo@corp.example"},
        {"recipient": "ann"},
        {"status": "expanded"},
    ],
    ids=[
        "our network",
        "a login",
        "a program of ours",
        "our user",
        "our alias",
        "local",
        "expanded",
    ],
)
def test_it_did_not_come_through_the_hole(innocent):
    assert through(Hole(), innocent) == 0


NET = ipaddress.ip_network


@pytest.mark.parametrize(
    ("hole", "fits", "fails"),
    [
        (Hole(clients=(NET("203.0.112.0/20"),)), {}, {"client_ip": "198.51.100.1"}),
        (
            Hole(senders=("outside.test",)),
            {"origin_sender": "a@x.outside.test"},
            {"origin_sender": "a@b.test"},
        ),
        (Hole(senders=("eve@outside.test",)), {}, {"origin_sender": "adam@outside.test"}),
        (Hole(senders=("<>",)), {"origin_sender": ""}, {}),
        (Hole(senders=("/^eve@/",)), {}, {"origin_sender": "adam@outside.test"}),
        (Hole(names=("/\\.outside\\./",)), {}, {"client_name": "unknown"}),
        (Hole(names=("/^203\\.0\\./",)), {}, {"client_ip": "198.51.100.1"}),
        (Hole(helos=(".outside.test",)), {}, {"helo": "outside.test.example"}),
        (Hole(recipients=("com",)), {"recipient": "a@b.com", "original_recipient": "a@b.com"}, {}),
        (Hole(routed=True), {"original_recipient": "bob%elsewhere.test@partner.example"}, {}),
        (Hole(logged_in=True), {"auth_user": "ann@corp.example"}, {"auth_user": "eve"}),
    ],
    ids=["client", "domain", "address", "null sender", "pattern", "client's name",
         "pattern of addresses", "HELO", "recipient", "route", "login"],
)  # fmt: skip
def test_a_hole_counts_what_fits_it(hole, fits, fails):
    assert (through(hole, fits), through(hole, fails)) == (1, 0)
