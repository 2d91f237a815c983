"""Which year is it in a log whose stamps name none, and which moment is a stamp then?"""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
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


def log(name, *stamps):
    lines = "".join(f"{stamp} mx1 postfix/qmgr[11]: 3F2A12CE583: removed\n" for stamp in stamps)
    return formats.joined(name, [formats.read_syslog(name, 1, 0, lines.encode())])


def years(given=None, /, written=None, **stamps):
    """Of files, `_` for a dot, with a line at each of their stamps, by name."""
    logs = [log(name.replace("_", "."), *lines) for name, lines in stamps.items()]
    at = micros(datetime.fromisoformat(written)) if written else None
    modified = {log.name: at for log in logs} if written else {}
    return {name: told.year for name, told in formats.years(logs, given, modified).items()}


LAST = ["Dec 31 21:08:59", "Dec 31 23:59:56"]
OVER = ["Dec 31 21:08:59", "Jan  1 00:07:34"]
FIRST = ["Jan  1 00:07:34", "Jan  1 14:54:33"]
MONTHS = "Nov Dec Jan Feb Mar Apr May Jun Jul Aug Sep Oct".split()


@pytest.mark.parametrize("older", [LAST, OVER])
def test_the_given_year_is_that_of_the_oldest_part_of_a_rotated_log(older):
    assert years(2025, mail_log=FIRST, mail_log_1=older) == {"mail.log": 2026, "mail.log.1": 2025}


@pytest.mark.parametrize(
    ("older", "newer", "year"),
    [
        (["Jan  2 10:00:00", "Jul  1 10:00:00", "Dec 30 10:00:00"], ["Jan  5 10:00:00"], 2026),
        (["Jan  5 10:00:00"], ["Oct  5 10:00:00"], 2025),
        (OVER, ["Dec 31 23:59:59", "Jan  1 00:10:00"], 2025),
        (["Dec 10 10:00:00", "Dec 20 10:00:00"], ["Dec 10 10:00:00", "Dec 30 10:00:00"], 2025),
    ],
    ids=["a part of a year", "parts between are absent", "lines of both", "a copy made earlier"],
)
def test_a_part_follows_the_older_one_where(older, newer, year):
    assert years(2025, mail_log=newer, mail_log_1=older)["mail.log"] == year


def test_each_part_follows_the_one_before_it():
    parts = {f"mail_log_{12 - n}": [f"{month} 10 10:00:00"] for n, month in enumerate(MONTHS)}
    assert list(years(2025, **parts).values()) == [2025] * 2 + [2026] * 10


def test_logs_that_are_no_parts_of_one_have_the_given_year_each():
    assert set(years(2025, mx1_log=LAST, mx2_log=FIRST).values()) == {2025}


@pytest.mark.parametrize(
    ("stamps", "written", "year"),
    [
        (["Nov 28 10:00:00"], "2026-11-29 17:00", 2026),
        (["Dec  8 10:07:39", "Dec  9 03:53:13"], "2026-11-29 17:00", 2025),
        (["Nov 30 07:00:00"], "2026-11-29 17:00", 2026),
        (["Jan  1 05:00:00"], "2025-12-31 20:00", 2026),
        (OVER, "2026-11-29 17:00", 2025),
        (OVER, "2026-01-01 00:08", 2025),
        (FIRST[::-1] + LAST[::-1], "2026-11-29 17:00", 2026),
        (["Dec  7 10:00:00"], "1970-01-01 00:00", 1970),
        (["Feb 28 23:00:00", "Feb 29 10:00:00", "Mar  1 10:00:00"], "2026-11-29 17:00", 2024),
        (["Dec 28 23:00:00", "Feb 29 10:00:00", "Mar  1 10:00:00"], "2026-11-29 17:00", 2023),
        (["Feb 29 10:00:00"], "2026-11-29 17:00", 2024),
        (["Feb 29 10:00:00"], "2028-02-28 17:00", 2028),
        (["Feb 29 10:00:00"], "2028-02-27 17:00", 2024),
    ],
)
def test_no_line_is_later_than_its_file_and_each_day_exists(stamps, written, year):
    assert years(written=written, mail_log=stamps) == {"mail.log": year}


def test_parts_that_were_copied_at_one_time_are_of_two_years():
    told = years(written="2026-11-29 17:00", mail_log=FIRST, mail_log_1=LAST)
    assert told == {"mail.log": 2026, "mail.log.1": 2025}


@pytest.mark.parametrize("modified", [-(2**90), 2**90])
def test_a_file_of_a_time_that_none_holds_stops_nothing(modified):
    assert formats.years([log("mail.log", *LAST)], None, {"mail.log": modified})
