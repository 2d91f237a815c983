"""Which year and zone do Sendmail's queue ids tell, and when do they tell nothing?"""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from analyzer import formats

BODY = "size=1, class=0, nrcpts=1, msgid=<1@a.example>, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def queue_id(text):
    """The id that Sendmail gives at that second of UTC."""
    t = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    parts = ((t.year - 1900) % 60, t.month - 1, t.day, t.hour, t.minute, t.second)
    return "".join(DIGITS[part] for part in parts) + "aa002101"


def log(*stamps_and_ids):
    text = "".join(
        f"{stamp} mx1 sm-mta[11]: {name}: from=<ann@a.example>, {BODY}\n"
        for stamp, name in stamps_and_ids
    )
    return formats.joined("maillog", [formats.read_syslog("maillog", 1, 0, text.encode())])


def year(*stamps_and_ids):
    told = formats.years([log(*stamps_and_ids)], None, {}).get("maillog")
    return told and told.year


@pytest.mark.parametrize(
    ("stamp", "name", "told"),
    [
        ("Jul 28 06:55:13", "h6SDtCtg028877", "2003-07-28 13:55:12"),
        ("Sep 30 04:21:32", "g8U2LVi03161", "2002-09-30 02:21:31"),
        ("Mar  6 16:55:28", "v26LtRAB123456", "2017-03-06 21:55:27"),
    ],
    ids=["8.12", "8.11", "2017"],
)
def test_an_id_holds_the_second_it_was_given(stamp, name, told):
    seconds, holds = formats.sendmail_ids.seconds(pa.array([name]))
    assert holds.tolist() == [True]
    assert str(np.datetime64(int(seconds[0]), "s")) == told.replace(" ", "T")
    assert year((stamp, name)) == int(told[:4])


def test_an_id_of_8_9_holds_no_second():
    assert year(("Jul 28 06:55:13", "LAA12345")) is None


def test_over_new_year_it_is_the_year_of_the_first_line():
    assert (
        year(
            ("Dec 31 23:59:58", queue_id("2026-12-31 23:59:58")),
            ("Jan  1 00:00:02", queue_id("2027-01-01 00:00:02")),
        )
        == 2026
    )


def test_at_new_year_the_zone_may_be_in_the_next_year_already():
    assert year(("Jan  1 00:30:00", queue_id("2026-12-31 23:30:00"))) == 2027


def test_a_log_whose_stamps_lie_days_from_its_ids_tells_no_year():
    assert year(("Jul 28 06:55:13", queue_id("2026-07-20 06:55:13"))) is None


def ids_every_hour(ahead, number=6, late=()):
    """Messages an hour apart from the first minute of a day on, by a clock *ahead* hours of UTC."""
    for hour in range(number):
        second = 30 if hour in late else 1
        yield (
            f"Dec  7 {hour + 10 + ahead:02}:00:{second:02}",
            queue_id(f"2026-12-07 {hour + 10:02}:00:00"),
        )


@pytest.mark.parametrize(
    ("ahead", "zone"),
    [(2, "UTC+02:00"), (-7, "UTC-07:00"), (0, "UTC")],
    ids=["east", "west", "UTC"],
)
def test_the_zone_is_told_by_how_far_stamps_are_ahead(ahead, zone):
    told = formats.zones([log(*ids_every_hour(ahead))])
    assert told == {"maillog": (zone, "6 of 6 queue ids of Sendmail")}


def test_summer_time_that_ends_in_the_file_is_told_by_the_ids_before_and_after():
    east, west = ids_every_hour(2), ids_every_hour(1)
    found = log(*list(east)[:5], *((stamp, name) for stamp, name in list(west)))
    zone = ("UTC+02:00, from line 6 on UTC+01:00", "11 of 11 queue ids of Sendmail")
    assert formats.zones([found]) == {"maillog": zone}
    tables, _ = formats.dated(found, formats.Year(2026, "given"), zone[0])
    hours = [f"{time:%H}" for time in tables["received"]["time"].to_pylist()]
    assert hours == ["10", "11", "12", "13", "14", "10", "11", "12", "13", "14", "15"]


def test_messages_that_took_an_hour_are_no_summer_time():
    slow = [(stamp.replace(":00:01", ":59:59"), name) for stamp, name in ids_every_hour(2, 12)]
    prompt = list(ids_every_hour(2, 12))
    mixed = [pair for two in zip(prompt, slow, strict=True) for pair in two]
    assert formats.zones([log(*mixed)])["maillog"][0] == "UTC+02:00"


def test_a_few_messages_tell_no_zone():
    assert formats.zones([log(*ids_every_hour(2, number=3))]) == {}


def test_stamps_of_a_told_zone_become_utc():
    one = log(*ids_every_hour(2))
    zone, _ = formats.zones([one])["maillog"]
    times = formats.dated(one, formats.Year(2026, "given"), zone)[0]["received"]["time"].to_pylist()
    assert [f"{time:%H:%M}" for time in times] == [f"{hour}:00" for hour in range(10, 16)]
