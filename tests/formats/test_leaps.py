"""When did a server's time leap ahead, and when was the server only silent?"""

import pytest

from analyzer import formats


def at(clock, text):
    return f"Dec  7 {clock} mx1 {text}\n"


def message(begun, ended, name, delay):
    """A message that was under way from one time to another, and was so old by Postfix's count."""
    delivered = (
        f"relay=local, delay={delay}, delays=0.1/0/0.1/0.1, dsn=2.0.0, status=sent (delivered)"
    )
    return [
        at(begun, f"postfix/smtpd[11]: {name}: client=unknown[203.0.113.7]"),
        at(ended, f"postfix/local[12]: {name}: to=<jo@corp.example>, {delivered}"),
    ]


def dialogue(begun, ended, pid=21, last="disconnect from unknown[203.0.113.7]"):
    return [
        at(begun, f"postfix/smtpd[{pid}]: connect from unknown[203.0.113.7]"),
        at(ended, f"postfix/smtpd[{pid}]: {last}"),
    ]


@pytest.fixture
def found():
    """What is told of lines, as (what, seconds, line)."""

    def of(*lines):
        reading = formats.read_syslog("mail.log", 1, 0, "".join(lines).encode())
        log = formats.joined("mail.log", [reading])
        tables, _ = formats.dated(log, formats.Year(2026, "given"), "UTC")
        told = formats.jumps({"mail.log": tables}).to_dict("records")
        return [(one["what"], round(one["seconds"]), one["line"]) for one in told]

    return of


def minutes(begin, number, every=1):
    """Lines at every so many minutes after an hour's beginning."""
    for minute in range(begin * 60, begin * 60 + number * every, every):
        clock = f"{minute // 60:02}:{minute % 60:02}:00"
        yield from dialogue(clock, clock, pid=1000 + minute)


def test_a_message_younger_by_its_delay_than_by_its_stamps_shows_that_only_the_clock_leapt(found):
    assert found(*message("01:59:50", "03:00:10", "3F2A12CE583", 20)) == [("shifted", 3600, 2)]


def test_a_message_that_waited_in_the_queue_shows_no_leap(found):
    assert found(*message("01:59:50", "03:00:10", "3F2A12CE583", 3620)) == []


def test_an_id_that_is_used_again_after_a_silence_shows_no_leap(found):
    first = message("01:59:50", "01:59:50", "3F2A12CE583", 0.1)
    assert found(*first, *message("03:00:10", "03:00:10", "3F2A12CE583", 0.1)) == []


def test_a_dialogue_that_goes_on_after_hours_shows_that_the_clock_leapt_or_the_machine_slept(found):
    assert found(*dialogue("02:00:00", "04:00:00")) == [("ahead", 7200, 2)]


@pytest.mark.parametrize(
    "lines",
    [
        [*dialogue("02:00:00", "02:04:59")],
        [*dialogue("02:00:00", "02:00:01"), *dialogue("09:00:00", "09:00:01")],
        [*minutes(8, 20), *minutes(18, 20)],
        [*minutes(0, 600), *minutes(11, 600)],
        [*message("01:59:50", "03:00:10", "3F2A12CE583", 1205)],
        [
            *dialogue("02:00:00", "02:00:01", last="connect from unknown[203.0.113.8]"),
            at("04:00:00", "postfix/qmgr[1]: 3F2A12CE583: removed"),
        ],
    ],
    ids=[
        "a client is slow",
        "a process serves another client",
        "two bursts a day",
        "a busy server is silent for an hour",
        "a message is younger by what no zone differs by",
        "a dialogue is never heard of again",
    ],
)
def test_a_quiet_server_is_only_quiet(found, lines):
    assert found(*lines) == []


def test_lines_of_another_server_are_not_taken_for_those_of_a_silent_one(found):
    other = [line.replace(" mx1 ", " mx2 ") for line in dialogue("02:00:00", "04:00:00")]
    assert found(*dialogue("02:00:00", "02:00:01", pid=9), *other) == [("ahead", 7200, 4)]


def test_a_clock_that_was_ahead_for_a_while_is_told_from_where_to_where(found):
    ahead = [line.replace("10:", "15:", 1) for line in minutes(10, 9)]
    lines = [*minutes(9, 60), *ahead, *minutes(10, 60)]
    reading = formats.read_syslog("mail.log", 1, 0, "".join(lines).encode())
    tables, _ = formats.dated(
        formats.joined("mail.log", [reading]), formats.Year(2026, "given"), "UTC"
    )
    (jump,) = formats.jumps({"mail.log": tables}).to_dict("records")
    assert (jump["what"], jump["ahead_line"], jump["line"]) == ("back", 121, 139)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("chronyd[11]: System clock was stepped by -3600.123456 seconds", -3600),
        ("ntpd[11]: time reset +7200.5 s", 7200),
        ("ntpd[11]: 0.0.0.0 c61c 0c clock_step +7200.5 s", 7200),
        ("ntpdate[11]: step time server 192.0.2.7 offset -86400.25 sec", -86400),
        (
            "dovecot: master: Warning: Time moved forwards by 7200.5 seconds - adjusting timeouts.",
            7200,
        ),
    ],
)
def test_a_program_that_set_the_clock_or_saw_it_leap_says_by_how_much(found, text, seconds):
    assert found(at("10:00:00", text)) == [("set", seconds, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "chronyd[11]: System clock was stepped by 0.023456 seconds",
        "chronyd[11]: System clock was stepped by 3600 seconds and more",
        "dovecot: imap-login: Login: user=<master: Warning: Time moved forwards by 7200.5 seconds>",
    ],
    ids=["a little", "another line", "a name"],
)
def test_it_is_not_told_of(found, text):
    assert found(at("10:00:00", text)) == []
