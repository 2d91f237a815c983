"""How many bytes left, between which bounds?"""

import pandas as pd
import pytest

from analyzer.impact.traffic import hosts_elsewhere, samples

HOST = "mx.far.example[198.51.100.9]:25"
SENT = {
    "life": 1,
    "relay": HOST,
    "to_us": False,
    "time": pd.Timestamp("2026-03-01T10:20:01Z"),
    "daemon": "smtp",
    "status": "sent",
    "reply": "250 2.0.0 Ok",
}


@pytest.fixture
def left(deliveries):
    def of(*differences, size=1000):
        tried = pd.DataFrame([SENT | difference for difference in differences])
        rows = deliveries({"submission": "smtp", "size": size})
        table = samples(tried, rows, hosts_elsewhere(tried, rows)).to_pandas()
        names = ("transactions_least", "transactions", "transactions_most")
        sizes = ("bytes_out_least", "bytes_out", "bytes_out_most")
        return tuple(tuple(int(table[name].sum()) for name in which) for which in (names, sizes))

    return of


def test_two_recipients_in_the_same_second_went_once_or_twice(left):
    assert left({}, {}) == ((1, 1, 2), (1000, 1000, 2000))


def test_in_another_second_it_may_have_been_another_transaction(left):
    later = {"time": SENT["time"] + pd.Timedelta(seconds=3)}
    assert left({}, later) == ((1, 2, 2), (1000, 2000, 2000))


def test_refused_before_the_body_costs_a_dialogue_only(left):
    refused = {"status": "deferred", "reply": "450 4.2.0 later (in reply to RCPT TO command)"}
    assert left(refused) == ((1, 1, 1), (0, 0, 0))


def test_refused_after_the_body_costs_the_body(left):
    refused = {"status": "bounced", "reply": "554 no (in reply to end of DATA command)"}
    assert left(refused) == ((1, 1, 1), (1000, 1000, 1000))


@pytest.mark.parametrize(
    "other",
    [
        *({"relay": "local"}, {"relay": None}, {"relay": "none"}, {"to_us": True}),
        {"relay": "mx1.corp.example[private/dovecot-lmtp]", "daemon": "lmtp"},
    ],
    ids=["a mailbox here", "nobody", "nobody who answered", "our own host", "a socket"],
)
def test_nothing_goes_over_the_wire_to(left, other):
    assert left(other) == ((0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize(
    ("relay", "daemon", "sent"),
    [
        ("mx.far.example", "smtp", 1),
        ("mx.far.example. [198.51.100.9]", "esmtp", 1),
        ("mx1.corp.example", "smtp", 0),
        ("EX01", "storedriver", 0),
        ("mx.far.example.", "esmtp", 0),
    ],
    ids=["a name of Exchange", "Sendmail", "our own server", "a mailbox", "nobody who answered"],
)
def test_a_host_is_named_as_each_server_names_it(left, relay, daemon, sent):
    transactions, _ = left({"relay": relay, "daemon": daemon})
    assert transactions == (sent, sent, sent)


@pytest.mark.parametrize(
    ("submission", "expected"), [("smtp", 1000), ("local", 0), ("internal", 0)]
)
def test_only_what_another_host_handed_in_came_over_the_wire(deliveries, submission, expected):
    rows = deliveries({"submission": submission})
    table = samples(pd.DataFrame([SENT]), rows, pd.Index([HOST]))
    assert sum(table["bytes_in"].to_pylist()) == expected
