"""A door is told as what the log shows it to be: a gateway is no infected host."""

from __future__ import annotations

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
