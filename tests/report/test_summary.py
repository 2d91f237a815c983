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
