"""Over, closed, and what proves it: three things, and none is claimed without its proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.report.closed import closing
from analyzer.report.facts import gather

START = datetime(2026, 12, 8, 5, tzinfo=UTC)
LOGIN = {"mechanism": "stolen_account", "auth_user": "ann"}
TESTED = {
    "answer": "closed",
    "started": "2026-12-09T06:00:00Z",
    "sentence": "Closed for 36 forms.",
    "host": "mx1.example.org",
}


def end_of(made, test=None):
    made.relay_test = test
    return closing(made, gather(made))


def test_refusals_after_the_last_relayed_message_show_a_closed_relay(case):
    end = end_of(case())
    assert (end.closed, end.headline) == (True, "Yes, and the door is shown shut")
    proof, *more = end.proofs
    assert proof.startswith("1 attempt to relay was refused after the last relayed message")
    assert more == []


def test_a_refusal_at_one_server_shuts_no_door_of_another(case):
    other = {"server": "mx2.example.org", "origin_life": 1}
    end = end_of(case(deliveries=[{}, other]))
    assert (end.closed, end.headline) == (False, "Quiet; that it is shut is not shown")


def test_what_was_not_asked_about_is_no_quiet_time(case):
    made = case()
    made.manifest["options"] = {"until": "2026-12-08 05:30"}
    assert end_of(made).headline == "Not shown: it was going on when the log ends"


def test_silence_alone_shows_no_closed_door(case):
    end = end_of(case(attempts=[]))
    assert (end.ended, end.closed) == (True, False)
    assert end.headline == "Quiet; that it is shut is not shown"


def test_a_relay_test_that_was_refused_shows_it(case):
    end = end_of(case(attempts=[]), TESTED)
    assert end.closed
    said = "Relay test of mx1.example.org, on 9 Dec 2026, 06:00 UTC: Closed for 36 forms."
    assert end.proofs == [said]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"host": "192.0.2.25", "named": "MX1.example.org"}, True),
        ({"host": "mx1"}, True),
        ({"host": "192.0.2.25"}, False),
        ({"host": "mx2.example.org"}, False),
        ({"host": "mx1.elsewhere.example"}, False),
    ],
    ids=["its name in the greeting", "in short", "an address", "another", "another of that name"],
)
def test_only_a_relay_test_of_a_host_that_the_case_knows_shows_a_closed_door(case, asked, shown):
    end = end_of(case(attempts=[]), TESTED | {"host": "", **asked})
    (told,) = end.proofs
    assert told.startswith(f"Relay test of {asked['host']}, ")
    assert (end.closed, "names as this server" in told) == (shown, not shown)


def test_a_relay_test_from_before_the_abuse_shows_nothing(case):
    early = TESTED | {"started": "2026-12-07T06:00:00Z"}
    assert not end_of(case(attempts=[]), early).closed


def test_a_door_that_a_test_found_open_is_not_closed_whatever_the_log_shows(case):
    end = end_of(case(), TESTED | {"answer": "open_confirmed"})
    assert (end.closed, end.headline) == (False, "No: a relay test found the door open")


@pytest.mark.parametrize("answer", ["accepts_everything", "takes_strangers_mail", "doubtful"])
def test_mail_that_was_taken_and_never_seen_again_proves_neither_open_nor_shut(case, answer):
    end = end_of(case(), TESTED | {"answer": answer})
    assert (end.closed, end.headline) == (False, "Quiet; that it is shut is not shown")


def test_no_relay_test_and_no_refusal_shows_that_a_login_is_safe_again(case):
    made = case(deliveries=[LOGIN], findings=[LOGIN])
    assert not end_of(made, TESTED).closed


def test_abuse_to_the_end_of_the_log_is_not_over(case):
    late = {"received": START + timedelta(hours=18, minutes=50)}
    assert end_of(case(deliveries=[late])).headline.startswith("Not shown: it was going on")
