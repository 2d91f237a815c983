"""Which zone do stamps without one show, by what the log tells, another log, or the user?"""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from analyzer import formats
from analyzer.formats.queue_ids import LONG_DIGITS
from tests.formats.test_queue_ids import log, queue_id

DAY = datetime(2026, 12, 7, tzinfo=UTC)
CLIENT = "mx1 postfix/smtpd[11]: {name}: client=a.example[192.0.2.7]"
QUEUED = "mx1 postfix/qmgr[12]: {name}: from=<ann@a.example>, size=1, nrcpt=1 (queue active)"


def told(*logs, stated=None):
    return formats.zones(logs, "UTC", stated)


def name_of(*logs, stated=None):
    """The zone of the last one."""
    return told(*logs, stated=stated)[logs[-1].name].name


def ids_every_hour(ahead, number=6):
    """Messages an hour apart from the first minute of a day on, by a clock *ahead* hours of UTC."""
    for hour in range(10, 10 + number):
        yield f"Dec  7 {hour + ahead:02}:00:01", queue_id(f"2026-12-07 {hour}:00:00")


def long_id(second):
    """The id that Postfix gives at that second."""
    rest, digits = int(second.timestamp()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 52)
        digits = chr(LONG_DIGITS[digit]) + digits
    return f"{digits}2Mbvz4Fk1"


def postfix(
    name, ahead=0, *, ids=None, body=CLIENT, stamp="%b %e %H:%M:%S", late=1, number=6, once_more=1
):
    """Messages, from one hour to the next, by a clock *ahead* hours of UTC."""
    zone = timezone(timedelta(hours=ahead))
    text = ""
    for hour in range(number):
        at = DAY + timedelta(hours=10 + hour)
        shown = (at + timedelta(seconds=late)).astimezone(zone)
        said = body.format(name=ids(at) if ids else f"4A5C{0 if hour % once_more else 1}{hour:03}")
        text += f"{shown.strftime(stamp)} {said}\n"
    return formats.joined(name, [formats.read_syslog(name, 1, 0, text.encode())])


def iso(name, **of):
    """A log that names its zone."""
    return postfix(name, stamp="%Y-%m-%dT%H:%M:%S.000000+00:00", **of)


@pytest.mark.parametrize(
    ("ahead", "zone"),
    [(2, "UTC+02:00"), (-7, "UTC-07:00"), (0, "UTC")],
    ids=["east", "west", "UTC"],
)
def test_queue_ids_that_hold_their_second_tell_how_far_stamps_are_ahead(ahead, zone):
    assert told(log(*ids_every_hour(ahead))) == {"maillog": (zone, "6 of 6 queue ids", None)}
    one = postfix("mail.log", ahead, ids=long_id)
    assert told(one) == {"mail.log": (zone, "6 of 6 queue ids", None)}


def test_stamps_with_a_year_and_no_zone_are_told_too():
    one = postfix("mail.log", 2, ids=long_id, stamp="%Y-%m-%dT%H:%M:%S")
    assert name_of(one) == "UTC+02:00"


def test_short_ids_tell_no_zone():
    assert told(postfix("mail.log", 2)) == {"mail.log": ("UTC", "", None)}


def test_summer_time_that_ends_in_the_file_is_told_by_the_ids_before_and_after():
    found = log(*[*ids_every_hour(2)][:5], *ids_every_hour(1))
    zone = ("UTC+02:00, from line 6 on UTC+01:00", "11 of 11 queue ids", None)
    assert told(found) == {"maillog": zone}
    tables, _ = formats.dated(found, formats.Year(2026, "given"), zone[0])
    hours = [f"{time:%H}" for time in tables["received"]["time"].to_pylist()]
    assert hours == ["10", "11", "12", "13", "14", "10", "11", "12", "13", "14", "15"]


def test_messages_that_took_an_hour_are_no_summer_time():
    prompt = list(ids_every_hour(2, 12))
    slow = [(stamp.replace(":00:01", ":59:59"), name) for stamp, name in prompt]
    mixed = [pair for two in zip(prompt, slow, strict=True) for pair in two]
    assert name_of(log(*mixed)) == "UTC+02:00"


def test_a_few_messages_tell_no_zone():
    assert name_of(log(*ids_every_hour(2, number=3))) == "UTC"


def test_stamps_of_a_told_zone_become_utc():
    one = log(*ids_every_hour(2))
    found = formats.dated(one, formats.Year(2026, "given"), name_of(one))[0]
    times = found["received"]["time"].to_pylist()
    assert [f"{time:%H:%M}" for time in times] == [f"{hour}:00" for hour in range(10, 16)]


def test_a_log_of_the_same_messages_that_names_its_zone_tells_that_of_the_other():
    assert told(iso("central.log"), postfix("mail.log", 2)) == {
        "central.log": ("UTC", "", None),
        "mail.log": ("UTC+02:00", "6 of 6 messages of central.log", None),
    }


def test_of_large_logs_the_same_messages_are_looked_at(monkeypatch):
    monkeypatch.setitem(formats.zones.__globals__, "PLENTY", 50)
    logs = iso("central.log", number=400), postfix("mail.log", 2, number=300)
    assert name_of(*logs) == "UTC+02:00"


def test_of_two_logs_of_the_same_messages_without_zones_the_first_tells_the_other():
    assert name_of(postfix("a.log"), postfix("b.log", 2)) == "UTC+02:00"
    assert told(postfix("a.log"), postfix("b.log"))["b.log"].ground == ""


def test_messages_that_wait_from_one_part_of_a_log_to_the_next_tell_no_zone():
    assert name_of(iso("mail.log.1"), postfix("mail.log", late=1800, body=QUEUED)) == "UTC"


def test_few_ids_that_were_given_once_more_tell_no_zone():
    later = postfix("mail.log", late=1800, number=20, once_more=3)
    assert name_of(iso("mail.log.1", number=20), later) == "UTC"


def test_the_users_zone_holds_where_most_lines_fit_it():
    one = postfix("mail.log", 1, ids=long_id)
    assert told(one, stated="Europe/Berlin") == {"mail.log": ("Europe/Berlin", "", None)}


def test_nearly_all_ids_against_the_users_zone_are_believed_and_that_is_said():
    one = postfix("mail.log", 0, ids=long_id)
    assert told(one, stated="Europe/Berlin")["mail.log"] == (
        "UTC",
        "6 of 6 queue ids",
        "Europe/Berlin",
    )


def test_ids_that_do_not_agree_change_nothing_of_what_the_user_says():
    stamps = [(f"Dec  7 {10 + n:02}:{n * 16:02}:01", f"2026-12-07 {9 + n}:00:00") for n in range(4)]
    mixed = [(stamp, queue_id(at)) for stamp, at in stamps]
    assert name_of(log(*mixed, *mixed), stated="America/New_York") == "America/New_York"


@pytest.mark.parametrize(
    ("late", "zone"),
    [(-420, "UTC+01:00"), (420, "UTC+01:00"), (0, "UTC+01:00")],
    ids=["slow clock", "fast clock", "right"],
)
def test_a_clock_that_is_minutes_wrong_shows_no_zone_that_there_is_not(late, zone):
    assert name_of(iso("central.log"), postfix("mail.log", 1, late=late)) == zone


def test_of_servers_in_several_zones_none_is_that_of_the_file():
    one, other = [*ids_every_hour(1)], [*ids_every_hour(4)]
    both = [pair for two in zip(one, other, strict=True) for pair in two]
    assert told(log(*both, *ids_every_hour(9)))["maillog"] == ("UTC", "", None)
