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


def test_of_some_rows_the_first_of_each_number_is_a_head_however_few_are_looked_at(at_once):
    numbers, which = np.array([3, 0, 3, 3, 1, 0]), np.array([0, 1, 1, 1, 0, 1], np.bool_)
    assert rows.heads(numbers, which).tolist() == [False, True, True, False, False, False]
    assert rows.heads(numbers).tolist() == [True, True, False, False, True, False]


def test_a_number_below_zero_is_none_and_among_no_others():
    asked, others = pd.Series([4, -1, 2, 9]), pd.Series([2, -1, 4])
    assert rows.among(asked, others).tolist() == [True, False, True, False]
    assert rows.among(asked, others[:0]).tolist() == [False] * 4


def test_texts_of_some_rows_are_numbered_in_their_order(at_once):
    which = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 1], np.bool_)
    number, names = rows.numbered(TEXTS, which)
    assert names.tolist() == ["", "a@x", "b@x", "c@yy"]
    assert number.tolist() == [2, 0, 1, -1, -1, 1, 0, 3, -1, 2]
    number, names = rows.numbered(TEXTS, ~which & which)
    assert (set(number.tolist()), names.tolist()) == ({-1}, [])


def test_different_texts_of_each_group_are_counted_once_and_null_is_none(at_once):
    group = np.array([0, 0, 0, 0, 0, 2, 2, 2, 2, -1], np.int32)
    assert rows.different(group, 3, TEXTS).tolist() == [4, 0, 3]
    assert rows.different(group, 3, TEXTS, rows.domain).tolist() == [2, 0, 3]


def test_rows_are_picked_as_often_as_they_are_asked_for():
    frame = pd.DataFrame({"line": [1, 2, 3, 4]})
    assert rows.picked(frame, np.array([3, 1, 3], np.int32))["line"].tolist() == [4, 2, 4]


def test_rows_of_one_number_are_of_one_part_and_every_row_is_of_one(at_once):
    numbers = pd.Series(np.append(np.arange(300).repeat(2), [7, 0, 299]))
    found = np.zeros(len(numbers), np.int64)
    at = rows.borders(numbers)
    for part, (where, mine) in enumerate(rows.parted(numbers, at)):
        found[where][mine] += part + 1
    assert (found > 0).all()
    assert pd.Series(found).groupby(numbers).nunique().eq(1).all()
    assert len(np.unique(found)) == len(at) + 1 > 1
