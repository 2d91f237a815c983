"""How full was the queue, and when fuller than usual?"""

import pandas as pd

from analyzer.impact.pressure import queue_load, unusual

START = pd.Timestamp("2026-03-01T10:00:00Z")
HOUR = pd.Timedelta(hours=1)


def mail(came, went, number=1, **more):
    """A message that came and went so many hours after the start."""
    times = {"received": START + came * HOUR, "completed": START + went * HOUR}
    return times | {"life": number, "origin_life": number} | more


def load(rows, hours=4):
    return queue_load(rows, START + hours * HOUR)


def column(table, name):
    return table[name].to_pylist()


def test_a_message_waits_from_its_receipt_to_its_last_delivery(deliveries):
    table = load(deliveries(mail(0.5, 0.6), mail(0.5, 2.5)), hours=3.5)
    assert column(table, "waiting") == [1, 1, 0, 0]
    assert column(table, "entered") == [1, 0, 0, 0]
    assert column(table, "left") == [0, 0, 1, 0]
    assert column(table, "bytes_waiting") == [1000, 1000, 0, 0]


def test_what_is_deferred_at_the_end_waits_until_then(deliveries):
    table = load(deliveries(mail(0.5, 0.6, status="deferred")), hours=2.5)
    assert column(table, "waiting") == [1, 1, 1]


def test_abuse_is_told_apart(deliveries):
    table = load(deliveries(mail(0.5, 1.5), mail(0.5, 1.5, 2, verdict="abusive")), hours=0.9)
    assert list(zip(column(table, "verdict"), column(table, "waiting"), strict=True)) == [
        ("abusive", 1),
        ("legitimate", 1),
    ]


def test_hours_are_unusual_by_the_hours_before_the_abuse(deliveries):
    before = [mail(n + 0.1, n + 0.2, n) for n in range(30)]
    flood = [mail(30.1, 32.5, 100 + n, verdict="abusive") for n in range(11)]
    table = load(deliveries(*before, *flood), hours=34)
    assert unusual(table, START + 30 * HOUR) == {"hours": 2, "usual": 10}


def test_a_handful_of_messages_is_no_unusual_queue(deliveries):
    before = [mail(n + 0.1, n + 0.2, n) for n in range(30)]
    few = [mail(30.1, 32.5, 100 + n, verdict="abusive") for n in range(10)]
    table = load(deliveries(*before, *few), hours=34)
    assert unusual(table, START + 30 * HOUR)["hours"] == 0


def test_less_than_a_day_of_usual_work_says_nothing_of_the_usual(deliveries):
    table = load(deliveries(*(mail(n + 0.1, n + 0.2, n) for n in range(20))), hours=30)
    assert unusual(table, START + 20 * HOUR) == {"hours": None, "usual": None}


def test_without_mail_there_is_no_load(deliveries):
    assert len(load(deliveries(mail(0, 1)).iloc[:0])) == 0
