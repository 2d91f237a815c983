"""When did the door open and close, as far as the answers to strangers show?"""

import pytest

from analyzer.detect.door import DOOR

RELAYED = {"mechanism": "open_relay"}


def moments(evidence, *, refused=(), relayed=("10:00",), changes=(), let_in=(), **more):
    """First and last time of the opening and of the closing, and all that is said of them."""
    found = DOOR.judge(
        evidence(
            deliveries=[
                RELAYED | {"received": time, "origin_life": n} for n, time in enumerate(relayed)
            ],
            attempts=[
                *({"time": time} for time in refused),
                *({"time": time, "kind": "accepted_no_data"} for time in let_in),
            ],
            changes=[{"time": time} for time in changes],
            **more,
        )
    )
    spans = [
        f"{a:%H:%M}-{b:%H:%M}" for a, b in zip(found["first_seen"], found["last_seen"], strict=True)
    ]
    return spans, " | ".join(found["reason"])


@pytest.mark.parametrize(
    ("what", "spans"),
    [
        ({"refused": ["09:00", "12:00"]}, ["09:00-10:00", "10:00-12:00"]),
        (
            {"refused": ["09:00", "12:00"], "changes": ["09:30", "11:00"]},
            ["09:30-09:30", "11:00-11:00"],
        ),
        (
            {"refused": ["09:00", "12:00"], "changes": ["09:20", "09:40"]},
            ["09:00-10:00", "10:00-12:00"],
        ),
        ({"refused": ["09:00", "12:00"], "let_in": ["09:10"]}, ["09:00-09:10", "10:00-12:00"]),
        ({"refused": ["12:00"]}, ["00:00-10:00", "10:00-12:00"]),
        ({"refused": ["09:00"]}, ["09:00-10:00", "10:00-10:00"]),
    ],
    ids=[
        "between two answers",
        "at the one change between two answers",
        "somewhere, where the configuration changed twice",
        "where a probe was let in before the first message",
        "before the log began",
        "at a time the log does not show",
    ],
)
def test_the_door_moved(evidence, what, spans):
    assert moments(evidence, **what)[0] == spans


def test_a_door_that_refuses_some_meanwhile_is_said_to_be_partly_open(evidence):
    told = {"refused": ["09:00", "10:30", "12:00"], "relayed": ["10:00", "11:00"]}
    assert "1 other request refused: it was not open to everybody" in moments(evidence, **told)[1]


def test_a_door_that_was_never_open_to_everybody_is_shut_when_its_own_users_are_refused(evidence):
    others = {"client_ip": "198.51.100.7"}
    refused = [{"time": "10:30"} | others, {"time": "12:00"} | others]
    relayed = [
        RELAYED | {"received": time, "origin_life": n} for n, time in enumerate(("10:00", "11:00"))
    ]
    closed = DOOR.judge(evidence(deliveries=relayed, attempts=refused)).iloc[1]
    assert "no refusal of its own users after the last relayed message" in closed["reason"]
    shut = DOOR.judge(evidence(deliveries=relayed, attempts=[*refused, {"time": "13:00"}])).iloc[1]
    assert f"{shut['last_seen']:%H:%M}" == "13:00"


def test_a_door_that_nobody_tried_afterwards_is_not_said_to_be_shut(evidence):
    assert "does not show that the door is shut" in moments(evidence, refused=["09:00"])[1]


def test_a_door_that_nobody_went_through_has_no_moments(evidence):
    assert DOOR.judge(evidence(attempts=[{}, {"kind": "accepted_no_data"}])).empty


def test_a_probe_of_another_client_does_not_prove_the_door_open(evidence):
    found = DOOR.judge(
        evidence(
            deliveries=[RELAYED],
            attempts=[
                {},
                {"time": "09:10", "kind": "accepted_no_data", "client_ip": "198.51.100.7"},
            ],
        )
    )
    assert f"{found['last_seen'].iloc[0]:%H:%M}" == "10:00"


def test_every_server_has_a_door_of_its_own(evidence):
    found = DOOR.judge(
        evidence(
            deliveries=[RELAYED],
            attempts=[{"server": "mx2"}],
            changes=[{"server": "mx2"}],
        )
    )
    assert found["subject"].tolist() == ["mx1", "mx1"]
    assert f"{found['first_seen'].iloc[0]:%H:%M}" == "00:00"
