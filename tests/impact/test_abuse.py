"""Since when was there abuse, and for how long has the log been clean?"""

import pandas as pd
import pytest

from analyzer.impact.abuse import onset, since

LAST = pd.Timestamp("2026-03-09T04:00:00Z")
ENDS = pd.Timestamp("2026-03-10T07:30:00Z")
ABUSE = {
    "received": LAST,
    "completed": LAST + pd.Timedelta(hours=2),
    "verdict": "abusive",
    "mechanism": "open_relay",
    "cause_life": -1,
    "orig_source": "mail.log",
    "orig_line": 7,
    "orig_offset": 70,
}
DENIED = {
    "kind": "relay_denied",
    "time": LAST + pd.Timedelta(hours=9),
    "repeat": 1,
    "source": "mail.log",
    "line": 9,
    "offset": 90,
}
FOUND = {
    "kind": "abuse",
    "mechanism": "open_relay",
    "verdict": "confirmed",
    "incident": "incident-1",
    "first_seen": LAST,
}


def clean(rows, attempts=(DENIED,)):
    return since(rows, pd.DataFrame([DENIED | a for a in attempts]), ENDS)


def test_the_hours_without_abuse_run_from_the_last_abusive_message_to_the_end_of_the_log(
    deliveries,
):
    found = clean(deliveries(ABUSE))
    assert (found["last_received"], found["log_ends"], found["hours_clean"]) == (
        *("2026-03-09T04:00:00Z", "2026-03-10T07:30:00Z"),
        27.5,
    )
    assert found["last_left"] == "2026-03-09T06:00:00Z"


def test_what_was_tried_in_vain_did_not_leave(deliveries):
    tried = ABUSE | {"status": "deferred", "completed": LAST + pd.Timedelta(hours=9)}
    assert clean(deliveries(ABUSE, tried))["last_left"] == "2026-03-09T06:00:00Z"
    assert clean(deliveries(tried))["last_left"] is None


def test_other_mail_shows_that_the_server_was_alive(deliveries):
    later = {"received": LAST + pd.Timedelta(hours=1), "life": 2, "origin_life": 2}
    assert (
        clean(deliveries(ABUSE, ABUSE | {"verdict": "legitimate"} | later))["messages_since"] == 1
    )


def test_relay_attempts_refused_since_are_the_proof_and_have_their_lines(deliveries):
    early = {"time": LAST - pd.Timedelta(hours=1), "line": 3}
    found = clean(deliveries(ABUSE), [{"repeat": 4}, early, {"kind": "auth_failed"}])
    assert found["refused_since"] == 4
    assert [place["line"] for place in found["evidence"]] == [7, 9]


def test_notices_about_it_do_not_prolong_the_abuse(deliveries):
    notice = {"mechanism": "backscatter", "cause_life": 1, "life": 3, "origin_life": 3}
    late = notice | {"received": LAST + pd.Timedelta(hours=20)}
    assert clean(deliveries(ABUSE, ABUSE | late))["hours_clean"] == 27.5


def test_where_all_is_only_possible_that_counts():
    assert onset(pd.DataFrame([FOUND | {"verdict": "possible"}])) == LAST


def test_notices_about_other_mail_are_abuse_of_their_own(deliveries):
    hours = [pd.Timedelta(hours=number) for number in (18, 20)]
    other = {"mechanism": "backscatter", "life": 3, "origin_life": 3}
    came = ABUSE | other | {"received": LAST + hours[1]}
    notice = {"cause_life": 3, "life": 4, "origin_life": 4, "received": LAST + hours[0]}
    assert clean(deliveries(ABUSE, came, came | notice))["hours_clean"] == 9.5


def test_where_nothing_is_certain_mail_of_doubtful_relay_domains_counts_as_in_the_report(
    deliveries,
):
    doubtful = ABUSE | {"verdict": "unclear"}
    later = {"mechanism": "backup_mx", "received": LAST + pd.Timedelta(hours=10)}
    assert clean(deliveries(doubtful, doubtful | later))["hours_clean"] == 17.5


def test_without_abuse_there_is_no_end_of_it(deliveries):
    assert clean(deliveries(ABUSE | {"verdict": "legitimate", "mechanism": None})) is None


@pytest.mark.parametrize(
    ("other", "hour"),
    [
        ({"mechanism": "backscatter"}, 4),
        ({"mechanism": "backscatter", "incident": "incident-2"}, 1),
        ({"mechanism": "stolen_account"}, 1),
        ({"mechanism": "stolen_account", "verdict": "possible"}, 4),
        ({"kind": "attempt", "mechanism": None}, 4),
    ],
    ids=[
        "notices follow from a door",
        "notices about other mail are abuse",
        "another door was first",
        "what is only possible began nothing",
        "what was refused is no abuse",
    ],
)
def test_the_abuse_begins_with_the_first_finding_of_a_door(other, hour):
    first = {"first_seen": LAST - pd.Timedelta(hours=3)}
    assert onset(pd.DataFrame([FOUND, FOUND | other | first])).hour == hour
