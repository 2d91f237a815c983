"""Which findings are one story?"""

import pandas as pd

from analyzer.detect.incidents import incidents

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
