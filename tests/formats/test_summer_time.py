"""What time was it where summer time begins or ends?

In Berlin in 2026 on 29 March and 25 October.
"""

import re

import pytest

from analyzer import formats

BERLIN = "Europe/Berlin"


def lines(*clocks, day="Oct 25", server="mx1", ids=None):
    """A line of Postfix for each time that its clock showed."""
    for number, clock in enumerate(clocks):
        name = (ids or {}).get(number, f"3F2A{number:02X}CE583")
        yield f"{day} {clock} {server} postfix/smtpd[11]: {name}: client=unknown[203.0.113.7]\n"


@pytest.fixture
def told():
    """The times in UTC, in order of the lines, and what is told to be doubtful."""

    def of(*text, zone=BERLIN):
        reading = formats.read_syslog("mail.log", 1, 0, "".join(text).encode())
        log = formats.joined("mail.log", [reading])
        tables, doubtful = formats.dated(log, formats.Year(2026, "given"), zone)
        times = tables["client"].sort_by("line")["time"].to_pylist()
        doubts = doubtful[["what", "server", "line", "lines", "seconds"]]
        return [f"{time:%H:%M:%S}" for time in times], doubts.to_dict("records")

    return of


def test_an_hour_shown_twice_is_told_apart_by_the_step_back(told):
    shown = ["01:59:00", "02:10:00", "02:50:00", "02:05:00", "02:55:00", "03:00:00"]
    times, doubts = told(*lines(*shown))
    assert times == ["23:59:00", "00:10:00", "00:50:00", "01:05:00", "01:55:00", "02:00:00"]
    assert doubts == []


def test_a_line_of_another_kind_is_of_the_time_of_the_lines_around_it(told):
    first, *rest = lines("02:50:00", "02:10:00", "02:20:00", "02:30:00")
    other = [re.sub("smtpd.*", "qmgr[12]: 3F2ACE583: removed", line) for line in rest[:1]]
    times, doubts = told(first, *other, *rest[1:])
    assert times == ["00:50:00", "01:20:00", "01:30:00"]
    assert doubts == []


def test_lines_that_come_late_at_the_change_keep_their_time(told):
    times, _ = told(*lines("02:59:58", "02:00:00", "02:59:59", "02:00:01", "02:00:02"))
    assert times == ["00:59:58", "01:00:00", "00:59:59", "01:00:01", "01:00:02"]


def test_each_server_of_a_file_has_a_change_of_its_own(told):
    one = list(lines("02:50:00", "02:00:00", "02:10:00"))
    other = list(lines("02:51:00", "02:52:00", "02:01:00", server="mx2"))
    times, doubts = told(*[line for pair in zip(one, other, strict=True) for line in pair])
    assert times == ["00:50:00", "00:51:00", "01:00:00", "00:52:00", "01:10:00", "01:01:00"]
    assert doubts == []


def test_where_no_line_tells_the_first_time_is_taken_and_said_to_be_doubtful(told):
    times, doubts = told(*lines("01:00:00", "02:10:00", "02:20:00", "03:00:00"))
    assert times == ["23:00:00", "00:10:00", "00:20:00", "02:00:00"]
    assert doubts == [{"what": "twice", "server": "mx1", "line": 2, "lines": 2, "seconds": 3600}]


def test_a_long_queue_id_tells_of_which_time_its_line_is(told):
    """The id of the second line was given at 01:20 UTC: it and the next are of the second time."""
    ids = {1: "4jBzSw1JDyz9rxc"}
    times, doubts = told(*lines("02:10:00", "02:20:00", "02:30:00", ids=ids))
    assert times == ["00:10:00", "01:20:00", "01:30:00"]
    assert doubts == [{"what": "twice", "server": "mx1", "line": 1, "lines": 1, "seconds": 3600}]


def test_an_hour_that_no_clock_of_the_zone_shows_is_said_and_goes_on_in_order(told):
    times, doubts = told(*lines("01:59:00", "02:10:00", "02:50:00", day="Mar 29"))
    assert times == ["00:59:00", "01:10:00", "01:50:00"]
    assert doubts == [{"what": "never", "server": "mx1", "line": 2, "lines": 2, "seconds": 3600}]


def test_summer_time_begins_without_a_doubt(told):
    times, doubts = told(*lines("01:59:59", "03:00:00", day="Mar 29"))
    assert (times, doubts) == (["00:59:59", "01:00:00"], [])


def test_an_earlier_disorder_or_another_year_says_nothing_of_an_hour_shown_twice(told):
    """A clock set back in July, and the hours of two years."""
    july = lines("10:00:00", "08:00:00", day="Jul  1")
    year = [*july, *lines("02:50:00", "02:10:00"), *lines("10:00:00", day="Dec 20")]
    year += lines("10:00:00", day="Jan 10")
    # in 2027 summer time ends on 31 October
    times, doubts = told(*year, *lines("02:40:00", "02:20:00", day="Oct 31"))
    assert times[2:4] == ["00:50:00", "01:10:00"]
    assert times[6:] == ["00:40:00", "01:20:00"]
    assert doubts == []


@pytest.mark.parametrize("zone", ["UTC", "UTC+02:00", "Asia/Kolkata"])
def test_a_zone_without_summer_time_shows_every_hour_once(told, zone):
    _, doubts = told(*lines("02:10:00", "02:50:00"), zone=zone)
    assert doubts == []


def test_clocks_that_are_changed_by_half_an_hour(told):
    """On Lord Howe summer time ends on 5 April 2026 at 02:00, and is half an hour."""
    shown = lines("01:29:00", "01:50:00", "01:35:00", "02:00:00", day="Apr  5")
    times, doubts = told(*shown, zone="Australia/Lord_Howe")
    assert times == ["14:29:00", "14:50:00", "15:05:00", "15:30:00"]
    assert doubts == []
