"""At most three questions for whoever decides, and none that the case does not raise."""

from __future__ import annotations

from analyzer.report import tell

LOGIN = {"mechanism": "stolen_account", "auth_user": "ann"}
LEGITIMATE = {"verdict": "legitimate", "mechanism": None}


def test_a_door_not_shown_shut_comes_first(case):
    first, *_ = tell(case(attempts=[]))["decisions"]
    assert first.startswith("Who may change the mail server today")


def test_a_closed_relay_leaves_the_removal_from_lists_to_be_decided(case):
    assert tell(case())["decisions"] == [
        "Who asks Spamhaus SBL for removal, and signs what was the cause and what was changed?"
    ]


ENDED = {"taken_since": 79, "taken_from": "2026-12-08T10:00:00Z", "ended": True}


def test_nobody_is_asked_for_removal_from_what_has_ended(case):
    again = {"provider": "Barracuda"}
    made = case(blocklists=[ENDED, again])
    assert "Who asks Barracuda for removal" in tell(made)["decisions"][0]
    (step,) = [step for step in tell(made)["steps"] if step["title"].startswith("Ask for removal")]
    assert [line.partition(":")[0] for line in step["lines"]] == ["Barracuda"]
    ended = tell(case(blocklists=[ENDED]))
    assert ended["decisions"] == []
    assert "removal" not in str(ended["steps"])


def test_users_are_told_what_is_lost_and_what_still_waits(case):
    figures = [
        {"name": "own_recipients_blocked", "value": 2},
        {"name": "own_recipients_waiting", "value": 9},
    ]
    told = tell(case(figures=figures))["decisions"][0]
    assert "2 own mails never arrived and 9 own mails still wait here, refused so far" in told


def test_a_stolen_login_asks_for_a_lock_and_about_the_law(case):
    asked = tell(case(deliveries=[LOGIN], findings=[LOGIN]))["decisions"]
    assert asked[0] == "Who locks ann today, and checks what else its password opens?"
    assert "72 hours" in asked[1]
    assert len(asked) <= 3


def test_of_a_login_that_is_only_possibly_stolen_the_owner_is_asked(case):
    maybe = LOGIN | {"verdict": "unclear"}
    found = LOGIN | {"verdict": "possible", "subject": "ann"}
    story = tell(case(deliveries=[maybe], findings=[found]))
    asked = " ".join(story["decisions"])
    assert "Who asks ann today whether that mail is theirs, and locks what is misused?" in asked
    assert "breach" not in asked
    assert story["steps"][0]["title"] == "Ask the owner of the login whether that mail is theirs"


def test_an_innocent_log_decides_nothing_unless_somebody_refuses_us(case):
    innocent = {"deliveries": [LEGITIMATE], "findings": [], "attempts": []}
    assert tell(case(**innocent, blocklists=[]))["decisions"] == []
    assert "asks it for the time" in tell(case(**innocent))["decisions"][0]
