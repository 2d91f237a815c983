"""Who tried the door, and what is said of him?"""

import pytest

from analyzer.detect.relay_probes import RELAY_PROBES

LET_IN = {"kind": "accepted_no_data"}


def found(evidence, *attempts):
    return RELAY_PROBES.judge(evidence(attempts=attempts)).to_dict("records")


def test_refused_requests_are_an_attempt_and_count_as_often_as_syslog_says(evidence):
    (row,) = found(evidence, {}, {"repeat": 3, "time": "11:00"})
    assert (row["kind"], row["verdict"], row["recipients"]) == ("attempt", "probable", 4)
    assert f"{row['first_seen']:%H:%M} {row['last_seen']:%H:%M}" == "09:00 11:00"
    assert "no abuse" in row["reason"]


def test_a_recipient_accepted_without_a_message_is_a_possible_probe(evidence):
    (row,) = found(evidence, LET_IN)
    assert (row["verdict"], row["recipients"]) == ("possible", 0)
    assert "1 recipient accepted and no message sent" in row["reason"]


def test_one_elsewhere_whom_the_log_names_shows_an_open_door(evidence):
    (row,) = found(evidence, LET_IN | {"recipient": "bob@far.example"})
    assert (row["verdict"], row["recipients"]) == ("possible", 0)
    assert "found the door open" in row["reason"]
    assert "one of us" not in row["reason"]


def test_both_are_one_finding_of_a_client(evidence):
    (row,) = found(evidence, {}, LET_IN)
    assert (row["verdict"], row["recipients"]) == ("probable", 1)
    assert ";" in row["reason"]


@pytest.mark.parametrize(
    "difference",
    [
        {"client_side": "inside"},
        {"auth_user": "bob"},
        {"kind": "unknown_user"},
        {"kind": "blocklist"},
        {"kind": "auth_failed"},
        {"kind": "other"},
    ],
    ids=str,
)
def test_it_is_no_probe_where(evidence, difference):
    assert found(evidence, difference) == []


def test_the_lines_to_read_are_the_first_ones(evidence):
    (row,) = found(evidence, *({"line": n, "offset": n} for n in range(20, 0, -1)))
    assert [place["line"] for place in row["evidence"]] == list(range(1, 11))


def turned_away(evidence, **difference):
    sent = {"status": "rejected"} | difference
    return RELAY_PROBES.judge(evidence(deliveries=[sent])).to_dict("records")


def test_a_recipient_accepted_whose_message_was_refused_shows_an_open_door(evidence):
    (row,) = turned_away(evidence)
    assert (row["kind"], row["verdict"], row["subject"]) == ("attempt", "possible", "203.0.113.7")
    assert "the door was open, and nothing was carried" in row["reason"]


@pytest.mark.parametrize(
    "difference",
    [
        {"client_side": "inside"},
        {"recipient_side": "inside", "original_side": "inside"},
        {"original_side": "inside"},
        {"mechanism": "open_relay"},
        {"status": "bounced"},
        {"status": "discarded"},
    ],
    ids=["one of us", "to one of us", "for one of us, who passes it on", "relayed", "not refused",
         "thrown away"],
)  # fmt: skip
def test_a_message_that_was_refused_is_no_probe_where(evidence, difference):
    assert turned_away(evidence, **difference) == []
