"""Rows of a large table: the same answer, however few of them lie in memory together."""

import numpy as np
import pandas as pd
import pytest

from analyzer import rows

TEXTS = pd.Series(["b@x", "", "a@x", None, "B@X", "a@x", "", "c@yy", None, "b@x"], dtype="str")


@pytest.fixture(params=[1, 3, 100])
def at_once(request, monkeypatch):
    monkeypatch.setattr(rows, "AT_ONCE", request.param)


def test_repeated_texts_are_found_a_part_at_a_time(at_once):
    assert rows.repeated(TEXTS).tolist() == TEXTS.duplicated(keep=False).tolist()


def test_texts_that_differ_in_capital_letters_only_are_of_one_part(at_once):
    part = rows.spread(TEXTS, 4)
    assert part[0] == part[4] == part[9]
    assert part[1] == part[6]


def test_the_first_row_of_each_number_is_a_head():
    numbers = np.array([3, 0, 3, 3, 1, 0])
    assert rows.first_of(numbers).tolist() == [0, 1, 0, 0, 4, 1]
    assert rows.heads(numbers).tolist() == [True, True, False, False, True, False]
    assert rows.heads(numbers[:0]).tolist() == []


def test_rows_in_order_have_what_is_unknown_last_and_are_picked_in_that_order():
    time = pd.to_datetime(["2026-01-02", None, "2026-01-01", "2026-01-02"], utc=True).as_unit("us")
    frame = pd.DataFrame({"time": time, "source": ["b", "a", "c", "a"], "line": [1, 2, 3, 4]})
    order = rows.in_order(frame, ["time", "source", "line"], pd.Series(True, frame.index))
    assert order.tolist() == [2, 3, 0, 1]
    assert rows.picked(frame, order)["line"].tolist() == [3, 4, 1, 2]
    assert rows.picked(frame, order[[0, 2]])["line"].tolist() == [3, 1]
