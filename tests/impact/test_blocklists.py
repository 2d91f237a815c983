"""Which words of another server name a list, and whose mail was hurt?"""

import pandas as pd
import pytest

from analyzer.impact import echo
from analyzer.impact.blocklists import classify, entries

SPAMHAUS = "550 5.7.1 Service unavailable; client [192.0.2.25] blocked using zen.spamhaus.org"


@pytest.mark.parametrize(
    ("reply", "provider"),
    [
        (SPAMHAUS, "Spamhaus"),
        ("553 5.7.1 [BL21] Connections not accepted, the ip is in Spamhaus's list", "Spamhaus"),
        ("554 5.7.1 blocked, see http://www.barracudacentral.org/rbl", "Barracuda"),
        ("550 5.7.1 part of their network is on our block list (S3140)", "Microsoft (consumer)"),
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.25]", "Microsoft 365"),
        ("421 4.7.0 [TSS04] temporarily deferred, unexpected volume", "Yahoo"),
        ("550 5.7.1 [CS01] Message rejected due to local policy", "Apple iCloud"),
        ("554 IP=192.0.2.25 - A problem occurred. tosa@rx.t-online.de (BL)", "T-Online"),
        ("550 5.7.1 listed at bl.unheard-of.example", "other blocklist"),
    ],
)
def test_a_reply_names(reply, provider):
    (number,) = classify(pd.Series([reply]))
    assert entries()[number]["provider"] == provider


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted",
        "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown",
        "452 4.2.2 The recipient's inbox is out of storage space",
        "connection timed out",
    ],
)
def test_a_reply_is_not_about_us(reply):
    assert classify(pd.Series([reply])).tolist() == [-1]


REFUSED = {
    "life": 1,
    "recipient": "a@far.example",
    "time": pd.Timestamp("2026-03-01T10:00:00Z"),
    "daemon": "smtp",
    "relay": "mx.far.example[198.51.100.9]:25",
    "status": "bounced",
    "reply": SPAMHAUS,
    "source": "mail.log",
    "line": 1,
    "offset": 0,
}


def refused(*differences):
    return pd.DataFrame([REFUSED | difference for difference in differences])


def test_a_recipient_refused_again_and_again_is_one_refused_from_first_to_last(deliveries):
    later = {"time": pd.Timestamp("2026-03-02T10:00:00Z"), "line": 9}
    (entry,) = echo(refused({}, later), deliveries({}))
    assert (entry["refusals"], entry["own_refused"]) == (1, 1)
    assert (entry["first"], entry["last"]) == ("2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z")


def test_abusive_mail_that_is_refused_is_not_our_own(deliveries):
    (entry,) = echo(refused({}), deliveries({"verdict": "abusive"}))
    assert (entry["refusals"], entry["own_refused"]) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [{"status": "sent"}, {"daemon": "local"}, {"reply": None}, {"time": pd.NaT}],
    ids=["it was sent", "it is our own word", "nothing was said", "the day does not exist"],
)
def test_it_is_no_refusal_of_us_where(deliveries, other):
    assert echo(refused(other), deliveries({})) == []


def test_who_refused_first_stands_first(deliveries):
    yahoo = {"reply": "421 4.7.0 [TSS04] deferred", "time": pd.Timestamp("2026-02-28T00:00:00Z")}
    found = echo(refused({}, yahoo), deliveries({}))
    assert [entry["provider"] for entry in found] == ["Yahoo", "Spamhaus"]
