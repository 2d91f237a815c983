"""When do two cases prove that it is over, and when do they not?"""

from datetime import timedelta

import pytest

from analyzer.report.comparison import LIKELY, NOT_OVER, NOT_SHOWN, OVER, as_text, compare
from tests.report.conftest import INNOCENT, INPUT, START

WEEK = timedelta(days=7)


def hours(count, begin=START + WEEK, **more):
    """One innocent message in each hour."""
    return [
        INNOCENT | {"origin_life": n, "received": begin + timedelta(hours=n)} | more
        for n in range(count)
    ]


@pytest.fixture
def compared(case):
    """BEFORE is the plain case; AFTER is a week later, with these rows."""

    def of(deliveries, attempts=({"time": START + WEEK},), **more):
        later = {"first": "2026-12-14T00:00:00Z", "last": "2026-12-20T00:00:00Z"}
        after = case(deliveries=deliveries, findings=(), attempts=attempts, inputs=[later], **more)
        return compare(case(), after)

    return of


def test_a_day_of_clean_hours_and_a_refused_stranger_prove_the_end(compared):
    told = compared(hours(24))
    assert told["verdict"] == OVER
    assert (told["refused"]["attempts"], told["refused"]["known"]) == (1, 1)


def test_clean_hours_alone_make_it_likely(compared):
    assert compared(hours(24), attempts=())["verdict"] == LIKELY


def test_a_failed_login_is_no_attempt_at_an_open_relay(compared):
    assert compared(hours(24), attempts=[{"kind": "auth_failed"}])["verdict"] == LIKELY


@pytest.mark.parametrize("count", [0, 23])
def test_too_few_hours_with_mail_show_nothing(compared, count):
    assert compared(hours(count))["verdict"] == NOT_SHOWN


def test_many_messages_in_one_hour_are_one_clean_hour(compared):
    rows = [row | {"received": START + WEEK} for row in hours(24)]
    assert compared(rows)["after"]["clean_hours"] == 1


def test_one_abusive_message_means_that_it_goes_on(compared):
    told = compared([*hours(48), {"origin_life": 99, "received": START + WEEK}])
    assert told["verdict"] == NOT_OVER
    assert told["after"]["clean_hours"] == 47


def test_a_notice_about_earlier_mail_is_no_new_abuse(compared):
    notice = {"origin_life": 99, "mechanism": "backscatter", "received": START + WEEK}
    told = compared([*hours(24), notice])
    assert (told["verdict"], told["after"]["notices"]) == (OVER, 1)


def test_a_notice_is_abuse_where_the_incident_was_notices(case):
    notices = [{"mechanism": "backscatter"}]
    assert compare(case(deliveries=notices), case(deliveries=notices))["verdict"] == NOT_OVER


def test_the_time_that_was_asked_about_bounds_a_case(case):
    first_day = {"options": {"since": None, "until": "2026-12-08"}}
    second_day = {"options": {"since": "2026-12-09", "until": None}}
    told = compare(case(**first_day), case(deliveries=(), **second_day))
    assert not any("overlap" in doubt for doubt in told["doubts"])
    assert told["before"]["last"] == "2026-12-09T00:00:00Z"


def test_what_is_unclear_leaves_it_open(compared):
    rows = [*hours(48), {"origin_life": 99, "verdict": "unclear", "received": START + WEEK}]
    assert compared(rows)["verdict"] == NOT_SHOWN


def test_the_same_hour_of_the_week_is_looked_at(compared):
    there = compared(hours(24))["same"]
    assert (there["slots"], there["seen"], there["abusive"]) == (1, 1, 0)
    another_day = compared(hours(20, START + WEEK + timedelta(hours=2)))["same"]
    assert (another_day["slots"], another_day["seen"]) == (1, 0)


def test_an_hour_of_the_week_is_by_the_clock_of_the_site(compared):
    """05:00 UTC is 06:00 in Berlin in December, and 07:00 in June."""
    june = START + timedelta(weeks=26)
    site = {"origin": "given", "timezone": "Europe/Berlin"}
    told = compared(hours(1, june - timedelta(hours=1)), site=site)
    assert told["same"]["seen"] == 1


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"site": {"origin": "given", "domains": ["other.example"]}}, "different settings"),
        ({"site": {"origin": "inferred"}}, "inferred"),
    ],
)
def test_a_doubt_is_told(compared, more, word):
    assert any(word in doubt for doubt in compared(hours(24), **more)["doubts"])


def test_cases_that_overlap_are_told_of(case):
    assert any("overlap" in doubt for doubt in compare(case(), case())["doubts"])


def test_a_server_that_is_missing_afterwards_is_named(compared):
    rows = hours(24, server="mx2.example.org")
    assert any("mx1.example.org" in doubt for doubt in compared(rows)["doubts"])


def test_a_list_that_still_refuses_is_told_with_its_time(compared):
    assert "Spamhaus SBL" in compared(hours(24))["blocklists"]["after"]


def test_no_line_is_too_wide(compared):
    assert max(map(len, as_text(compared(hours(24))))) <= 80
    assert INPUT["first"] in "\n".join(as_text(compared(hours(24))))


def test_without_abuse_in_the_first_case_nothing_can_be_over(case):
    later = {"first": "2026-12-14T00:00:00Z", "last": "2026-12-20T00:00:00Z"}
    before = case(deliveries=hours(24, begin=START), findings=(), attempts=())
    after = case(deliveries=hours(24), findings=(), attempts=(), inputs=[later])
    assert compare(before, after)["verdict"] == NOT_SHOWN


def test_the_log_of_another_server_shows_nothing(compared):
    assert compared(hours(24, server="mx2.example.org"))["verdict"] == NOT_SHOWN
