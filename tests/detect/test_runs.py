"""The run: the stretch of a source's messages that speaks most for misuse."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analyzer.detect.runs import best_run, gone_on, in_run, trimmed


def run(*points, by=None):
    values = pd.Series(points, dtype="float64")
    names = pd.Series(list(by or "a" * len(points)))
    return best_run(values, names), names


def test_it_begins_with_the_first_point_that_adds_and_ends_with_the_last():
    found, _ = run(-1, 2, -1, 3, -5, 1)
    assert found.loc["a"].tolist() == [1, 3, 4]


def test_a_dip_that_costs_more_than_what_went_before_begins_anew():
    found, _ = run(2, -3, 4)
    assert found.loc["a", "first"] == 2


def test_sources_do_not_mix():
    found, _ = run(1, 9, 1, -9, by="abab")
    assert found["score"].to_dict() == {"a": 2, "b": 9}


def test_the_messages_of_a_run_are_those_of_its_source_between_its_ends():
    found, names = run(1, 9, 1, -9, by="abab")
    assert in_run(names, found).tolist() == [True, True, True, False]


def gone(owners, hours=None, run=(4, 5)):
    """The ends of a run after it has gone on; `owners`: 1 for a message of the owner."""
    hours = hours or range(len(owners))
    times = pd.Timestamp("2026-03-02T00:00:00Z") + pd.to_timedelta(list(hours), unit="h")
    mail = pd.DataFrame({"by": "a", "received": times})
    runs = pd.DataFrame({"first": [run[0]], "last": [run[1]], "score": [20.0]}, index=["a"])
    found = gone_on(runs, mail, pd.Series(owners).astype(bool))
    return found.loc["a", ["first", "last"]].tolist()


def test_a_run_goes_on_to_what_adds_nothing_before_and_after():
    assert gone([0, 0, 0, 0, 0, 0, 0, 0]) == [0, 7]


def test_three_messages_of_the_owner_in_a_row_end_it():
    assert gone([0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0]) == [4, 6]


def test_a_single_message_to_somebody_known_does_not():
    assert gone([0, 1, 0, 0, 0, 0, 1, 0]) == [0, 7]


def test_a_day_of_silence_ends_it():
    assert gone([0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 27, 28, 29, 30, 55]) == [3, 6]


def cut(networks, first, last):
    """The ends of a run of one source, after trimming; a letter a message: its network."""
    runs = pd.DataFrame({"first": [first], "last": [last], "score": [20.0]}, index=["a"])
    by = pd.Series("a", index=range(len(networks)))
    return trimmed(runs, by, pd.Series(list(networks))).loc["a", ["first", "last"]].tolist()


def test_a_lone_message_from_elsewhere_at_an_end_of_a_run_is_not_of_it():
    assert cut("x" + "n" * 40 + "yz", 0, 42) == [1, 40]


def test_a_lone_message_from_elsewhere_within_it_is():
    assert cut("n" * 20 + "x" + "n" * 20, 0, 40) == [0, 40]


def test_a_run_from_everywhere_keeps_its_ends():
    assert cut("abcdefghijklm", 0, 12) == [0, 12]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_no_stretch_sums_to_more(points):
    found, _ = run(*points)
    sums = np.cumsum([0, *points])
    best = max(sums[j] - sums[i] for i in range(len(sums)) for j in range(i + 1, len(sums)))
    assert found.loc["a", "score"] == best
    first, last = int(found.loc["a", "first"]), int(found.loc["a", "last"])
    assert sum(points[first : last + 1]) == best
