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
