"""Which notices went to strangers about what we should have refused?"""

import pandas as pd
import pytest

from analyzer.detect.backscatter import (
    BACKSCATTER,
    notices,
    ordinary,
    refused_late,
    refused_too_late,
)

# Mail of a stranger for one of us who does not exist.
UNKNOWN = {
    "recipient": "nobody@corp.example",
    "recipient_side": "inside",
    "original_side": "inside",
    "status": "bounced",
    "dsn": "5.1.1",
}
# The notice about message 0, to its envelope sender.
NOTICE = {
    "recipient": "ann@a.example",
    "client_ip": None,
    "client_side": "inside",
    "submission": "internal",
    "life": 9,
    "origin_life": 9,
    "cause_life": 0,
    "cause_leg": 0,
}


def told(rows, abusive=()):
    return notices(rows, pd.Series([n in abusive for n in range(len(rows))])).tolist()


def test_a_notice_about_relayed_mail_is_backscatter(deliveries):
    assert told(deliveries({}, NOTICE), abusive=[0]) == [False, True]


def test_a_notice_about_mail_refused_late_is_backscatter_and_the_mail_its_cause(deliveries):
    rows = deliveries(UNKNOWN, NOTICE)
    notice = notices(rows, pd.Series([False, False]))
    assert notice.tolist() == [False, True]
    assert refused_too_late(rows, notice).tolist() == [True, False]


@pytest.mark.parametrize(
    "innocent",
    [
        {"recipient_side": "inside", "original_side": "inside"},
        {"recipient_side": "unknown"},
        {"original_side": "inside"},
        {"cause_life": -1, "cause_leg": -1},
        {"cause_life": 5, "cause_leg": 5},
    ],
    ids=[
        "it goes to one of us",
        "nobody knows to whom it goes",
        "one of us had it forwarded",
        "it is no notice",
        "it is about other mail",
    ],
)
def test_a_notice_is_no_backscatter_where(deliveries, innocent):
    assert told(deliveries(UNKNOWN, NOTICE | innocent)) == [False, False]


@pytest.mark.parametrize(
    "difference",
    [
        {"client_side": "inside"},
        {"submission": "local"},
        {"status": "deferred"},
        {"dsn": "5.2.2"},
        {"recipient_side": "outside"},
    ],
    ids=[
        "our own host sent it",
        "it was made here",
        "it waits",
        "the mailbox is full",
        "a forward led outside",
    ],
)
def test_no_mail_is_refused_late_where(deliveries, difference):
    assert refused_late(deliveries(UNKNOWN | difference)).tolist() == [False]


def test_what_a_filter_behind_refuses_is_refused_late(deliveries):
    assert refused_late(deliveries(UNKNOWN | {"dsn": "5.7.0"})).tolist() == [True]


def test_mail_refused_late_without_a_notice_to_a_stranger_caused_none(deliveries):
    rows = deliveries(UNKNOWN)
    assert refused_too_late(rows, pd.Series([False])).tolist() == [False]


def all_refused(number, **difference):
    """The rows of so many such messages, each with its notice to an address of its own."""
    rows = []
    for n in range(0, 2 * number, 2):
        about = {"life": n + 1, "origin_life": n + 1, "cause_life": n, "cause_leg": n}
        to = {"recipient": f"ann{n}@a.example", "origin_sender": ""}
        rows += [UNKNOWN | {"life": n, "origin_life": n}, NOTICE | about | to | difference]
    return rows


WRITTEN = {
    "sender_side": "inside",
    "recipient": "ANN0@a.example",
    "life": 999,
    "origin_life": 999,
}


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (all_refused(20), 0),
        (all_refused(19), 38),
        ([*all_refused(21), WRITTEN], 2),
        ([*all_refused(20), WRITTEN], 40),
        ([*all_refused(20), WRITTEN | {"origin_sender": ""}], 0),
    ],
    ids=[
        "twenty in a day are not",
        "nineteen are",
        "what goes to whom one of us wrote is, and its cause",
        "without it there are nineteen",
        "a notice does not write to anybody",
    ],
)
def test_backscatter_about_mail_refused_late_that_is_ordinary(deliveries, rows, number):
    mine = [row is not rows[-1] or row.get("life") != 999 for row in rows]
    assert ordinary(deliveries(*rows), pd.Series(mine)).sum() == number


def test_of_twenty_notices_in_two_days_all_are_ordinary(deliveries):
    rows = deliveries(*all_refused(20))
    rows.loc[rows.index[-2:], "received"] += pd.Timedelta(days=1)
    assert ordinary(rows, pd.Series(True, rows.index)).all()


# Mail of a stranger that an alias sent on, and that the next server took for spam.
FORWARDED = {
    "recipient": "ann@mail.example",
    "original_side": "inside",
    "status": "bounced",
    "dsn": "5.7.26",
}


def forwarded(number, **difference):
    """The rows of so many such messages, each with its notice."""
    rows = []
    for n in range(0, 2 * number, 2):
        mail = FORWARDED | {"life": n, "origin_life": n} | difference
        rows += [
            mail,
            NOTICE | {"life": n + 1, "origin_life": n + 1, "cause_life": n, "cause_leg": n},
        ]
    return rows


def test_many_notices_about_forwarded_mail_that_was_refused_are_backscatter(deliveries):
    assert sum(told(deliveries(*forwarded(20)))) == 20


def test_of_twenty_notices_about_forwards_in_two_days_none_is_backscatter(deliveries):
    rows = deliveries(*forwarded(20))
    rows.loc[rows.index[-2:], "received"] += pd.Timedelta(days=1)
    assert not any(told(rows))


@pytest.mark.parametrize(
    "rows",
    [
        forwarded(19),
        [*forwarded(20), WRITTEN | {"recipient": "ann@a.example"}],
        forwarded(20, dsn="5.2.2"),
        forwarded(20, dsn="5.7.1", reply="554 5.7.1 blocked using a list"),
        forwarded(20, client_side="inside"),
        forwarded(20, original_side="outside"),
    ],
    ids=[
        "they are few",
        "one of us wrote to those whom they reach",
        "the mailbox there is full",
        "a list names us",
        "our own host sent the mail",
        "it was not forwarded",
    ],
)
def test_notices_about_refused_mail_are_none_where(deliveries, rows):
    assert sum(told(deliveries(*rows))) == 0


JUDGED = {"mechanism": "backscatter"}


def test_one_finding_a_server_and_cause(evidence):
    found = BACKSCATTER.judge(
        evidence(
            deliveries=[
                {"mechanism": "open_relay"},
                UNKNOWN | JUDGED | {"life": 1, "origin_life": 1},
                NOTICE | JUDGED,
                NOTICE | JUDGED | {"life": 10, "origin_life": 10, "cause_life": 1},
                NOTICE | JUDGED | {"life": 11, "origin_life": 11, "cause_life": 1},
            ]
        )
    )
    about = {
        row["reason"].partition(" to strangers about ")[2][:7]: row
        for row in found.to_dict("records")
    }
    assert {words: row["messages"] for words, row in about.items()} == {"relayed": 1, "mail th": 2}
    assert set(found["subject"]) == {"mx1"}
    assert set(found["verdict"]) == {"confirmed"}


def test_of_an_inferred_site_it_is_possible(evidence):
    found = BACKSCATTER.judge(evidence(deliveries=[{}, NOTICE | JUDGED], site_known=False))
    assert found["verdict"].tolist() == ["possible"]


def test_without_notices_nothing_is_found(evidence):
    assert BACKSCATTER.judge(evidence(deliveries=[{}])).empty


def test_notices_about_a_forward_of_which_a_copy_was_kept_are_about_the_forward(evidence):
    kept = {"recipient_side": "inside", "original_side": "inside", "recipient": "jo@corp.example"}
    away = {"original_side": "inside", "status": "bounced", "mechanism": "forwarding"}
    notice = NOTICE | {"mechanism": "backscatter", "verdict": "abusive"}
    (found,) = BACKSCATTER.judge(evidence(deliveries=[kept, away, notice])).to_dict("records")
    assert "mail that it forwarded" in found["reason"]
