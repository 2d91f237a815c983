"""A door is told as what the log shows it to be: a gateway is no infected host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.report import tell

HOST = {"mechanism": "trusted_host", "client_ip": "10.0.0.9"}
ACCUSED = HOST | {"detector": "trusted_host", "subject": "10.0.0.9"}
MASK = {
    "detector": "mask",
    "kind": "limit",
    "mechanism": None,
    "subject": "10.0.0.9",
    "finding_id": "mask-1",
}
DOUBT = {
    "detector": "site_doubt",
    "kind": "limit",
    "mechanism": None,
    "verdict": "possible",
    "finding_id": "site_doubt-1",
    "reason": "10.0.0.0/8 covers 10.0.0.9, through which strangers' mail comes in.",
}


def answer(story, question):
    return next(a["answer"] for a in story["answers"] if a["question"] == question)


def test_a_gateway_is_told_as_one_at_the_top_and_its_origin_as_hidden(case):
    story = tell(case(deliveries=[HOST], findings=[ACCUSED, MASK]))
    assert story["title"] == "Abuse through a gateway trusted by mx1.example.org"
    assert (
        "through a gateway (1 address) that it trusts and that hides who sent" in story["lead"][0]
    )
    assert answer(story, "Which door?").startswith("A trusted gateway, which hides who sent")
    assert "10.0.0.9 is a gateway that hides the true address" in answer(story, "From where?")
    assert story["doors"]["rows"][0]["name"] == "Misused trusted gateway"
    assert story["steps"][0]["title"] == "Make the clients behind the gateway visible"


def test_a_host_is_trusted_by_the_server_and_not_inside_it(case):
    story = tell(case(deliveries=[HOST], findings=[ACCUSED]))
    assert story["title"] == "Misused host trusted by mx1.example.org"
    assert "gateway" not in answer(story, "From where?")
    assert story["steps"][1]["title"].startswith("If that address is a gateway")


def test_a_host_beside_a_gateway_is_no_gateway(case):
    other = HOST | {"client_ip": "10.0.0.8", "origin_life": 1}
    story = tell(case(deliveries=[HOST, other], findings=[ACCUSED, MASK]))
    assert story["title"].startswith("Misused host trusted by")
    assert "10.0.0.9 is a gateway that hides" in answer(story, "From where?")


@pytest.mark.parametrize("doubts", [[], [DOUBT]], ids=["believed", "doubted"])
def test_what_looks_wrong_as_stated_is_not_said_to_be_sure_as_stated(case, doubts):
    story = tell(case(deliveries=[HOST], findings=[ACCUSED, *doubts]))
    assert bool(story["doubt"]) == bool(doubts)
    assert ("part of that looks wrong" in story["certainty"][0]) == bool(doubts)


LOGIN = {"mechanism": "stolen_account", "auth_user": "ann"}
SENDMAIL = {"mta": "sendmail"}
BOB = SENDMAIL | {"auth_user": "bob", "verdict": "legitimate", "mechanism": None, "origin_life": 1}


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{}], True),
        ([SENDMAIL, BOB], True),
        ([SENDMAIL], False),
        ([SENDMAIL, BOB | {"submission": "local"}], False),
    ],
    ids=["Postfix", "a log that names one", "a log that names none", "a mailbox, not by SMTP"],
)
def test_that_nobody_logged_in_is_said_where_the_log_would_show_it(case, rows, named):
    story = tell(case(deliveries=rows))
    assert ("without a login" in str(story["lead"] + story["figures"])) is named
    assert ("no login in the log, which names none at all" in story["lead"][0]) is not named
    told = "None: no login" if named else "Not shown: this log names no login at all."
    assert answer(story, "Which account?").startswith(told)
    assert ("strangers sent to strangers" in answer(story, "Which door?")) is named


DESK = LOGIN | {"client_ip": "10.1.1.21"}


def test_a_login_misused_from_its_own_desk_is_not_said_to_be_used_by_somebody_else(case):
    story = tell(case(deliveries=[DESK], findings=[DESK | {"subject": "ann"}]))
    assert story["title"] == "Misused login on mx1.example.org"
    assert "the login ann, used by its owner or from an infected machine" in story["lead"][0]
    assert "infected or used by its owner" in answer(story, "From where?")
    assert "somebody else" not in str([story["lead"], story["answers"], story["doors"]])
    assert story["steps"][0]["title"].endswith("is theirs, and examine the machine")


@pytest.mark.parametrize("received", [True, False], ids=["received", "only sent"])
def test_refusals_that_message_tracking_never_shows_are_not_counted_as_none(case, received):
    innocent = {"mta": "exchange", "verdict": "legitimate", "mechanism": None}
    made = case(deliveries=[innocent], findings=[], attempts=[])
    story = tell(made if received else replace(made, messages=made.messages.slice(0, 0)))
    told = answer(story, "Was it tried?")
    assert told.startswith("Not shown: message tracking tells of no refusal")
    assert "not shown by message tracking" in [one["note"] for one in story["figures"]]
    shown = tell(case(deliveries=[innocent], findings=[]))
    assert answer(shown, "Was it tried?") == "1 relay attempt refused."
