"""The terminal gets the answers, 80 columns wide, and no stranger's bytes."""

from __future__ import annotations

import json

import pytest

from analyzer.report import summary

QUESTIONS = [
    "Is it us?",
    "Is it going on?",
    "When?",
    "Which door?",
    "Which account?",
    "From where?",
    "How many?",
]


def test_the_first_seven_questions_are_answered_in_the_order_people_ask(case):
    lines = summary.as_text(case())
    asked = [line.split("  ")[0] for line in lines if line.split("  ")[0] in QUESTIONS]
    assert asked == QUESTIONS


def test_an_inferred_site_is_the_first_line(case):
    first = summary.as_text(case(site={"origin": "inferred"}))[0]
    assert first.startswith("Verdicts stay at possible: who is local was not stated")


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred\x07", "a" * 300, "\u202eright to left", "[/oops]", "お支払い" * 30]
)
def test_strangers_can_neither_colour_nor_widen_the_terminal(case, hostile):
    lines = summary.as_text(
        case(
            deliveries=[{"auth_user": hostile, "server": hostile, "mechanism": "stolen_account"}],
            blocklists=[{"provider": hostile}],
        )
    )
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (True, "the same servers took 79 mails from us since 8 Dec 10:00: it has ended there."),
        (
            False,
            "the same servers took 79 mails from us since 8 Dec 10:00, too few to say it ended.",
        ),
    ],
)
def test_mail_that_was_taken_after_the_last_refusal_is_told(case, ended, told):
    since = {"taken_since": 79, "taken_from": "2026-12-08T10:00:00Z", "ended": ended}
    text = " ".join(" ".join(summary.as_text(case(blocklists=[since]))).split())
    assert told in text


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "Spamhaus SBL: 12 recipients refused, 8 Dec 07:00 to 8 Dec 09:00 UTC."),
        (
            {"refusals": 1, "last": "2026-12-08T07:00:20Z"},
            "Spamhaus SBL: 1 recipient refused, 8 Dec 07:00 UTC.",
        ),
    ],
)
def test_who_refuses_us_is_told_with_how_many_and_when(case, entry, told):
    text = " ".join(" ".join(summary.as_text(case(blocklists=[entry]))).split())
    assert told in text


def test_a_program_gets_numbers_as_numbers(case):
    told = json.loads(json.dumps(summary.as_json(case())))
    assert told["numbers"]["messages"] == 1
    assert told["findings"][0]["first_seen"] == "2026-12-08T05:00:00Z"
    assert list(told["answers"]) == QUESTIONS


def test_recipients_accepted_of_whom_no_message_was_taken_are_told_beside_the_refused(case):
    probes = {"detector": "relay_probes", "kind": "attempt", "mechanism": None}
    refused = {"status": "rejected", "verdict": "unclear", "mechanism": None}
    let_in = {"kind": "accepted_no_data"}
    made = case(deliveries=[refused], findings=[probes], attempts=[{}, let_in])
    told = " ".join(" ".join(summary.as_text(made)).split())
    assert "1 relay attempt refused; besides, 2 recipients were accepted whose message" in told


def test_what_a_filter_threw_away_is_said_to_be_discarded(case):
    lost = {"recipient": "c@x.example", "status": "discarded"}
    told = " ".join(" ".join(summary.as_text(case(deliveries=[{}, lost]))).split())
    assert "2 recipients: 1 delivered and 1 discarded." in told


INNOCENT = {"deliveries": [{"verdict": "legitimate", "mechanism": None}], "findings": []}


@pytest.mark.parametrize("what", [{"damage": "ends early"}, {"format": "unsupported"}])
def test_evidence_that_was_not_read_is_said_beside_what_was_found_innocent(case, what):
    lines = summary.as_text(case(**INNOCENT, inputs=[{}, {"path": "old.7z"} | what]))
    told = " ".join(" ".join(lines).split())
    assert lines[0].endswith("in what was read")
    assert "But 1 file was not read, or not to the end, and may tell more: old.7z." in told


BEHIND_A_WEBMAIL = {
    "mechanism": "trusted_host",
    "client_ip": "10.0.0.9",
    "origin_sender": "ann@example.org",
    "flow": "outbound",
}


def test_the_sender_of_ours_of_nearly_all_that_a_host_sent_is_named_as_the_account(case):
    answer = summary.as_json(case(deliveries=[BEHIND_A_WEBMAIL]))["answers"]["Which account?"]
    assert "1 of 1 message came with the sender ann@example.org" in answer


def test_a_login_that_the_log_does_not_name_is_told_by_its_sender(case):
    hidden = BEHIND_A_WEBMAIL | {"mechanism": "stolen_account", "auth_user": "(not logged)"}
    answer = summary.as_json(case(deliveries=[hidden]))["answers"]["Which account?"]
    assert answer.startswith("A login that the log does not name. 1 of 1 message")


def test_a_stolen_login_from_an_address_that_nobody_else_can_have_is_behind_a_webmail(case):
    login = BEHIND_A_WEBMAIL | {"mechanism": "stolen_account", "auth_user": "ann"}
    other = login | {"origin_life": 1, "auth_user": "bob", "verdict": "legitimate"}
    answer = summary.as_json(case(deliveries=[login, other]))["answers"]["From where?"]
    assert "10.0.0.9. No stranger can have such an address: a webmail" in answer


def test_a_private_address_that_one_login_alone_uses_is_a_machine_of_ours(case):
    login = BEHIND_A_WEBMAIL | {"mechanism": "stolen_account", "auth_user": "ann"}
    answer = summary.as_json(case(deliveries=[login]))["answers"]["From where?"]
    assert "most likely it is a machine of yours, infected or used by its owner." in answer


def test_a_stolen_login_of_which_the_log_has_no_address_came_from_nowhere_that_is_known(case):
    login = {"mechanism": "stolen_account", "auth_user": "ann", "client_ip": None}
    told = summary.as_json(case(deliveries=[login]))["answers"]
    assert told["From where?"] == "The log names no address."
    assert "from an address that the log does not show" in told["Is it us?"]


@pytest.mark.parametrize("rows", [[{}], []], ids=["abuse", "none"])
def test_a_year_that_only_the_files_own_time_tells_is_told_as_a_guess_at_the_top(case, rows):
    clock = [{"path": "mail.log", "year": 2026, "year_guessed": True}]
    made = case(deliveries=rows, findings=rows, clock=clock)
    told = " ".join(" ".join(summary.as_text(made)).split())
    assert "; the year is a guess" in told
    assert "If it is another, analyse again with --year." in told
    assert "guess" not in " ".join(summary.as_text(case(deliveries=rows, findings=rows)))
