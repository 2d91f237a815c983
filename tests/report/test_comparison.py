"""When do two cases prove that it is over, and when do they not?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.report.comparison import compare
from analyzer.report.comparison_text import as_text
from analyzer.report.end_shown import LIKELY, NOT_OVER, NOT_SHOWN, OVER
from tests.report.conftest import INNOCENT, INPUT, START

WEEK = timedelta(days=7)
MX2 = {"server": "mx2.example.org"}
LATER = {
    "first": "2026-12-14T00:00:00Z",
    "last": "2026-12-20T00:00:00Z",
    "sha256": "cd" * 32,
    "unread": 0,
}


def hours(count, begin=START + WEEK, **more):
    """One innocent message in each hour."""
    return [
        INNOCENT | {"origin_life": n, "received": begin + timedelta(hours=n)} | more
        for n in range(count)
    ]


@pytest.fixture
def compared(case):
    """BEFORE is the plain case; AFTER is a week later, with these rows."""

    def of(deliveries, attempts=({"time": START + WEEK},), before=None, **more):
        given = {"findings": (), "attempts": attempts, "inputs": [LATER]} | more
        return compare(case(**(before or {})), case(deliveries=deliveries, **given))

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


@pytest.mark.parametrize("verdict", ["abusive", "unclear"])
def test_abuse_at_no_known_time_leaves_it_open(compared, verdict):
    never = {"origin_life": 99, "received": None, "completed": None, "verdict": verdict}
    told = compared([*hours(48), never])
    assert told["verdict"] == NOT_SHOWN
    assert "no time" in told["reason"]


def test_a_notice_about_earlier_mail_is_no_new_abuse(compared):
    notice = {"origin_life": 99, "mechanism": "backscatter", "received": START + WEEK}
    told = compared([*hours(24), notice])
    assert (told["verdict"], told["after"]["notices"]) == (OVER, 1)


def test_a_notice_is_abuse_where_the_incident_was_notices(case):
    again = case(
        deliveries=[{"mechanism": "backscatter", "received": START + WEEK}], inputs=[LATER]
    )
    assert compare(case(deliveries=[{"mechanism": "backscatter"}]), again)["verdict"] == NOT_OVER


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
    before = case(deliveries=hours(24, begin=START), findings=(), attempts=())
    after = case(deliveries=hours(24), findings=(), attempts=(), inputs=[LATER])
    assert compare(before, after)["verdict"] == NOT_SHOWN


def test_the_log_of_another_server_shows_nothing(compared):
    assert compared(hours(24, server="mx2.example.org"))["verdict"] == NOT_SHOWN


AGAIN = {"origin_life": 99, "received": START + WEEK}


OTHERS = {"site": {"origin": "given", "domains": ["other.example"]}}


@pytest.mark.parametrize(
    ("server", "more", "reason"),
    [
        ({"server": "hub"}, {}, "the first case is of mx1.example.org, the second of hub"),
        ({}, OTHERS, "no domain of the first"),
    ],
    ids=["its server is another", "its domains are others"],
)
def test_abuse_at_somebody_elses_server_says_nothing_of_ours(compared, server, more, reason):
    told = compared([*hours(48, **server), AGAIN | server], **more)
    assert told["verdict"] == NOT_SHOWN
    assert told["reason"].startswith(reason)


def test_abuse_that_moved_to_another_server_of_ours_goes_on(compared):
    both = {"deliveries": [{}, INNOCENT | MX2 | {"origin_life": 7}]}
    assert compared([AGAIN | MX2], before=both)["verdict"] == NOT_OVER


TRIED = {"time": START + WEEK}
STRANGERS = [TRIED | {"client_ip": f"192.0.2.{n}"} for n in (1, 2)]


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ([], "Nobody was refused at that door later."),
        ([TRIED], "1 attempt at that door refused later, from 1 address, a source of the incident"),
        (STRANGERS[:1], "from 1 address, no source of the incident;"),
        (STRANGERS, "2 attempts at that door refused later, from 2 addresses, none of them a"),
        ([TRIED, *STRANGERS], "from 3 addresses, 1 of them a source of the incident;"),
        ([TRIED] * 2, "2 attempts at that door refused later, from 1 address, a source of"),
        ([TRIED | {"client_ip": None}], "from addresses that no line names;"),
    ],
)
def test_who_tried_again_is_told_in_words_that_fit_the_count(compared, attempts, words):
    told = " ".join(as_text(compared(hours(24), attempts=attempts)))
    assert words in told


@pytest.mark.parametrize(
    ("ran", "seen", "words"),
    [
        (1, 0, "The abuse ran in 1 hour of the week. The second case has no mail in it."),
        (1, 1, "The abuse ran in 1 hour of the week. The second case has mail in it, and no abuse"),
        (2, 0, "The abuse ran in 2 hours of the week. The second case has no mail in any of them."),
        (2, 1, "The second case has mail in 1 of them, and abuse in none."),
    ],
)
def test_the_hours_of_the_week_are_told_in_words_that_fit_the_count(compared, ran, seen, words):
    relayed = [{"origin_life": n, "received": START + timedelta(hours=n)} for n in range(ran)]
    begin = START + WEEK + timedelta(hours=0 if seen else 5)
    told = compared(hours(max(seen, 1), begin), before={"deliveries": relayed})
    assert words in " ".join(as_text(told))


# It is over only where nothing is missing


def test_the_same_case_twice_shows_nothing(case):
    told = compare(case(), case())
    assert (told["verdict"], "the same case" in told["reason"]) == (NOT_SHOWN, True)


def test_two_cases_in_the_wrong_order_show_nothing_and_are_told_so(case):
    clean = case(deliveries=hours(48), findings=(), inputs=[LATER])
    told = compare(clean, case())
    assert (told["verdict"], "wrong order" in told["reason"]) == (NOT_SHOWN, True)
    earlier = LATER | {"first": "2026-12-01T00:00:00Z", "last": "2026-12-07T00:00:00Z"}
    told = compare(case(), case(deliveries=hours(48, START - WEEK), inputs=[earlier]))
    assert (told["verdict"], "wrong order" in told["reason"]) == (NOT_SHOWN, True)


def test_abuse_that_both_cases_hold_is_not_taken_for_new(compared):
    told = compared([{"origin_life": 99}, *hours(24)])
    assert (told["verdict"], told["after"]["abusive"]) == (OVER, 0)


def test_clean_hours_before_the_last_abuse_do_not_count(compared):
    assert compared([*hours(30, START - timedelta(hours=31)), *hours(10)])["verdict"] == NOT_SHOWN


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"unread": 2}, "2 lines of it could not be read"),
        ({"damage": "ends in the middle"}, "could not be read to its end"),
    ],
    ids=["unread lines", "a torn file"],
)
def test_lines_that_nobody_read_may_hide_a_message(compared, change, told):
    result = compared(hours(48), inputs=[LATER | change])
    assert result["verdict"] == LIKELY
    assert told in result["reason"]


def test_a_log_much_of_which_is_unread_shows_nothing(compared):
    assert compared(hours(48), inputs=[LATER | {"unread": 50}])["verdict"] == NOT_SHOWN


def test_an_hour_of_the_week_in_which_it_ran_has_to_come_again(compared):
    told = compared(hours(30, START + WEEK + timedelta(hours=2)))
    assert told["verdict"] == LIKELY
    assert "no hour of the week in which the abuse ran is seen" in told["reason"]


def test_other_settings_of_who_is_local_may_hide_what_the_first_case_found(compared):
    site = {"origin": "given", "domains": ["example.org"], "networks": ["0.0.0.0/0"]}
    assert compared(hours(48), site=site)["verdict"] == LIKELY


def test_each_server_that_was_abused_has_to_be_seen_long_enough(compared):
    other = MX2 | {"origin_life": 7}
    both = [*hours(48), *(row | {"origin_life": 100 + n} for n, row in enumerate(hours(3, **MX2)))]
    told = compared(both, before={"deliveries": [{}, other]})
    assert (told["verdict"], told["after"]["clean_hours"]) == (NOT_SHOWN, 3)
    assert "mx2.example.org" in compared(hours(48), before={"deliveries": [other]})["reason"]


MEANWHILE = {"deliveries": [{}, {"origin_life": 1, "received": START + timedelta(hours=6)}]}


def test_where_others_were_refused_meanwhile_only_its_own_users_show_that_it_is_shut(compared):
    """The plain case refuses somebody five hours after the first message."""
    stranger = [{"time": START + WEEK, "client_ip": "203.0.113.99"}]
    assert compared(hours(24), attempts=stranger)["verdict"] == OVER
    assert compared(hours(24), attempts=stranger, before=MEANWHILE)["verdict"] == LIKELY
    assert compared(hours(24), before=MEANWHILE)["verdict"] == OVER


def test_a_refusal_at_another_server_shows_nothing_of_the_one_that_was_abused(compared):
    both = {"deliveries": [{}, MX2 | {"origin_life": 7}]}
    rows = [*hours(48), *(row | {"origin_life": 100 + n} for n, row in enumerate(hours(48, **MX2)))]
    at = {"time": START + WEEK}
    assert compared(rows, attempts=[at | MX2])["verdict"] == LIKELY
    assert compared(rows, attempts=[at | MX2], before=both)["verdict"] == LIKELY
    assert compared(rows, attempts=[at, at | MX2], before=both)["verdict"] == OVER
    assert compared(rows, attempts=[at], before=both)["refused"]["unproven"] == ["open_relay"]


def test_the_door_is_at_the_server_that_took_the_mail_and_not_at_the_one_that_delivered_it(case):
    inner = case(deliveries=[MX2 | {"queue_id": "9B1"}])
    before = replace(inner, messages=case().messages)
    given = {"findings": (), "inputs": [LATER]}
    rows = [*hours(24), *(row | {"origin_life": 100 + n} for n, row in enumerate(hours(24, **MX2)))]
    for where, verdict in (({}, OVER), (MX2, LIKELY)):
        refused = [{"time": START + WEEK} | where]
        told = compare(before, case(deliveries=rows, attempts=refused, **given))
        assert told["verdict"] == verdict


def test_an_address_of_the_incident_that_is_let_in_again_leaves_a_doubt(compared):
    at = {"time": START + WEEK}
    probe = at | {"kind": "accepted_no_data"}
    told = compared(hours(24), attempts=[at, probe])
    assert told["verdict"] == LIKELY
    assert "had a recipient accepted again" in told["reason"]
    stranger = probe | {"client_ip": "192.0.2.9"}
    assert compared(hours(24), attempts=[at, stranger])["verdict"] == OVER


STOLEN = {"deliveries": [{"mechanism": "stolen_account", "auth_user": "ann@example.org"}]}


@pytest.mark.parametrize(
    ("attempt", "verdict"),
    [
        ({"kind": "auth_failed", "auth_user": "Ann@example.org"}, OVER),
        ({"kind": "auth_failed", "auth_user": "CORP\\ann@example.org"}, OVER),
        ({"kind": "auth_failed", "auth_user": None}, OVER),
        ({"kind": "auth_failed", "auth_user": None, "client_ip": "192.0.2.9"}, LIKELY),
        ({"kind": "auth_failed", "auth_user": "bob@example.org"}, LIKELY),
        ({"kind": "relay_denied", "auth_user": None}, LIKELY),
    ],
    ids=["its own password failed", "with its domain", "unnamed, of the thief",
         "unnamed, of a stranger", "another login's", "without a login"],
)  # fmt: skip
def test_a_stolen_login_is_shown_shut_by_its_own_failed_password(compared, attempt, verdict):
    attempts = [{"time": START + WEEK} | attempt]
    assert compared(hours(24), attempts=attempts, before=STOLEN)["verdict"] == verdict


@pytest.mark.parametrize("door", ["trusted_host", "local_injection"])
def test_no_refusal_shows_that_a_door_inside_is_shut(compared, door):
    told = compared(hours(24), before={"deliveries": [{"mechanism": door}]})
    assert told["verdict"] == LIKELY
    assert told["refused"]["unproven"] == [door]
