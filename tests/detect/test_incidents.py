"""Which findings are one story?"""

import pandas as pd
import pytest

from analyzer.detect import judge
from analyzer.detect.incidents import incidents
from tests.detect.login_mail import HOST, PLAIN, USER, judged, later, letters, seen

DAYS = pd.Timestamp("2026-03-02T00:00:00Z") + pd.to_timedelta(range(60), unit="D")


def told(*findings):
    """The incidents of findings, each (kind, first day, last day, keys)."""
    rows = [
        {"kind": kind, "first_seen": DAYS[first], "last_seen": DAYS[last], "keys": list(keys)}
        for kind, first, last, keys in findings
    ]
    return incidents(pd.DataFrame(rows)).fillna("").tolist()


def test_probe_flood_and_notices_are_one():
    assert (
        told(
            ("attempt", 1, 1, ["ip:a"]),
            ("abuse", 3, 4, ["ip:a", "door"]),
            ("abuse", 4, 5, ["ip:b", "door"]),
            ("abuse", 4, 7, ["door"]),
            ("attempt", 6, 6, ["ip:b"]),
        )
        == ["incident-1"] * 5
    )


def test_two_logins_without_anything_in_common_are_two_in_order_of_time():
    assert told(("abuse", 9, 9, ["account:ann"]), ("abuse", 3, 3, ["account:bob"])) == [
        "incident-2",
        "incident-1",
    ]


def test_logins_used_from_one_address_are_one():
    ann, bob = ["account:ann", "ip:a"], ["account:bob", "ip:a"]
    assert told(("abuse", 3, 3, ann), ("abuse", 4, 4, bob)) == ["incident-1"] * 2


def test_the_same_door_weeks_later_is_another():
    assert told(("abuse", 1, 2, ["door"]), ("abuse", 20, 21, ["door"])) == [
        "incident-1",
        "incident-2",
    ]


def test_a_long_run_keeps_what_falls_into_it():
    assert (
        told(("abuse", 1, 30, ["door"]), ("context", 2, 2, ["door"]), ("abuse", 20, 21, ["door"]))
        == ["incident-1"] * 3
    )


def test_what_belongs_to_no_abuse_has_none():
    assert told(("attempt", 1, 1, ["ip:a"]), ("abuse", 1, 1, ["ip:b"])) == ["", "incident-1"]


def test_a_finding_without_keys_or_time_stands_alone():
    rows = pd.DataFrame(
        {
            "kind": ["limit", "abuse"],
            "first_seen": [pd.NaT, DAYS[0]],
            "last_seen": [pd.NaT, DAYS[1]],
            "keys": [None, ["door"]],
        }
    )
    assert incidents(rows).fillna("").tolist() == ["", "incident-1"]


FORGED = {"origin_sender": lambda n: f"bank{n}@bank.example", "sender_side": "outside"}


def incidents_of(*rows):
    """Of what was found: which incidents there are."""
    found = judged([row for part in rows for row in part])[1]
    return set(found.loc[found["kind"].eq("abuse"), "incident"])


@pytest.mark.parametrize(
    ("other", "days", "number"),
    [("10.0.0.77", 0, 1), ("10.9.9.77", 0, 2), ("10.0.0.77", 9, 2)],
    ids=["in one network", "in two", "in one, a week apart"],
)
def test_hosts_of_ours_that_are_misused_at_once_are_one_story(other, days, number):
    flood = letters(40, **HOST, **FORGED)
    assert (
        len(
            incidents_of(
                flood, later(letters(40, **HOST | FORGED | {"client_ip": other}), days=days)
            )
        )
        == number
    )


@pytest.mark.parametrize(
    "source", [USER, HOST, USER | {"uid": pd.NA}], ids=["a user", "a host", "the server"]
)
def test_notices_about_what_it_sent_belong_to_the_story_of(source):
    rows = [PLAIN | row for row in letters(40, **source, **FORGED)]
    about = {"recipient": "bank1@bank.example", "original_recipient": "bank1@bank.example"}
    notice = {"submission": "internal", "client_ip": None, "auth_user": None, "uid": pd.NA}
    notice |= {"life": 99, "origin_life": 99, "cause_life": 1, "cause_leg": 1}
    rows.append(rows[-1] | about | notice | {"origin_sender": ""})
    found = judge(seen(rows)).findings.to_pandas()
    mine = found[found["kind"].eq("abuse")]
    assert set(mine["mechanism"]) > {"backscatter"}
    assert mine["incident"].nunique() == 1


def test_those_that_begin_in_one_second_are_numbered_as_they_are_found():
    many = [("abuse", 3, 3, [f"account:{n}"]) for n in range(40)]
    assert told(*many) == [f"incident-{n}" for n in range(1, 41)]
