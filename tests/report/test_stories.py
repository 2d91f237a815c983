"""Is it one story or several?"""

import pandas as pd
import pytest

from analyzer.report.stories import guessed, separate, shared, stories


def findings(*rows):
    plain = {
        "kind": "abuse",
        "detector": "stolen_account",
        "mechanism": "stolen_account",
        "verdict": "confirmed",
        "subject": "ann",
        "messages": 10,
        "first_seen": pd.Timestamp("2026-03-02T10:00:00Z"),
        "last_seen": pd.Timestamp("2026-03-02T12:00:00Z"),
        "incident": "incident-1",
    }
    return pd.DataFrame([plain | row for row in rows], columns=list(plain))


def test_one_incident_needs_no_word():
    assert separate(stories(findings({}, {"subject": "bob"}))) == ""


def test_several_are_told_apart_with_their_door_subject_and_number():
    relayed = {"mechanism": "open_relay", "subject": "203.0.113.7", "incident": "incident-2"}
    told = separate(stories(findings({}, relayed)))
    assert told.startswith("No: 2 incidents that share no address, login or open door.")
    assert "misuse of the login ann (10 messages)" in told
    assert "mail relayed for 203.0.113.7 (10 messages)" in told


def test_a_user_is_told_by_his_user_id():
    script = {"mechanism": "local_injection", "subject": "1043", "incident": "incident-2"}
    told = separate(stories(findings({}, script)))
    assert "a script or user on the server sent, as uid 1043 (10 messages)" in told


def test_what_is_only_possible_is_not_told_as_a_fact():
    bob = {"subject": "bob", "incident": "incident-2", "verdict": "possible"}
    told = separate(stories(findings({}, bob)))
    assert "perhaps misuse of the login bob" in told
    assert told.count("perhaps") == 1


LOGIN = {"mechanism": "stolen_account", "client_ip": "203.0.113.7"}


@pytest.mark.parametrize(
    ("bob", "addresses"), [({}, 1), ({"client_ip": "203.0.113.8"}, 0)], ids=["the same", "another"]
)
def test_addresses_that_two_incidents_share_are_counted(bob, addresses):
    found = findings({}, {"subject": "bob", "incident": "incident-2"})
    rows = [LOGIN | {"auth_user": "ann"}, LOGIN | {"auth_user": "bob"} | bob]
    assert shared(found, pd.DataFrame(rows)) == addresses


def test_incidents_that_share_addresses_are_not_said_to_share_none():
    told = separate(stories(findings({}, {"subject": "bob", "incident": "incident-2"})), 5)
    assert told.startswith("2 incidents, but 5 addresses have a part in more than one of them.")


def test_the_tenth_incident_comes_after_the_second():
    names = [
        story["name"]
        for story in stories(findings({"incident": "incident-10"}, {"incident": "incident-2"}))
    ]
    assert names == ["Incident 2", "Incident 10"]


def test_what_belongs_to_no_incident_is_no_story():
    assert stories(findings({"incident": None})) == []


def test_a_login_that_imitates_a_terminal_is_shown_harmless():
    (story,) = stories(findings({"subject": "\x1b[2Jann"}))
    assert "\x1b" not in story["text"]


def test_guessing_is_told_where_it_led_to_abuse():
    guess = {"kind": "attempt", "detector": "guessing", "subject": "198.51.100.7"}
    rows = findings(guess, guess | {"incident": None, "subject": "198.51.100.8"})
    assert [text for _, text in guessed(rows)] == ["Passwords are guessed from 198.51.100.7."]


def test_notices_about_mail_that_is_no_abuse_are_an_incident_and_leave_no_hole_in_the_numbers():
    notices = {"mechanism": "backscatter", "subject": "mx1", "incident": "incident-1"}
    named = [s["name"] for s in stories(findings(notices, {"incident": "incident-2"}))]
    assert named == ["Incident 1", "Incident 2"]


@pytest.mark.parametrize("hours", [-3, 3])
def test_notices_neither_begin_nor_prolong_what_they_are_about(hours):
    (plain,) = stories(findings({}))
    moved = {name: plain[name] + pd.Timedelta(hours=hours) for name in ("first", "last")}
    notices = {"first_seen": moved["first"], "last_seen": moved["last"]}
    (story,) = stories(findings({}, notices | {"mechanism": "backscatter", "subject": "mx1"}))
    assert (story["first"], story["last"]) == (plain["first"], plain["last"])


def test_notices_are_told_after_the_door_that_caused_them():
    notices = {"mechanism": "backscatter", "subject": "mx1"}
    (story,) = stories(findings(notices, {}))
    assert story["text"].startswith("misuse of the login ann")
