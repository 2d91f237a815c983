"""Which moment is a stamp without a year, when its year is known?"""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.clock import LEAP_YEAR, shown
from analyzer.formats.stamps import MISSING

SECOND = 1_000_000
BEGIN = datetime(1970, 1, 1)  # noqa: DTZ001 - a clock without a zone
IN_LEAP_YEAR = st.datetimes(datetime(LEAP_YEAR, 1, 1), datetime(LEAP_YEAR, 12, 31, 23, 59, 59))  # noqa: DTZ001


def micros(moment):
    return (moment - BEGIN) // timedelta(microseconds=1)


def moment(stamp, year):
    """Of one stamp; None where there is no such day."""
    (told,) = shown(np.array([stamp]), np.array([False]), np.array([year]))
    return None if told == MISSING else BEGIN + timedelta(microseconds=int(told))


@given(IN_LEAP_YEAR, st.integers(1970, 2261))
def test_a_stamp_is_of_its_day_in_the_year(stamp, year):
    try:
        expected = stamp.replace(year=year)
    except ValueError:  # 29 February
        expected = None
    assert moment(micros(stamp), year) == expected


@given(st.lists(st.tuples(IN_LEAP_YEAR, st.integers(1990, 2030), st.booleans()), max_size=9))
def test_stamps_of_several_years_are_told_as_one_by_one(stamps):
    told = np.array([micros(stamp) for stamp, _, _ in stamps], np.int64)
    with_year = np.array([has for _, _, has in stamps], np.bool_)
    years = np.array([year for _, year, _ in stamps], np.int64)
    one_by_one = [
        shown(told[n : n + 1], with_year[n : n + 1], years[n : n + 1]) for n in range(len(stamps))
    ]
    assert shown(told, with_year, years).tolist() == [one for (one,) in one_by_one]


def test_a_leap_second_at_the_end_of_the_year_is_the_first_of_the_next():
    last = micros(datetime(LEAP_YEAR, 12, 31, 23, 59, 59))  # noqa: DTZ001
    assert moment(last + SECOND, 2016) == datetime(2017, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize("year", [-5_000, 1969, 2262, 40_000])
def test_a_year_that_no_time_holds_gives_none(year):
    assert moment(micros(datetime(LEAP_YEAR, 6, 1)), year) is None  # noqa: DTZ001
