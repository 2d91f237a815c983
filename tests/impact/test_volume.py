"""How much went through: what is counted once, and what for each recipient?"""

import pandas as pd

from analyzer.impact.volume import hourly

OTHER = {"recipient": "b@far.example"}


HOSTS = pd.Index(["mx.far.example[198.51.100.9]:25", "mx.other.example[198.51.100.8]:25"])


def one(rows):
    (row,) = hourly(rows, HOSTS).to_pylist()
    return row


def test_a_message_to_two_recipients_at_one_host_is_one_message_taken_in_once(deliveries):
    row = one(deliveries({}, OTHER))
    assert (row["messages"], row["recipients"], row["bytes_in"]) == (1, 2, 1000)


def test_a_notice_that_the_server_made_was_not_taken_in_and_left_all_the_same(deliveries):
    row = one(deliveries({"submission": "internal"}))
    assert (row["messages"], row["bytes_in"], row["bytes_out"]) == (1, 0, 1000)


def test_it_left_once_at_least_and_twice_at_most(deliveries):
    row = one(deliveries({}, OTHER))
    assert (row["bytes_out"], row["bytes_out_most"]) == (1000, 2000)


def test_it_left_twice_where_two_hosts_took_it(deliveries):
    assert one(deliveries({}, {"relay": "mx.other.example[198.51.100.8]:25"}))["bytes_out"] == 2000


def test_nothing_left_for_a_mailbox_here_nor_without_delivery(deliveries):
    row = one(deliveries({"relay": "local"}, OTHER | {"status": "bounced"}))
    assert (row["recipients"], row["bytes_out"], row["bytes_out_most"]) == (2, 0, 0)


def test_rows_that_others_replace_are_no_recipients(deliveries):
    assert one(deliveries({}, OTHER | {"status": "expanded"}))["recipients"] == 1


def test_a_message_counts_once_with_the_gravest_of_its_verdicts(deliveries):
    rows = deliveries({"mechanism": "forwarding"}, OTHER | {"verdict": "abusive"})
    counted = {row["verdict"]: row["messages"] for row in hourly(rows, HOSTS).to_pylist()}
    assert counted == {"abusive": 1, "legitimate": 0}


def test_hours_and_sources_are_told_apart(deliveries):
    later = {"received": pd.Timestamp("2026-03-01T11:00:00Z"), "origin_life": 2, "life": 2}
    told = deliveries({}, later, {"client_ip": None, "origin_life": 3, "life": 3})
    rows = hourly(told, HOSTS)
    assert [(row["hour"].hour, row["client_ip"]) for row in rows.to_pylist()] == [
        (10, None),
        (10, "192.0.2.7"),
        (11, "192.0.2.7"),
    ]


def test_without_deliveries_there_is_no_volume(deliveries):
    assert len(hourly(deliveries({}).iloc[:0], HOSTS)) == 0
