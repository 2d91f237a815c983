"""Is it over? The queue, pauses, and what was tried afterwards are part of the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analyzer.report import summary, tell
from analyzer.report.texts import AUDIENCES
from tests.report.conftest import START

HOUR = timedelta(hours=1)
LATE = {"origin_life": 0, "recipient": "late@other.example", "completed": START + 3 * HOUR}
WAITS = {"origin_life": 1, "status": "deferred", "completed": START + 18 * HOUR}
LOGIN = {"mechanism": "stolen_account", "auth_user": "ann"}
FAILED = {"kind": "auth_failed", "auth_user": None}


def over(made):
    return summary.as_json(made)["answers"]["Is it going on?"]


def events(made):
    return [event["text"] for event in tell(made)["timeline"]]


def test_what_was_queued_is_told_as_long_as_it_went_out(case):
    made = case(deliveries=[{}, LATE])
    told = "what was queued went out until 8 Dec 2026, 08:00 UTC (2 deliveries after the last"
    assert told in over(made)
    assert told in tell(made)["lead"][1]
    assert "The queue delivers for the last time; 2 deliveries after" in str(events(made))


def test_a_message_that_leaves_at_once_was_not_queued(case):
    assert "queued" not in over(case())


def test_what_a_next_host_did_not_take_did_not_go_out(case):
    assert "queued" not in over(case(deliveries=[{}, LATE | {"status": "bounced"}]))


@pytest.mark.parametrize("status", ["deferred", "held"])
def test_what_still_waits_is_counted_in_messages(case, status):
    made = case(deliveries=[{}, WAITS | {"status": status}, WAITS | {"status": status}])
    assert "but 1 message of it still waits in the queue" in over(made)
    assert tell(made)["numbers"]["messages_waiting"] == 1


def test_it_is_not_over_while_the_queue_sends_or_holds_more(case):
    late = LATE | {"completed": START + 18.5 * HOUR}
    assert tell(case(deliveries=[{}, late]))["closing"]["headline"].startswith("No: no new mail")
    waits = tell(case(deliveries=[{}, WAITS]))
    assert waits["closing"]["headline"] == (
        "Not yet: 1 message of it still waits in the queue, though the door is shown shut"
    )
    assert "Who deletes the 1 message of the abuse" in waits["decisions"][0]


def test_no_list_is_asked_before_the_queue_is_empty(case):
    (request,) = AUDIENCES["delisting"](case(deliveries=[{}, WAITS])).values()
    assert "[Do not send this yet: the queue may send more of it." in " ".join(request.split())


@pytest.mark.parametrize(
    ("status", "said"), [("held", "1 held"), ("removed", "1 deleted from the queue")]
)
def test_what_an_administrator_did_has_its_name(case, status, said):
    answer = summary.as_json(case(deliveries=[{}, {"status": status}]))["answers"]["How many?"]
    assert f"1 delivered and {said}." in answer


def test_held_mail_is_to_be_dealt_with_as_other_mail_that_waits(case):
    titles = [step["title"] for step in tell(case(deliveries=[{"status": "held"}]))["steps"]]
    assert "Stop what still waits in the queue" in titles


@pytest.mark.parametrize(("hours", "told"), [(30, True), (20, False)])
def test_a_pause_of_a_day_or_more_parts_two_waves(case, hours, told):
    second = {"origin_life": 1, "received": START + hours * HOUR}
    ends = {"last": "2026-12-11T00:00:00Z"}
    made = case(deliveries=[{}, second], inputs=[ends])
    said = "its longest pause is 1 day 6 h, from 8 Dec 2026, 05:00 UTC to 9 Dec 2026, 11:00 UTC"
    assert (said in tell(made)["lead"][0]) is told
    assert ("It pauses for 1 day 6 h." in events(made)) is told


@pytest.mark.parametrize(("first", "told"), [("04:30", True), ("03:30", False)])
def test_what_is_there_when_the_log_begins_may_have_begun_before(case, first, told):
    made = case(inputs=[{"first": f"2026-12-08T{first}:00Z"}])
    when = summary.as_json(made)["answers"]["When?"]
    assert ("where the log begins: it may have begun before" in when) is told


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        ({}, True),
        ({"client_ip": "192.0.2.99", "auth_user": "ann"}, True),
        ({"client_ip": "192.0.2.99"}, False),
        ({"time": START - HOUR}, False),
        ({"kind": "relay_denied"}, False),
    ],
    ids=["its address", "its name", "somebody else", "before", "another refusal"],
)
def test_logins_that_fail_after_the_last_use_are_told(case, attempt, told):
    made = case(deliveries=[LOGIN], findings=[LOGIN], attempts=[FAILED | {"repeat": 7} | attempt])
    assert ("7 later logins with its accounts or from its addresses failed" in over(made)) is told
    assert ("7 logins with its accounts" in str(tell(made)["closing"]["proofs"])) is told


def test_relaying_is_not_said_to_be_refused_again_where_it_was_never_the_door(case):
    assert "until the log ends" not in str(events(case(deliveries=[LOGIN])))


def test_relaying_is_not_refused_again_where_it_was_refused_before(case):
    before = {"time": START - HOUR}
    assert "Relaying is refused; 1 attempt until the log ends." in events(
        case(attempts=[before, {}])
    )


def test_attempts_refused_before_the_last_of_all_messages_are_not_called_later(case):
    more = {"mechanism": "backup_mx", "origin_queue_id": "4C1", "origin_life": 1}
    made = case(deliveries=[{}, more | {"received": START + 9 * HOUR}])
    assert "later relay attempt" not in over(made)
    assert "from 8 Dec 2026, 10:00 UTC on 1 relay attempt was refused" in over(made)
