"""How many bytes left, between which bounds, and what does a 95th percentile bill?"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.impact.traffic import hosts_elsewhere, month, percentile, samples
from analyzer.schema import BANDWIDTH, fit

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


def test_the_top_5_percent_are_not_billed():
    values = np.arange(1.0, 101.0)
    assert percentile(values) == 95.0
    assert percentile(np.zeros(0)) == 0.0


def link(hours, burst=60.0, base=20.0):
    """A month of steady *base* Mbit/s, and a burst of so many hours on top; as BANDWIDTH."""
    starts = pd.date_range("2026-04-01", "2026-05-01", freq="5min", inclusive="left", tz="UTC")
    to_bytes = 300 * 1e6 / 8

    def rows(which, mbit, verdict):
        zero = dict.fromkeys(BANDWIDTH.names[3:], 0)
        return pd.DataFrame({"start": which, "verdict": verdict, "mechanism": None} | zero).assign(
            bytes_out=int(mbit * to_bytes)
        )

    whole = pd.concat(
        [rows(starts, base, "legitimate"), rows(starts[500 : 500 + hours * 12], burst, "abusive")]
    )
    return fit(pa.Table.from_pandas(whole, preserve_index=False), BANDWIDTH)


def billed(hours, **changed):
    said = {"overhead": 0.0, "dialogue": 0.0, "link": 0.0, "committed": 0.0} | changed
    return month(link(hours), **said)


@pytest.mark.parametrize(
    ("hours", "rate"), [(12, 20), (24, 20), (36, 20), (37, 80), (48, 80), (120, 80)]
)
def test_36_hours_decide(hours, rate):
    found = billed(hours)
    assert (found["free"], found["filled"]) == (432, hours * 12)
    assert (found["without"], found["with"]) == (20.0, rate)
    assert found["billed_more"] == rate - 20


def test_what_is_paid_anyway_costs_nothing_more():
    assert billed(48, committed=50.0)["billed_more"] == 30.0
    assert billed(48, committed=100.0)["billed_more"] == 0.0


def test_the_link_s_own_load_stands_beside_mail_where_it_is_given():
    found = billed(48, link=200.0)
    assert (found["without"], found["with"], found["label"]) == (200.0, 260.0, "given")


def test_the_words_say_on_which_side_of_the_cliff():
    assert "432 highest of 8,640: it stays within them" in billed(36)["words"]
    assert "it goes beyond them" in billed(37)["words"]


def test_without_abuse_no_month_is_billed():
    assert month(link(0), overhead=0.0, dialogue=0.0, link=0.0, committed=0.0) is None
