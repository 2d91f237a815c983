"""Are stamps read that no syslog daemon writes, and zones that stand apart?"""

import pytest

from analyzer import formats

REST = "mx1 postfix/smtpd[11]: 3F2A12CE583: client=a.example[192.0.2.7]"
STAMPS = {  # what it says: time, whether it names its year, whether its zone
    "seconds since 1970 (journalctl -o short-unix)": (
        "1796619600.123456 ",
        "05:00:00.123456",
        True,
        True,
    ),
    "whole seconds": ("1796619600 ", "05:00:00", True, True),
    "seconds in brackets": ("[1796619600] ", "05:00:00", True, True),
    "slashes": ("2026/12/07 05:00:00 ", "05:00:00", True, False),
    "slashes and a fraction": ("2026/12/07 05:00:00.123 ", "05:00:00.123000", True, False),
    "brackets": ("[2026-12-07T06:00:00+01:00] ", "05:00:00", True, True),
    "brackets without zone": ("[2026-12-07 05:00:00] ", "05:00:00", True, False),
    "brackets without year": ("[Dec  7 05:00:00] ", "05:00:00", False, False),
    "brackets behind a container's name": (
        "mail-1  | [2026-12-07 05:00:00] ",
        "05:00:00",
        True,
        False,
    ),
    "slashes behind a file's name": ("mail.log:2026/12/07 05:00:00 ", "05:00:00", True, False),
    "a table of Kiwi": ("2026-12-07\t05:00:00\tMail.Info\t", "05:00:00", True, False),
    "the zone apart": ("2026-12-07 06:00:00 +0100 ", "05:00:00", True, True),
    "the zone apart, west": ("2026-12-07 01:30:00.5 -03:30 ", "05:00:00.500000", True, True),
    "the zone by name": ("2026-12-07 05:00:00 UTC ", "05:00:00", True, True),
    "another zone by name": ("2026-12-07 05:00:00 CET ", "05:00:00", True, False),
    "a priority apart": ("<22> Dec  7 05:00:00 ", "05:00:00", False, False),
    "a priority by name": ("<mail.info> Dec  7 05:00:00 ", "05:00:00", False, False),
}


def read(*lines):
    data = "".join(f"{line}\n" for line in lines).encode()
    reading = formats.read_syslog("mail.log", 1, 0, data)
    assert reading.parsed + reading.ignored + reading.blank + len(reading.unread) == len(lines)
    return reading


@pytest.mark.parametrize(("stamp", "time", "dated", "zoned"), STAMPS.values(), ids=STAMPS)
@pytest.mark.parametrize("before", [(), ("Dec  7 05:00:00 mx1 sshd[3]: closed",)])
def test_the_stamp_is_read_alone_and_among_others(stamp, time, dated, zoned, before):
    log = formats.joined("mail.log", [read(*before, stamp + REST)])
    flags = log.tables["client"].select(["with_year", "zoned"]).to_pylist()
    assert flags == [{"with_year": dated, "zoned": zoned}]
    tables, _ = formats.dated(log, formats.Year(2026, "given"), "UTC")
    (event,) = tables["client"].to_pylist()
    assert str(event["time"].replace(tzinfo=None)) == f"2026-12-07 {time}"
    assert (event["server"], event["pid"], event["client_ip"]) == ("mx1", 11, "192.0.2.7")


def test_behind_the_stamp_of_a_table_the_lines_own_header_is_found():
    reading = read(f"2026-12-07\t05:00:00\tMail.Info\t192.0.2.1\tDec  7 05:00:09 {REST}")
    (row,) = reading.tables["client"].to_pylist()
    assert (row["server"], row["with_year"]) == ("mx1", True)


@pytest.mark.parametrize(
    ("stamp", "own", "time"),
    [
        ("[2026-12-07 05:00:00] ", "Dec  7 04:59:59", "2026-12-07 05:00:00"),
        ("1796619600 ", "Dec  7 04:59:59", "2026-12-07 05:00:00"),
        ("1796619600 ", "2026-12-07T05:59:59+01:00", "2026-12-07 04:59:59"),
        ("2026/12/07 05:00:00 ", "Dec  7 04:59:59", "2026-12-07 05:00:00"),
    ],
)
def test_before_a_whole_line_it_tells_the_time_unless_the_line_names_its_zone(stamp, own, time):
    log = formats.joined("mail.log", [read(f"{stamp}{own} {REST}")])
    tables, _ = formats.dated(log, None, "UTC")
    (event,) = tables["client"].to_pylist()
    assert (str(event["time"].replace(tzinfo=None)), event["server"]) == (time, "mx1")


@pytest.mark.parametrize(
    "stamp",
    [
        "12-07-2026\t05:00:00\tMail.Info\t",  # July or December
        "12/07/2026 05:00:00 ",
        "4796619600 ",
        "179661960 ",
        "[2026-12-07] ",
        "2026/12/07 ",
        "[Dec  7 05:00:00 ",
    ],
)
def test_what_may_be_another_time_or_none_is_unread(stamp):
    assert len(read(stamp + REST).unread) == 1


@pytest.mark.parametrize("stamp", ["2026/02/30 05:00:00 ", "[2026-12-07 25:00:00] "])
def test_a_time_that_does_not_exist_is_none(stamp):
    log = formats.joined("mail.log", [read(stamp + REST)])
    tables, _ = formats.dated(log, formats.Year(2026, "given"), "UTC")
    assert tables["client"]["time"].to_pylist() == [None]
