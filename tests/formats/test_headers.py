"""Does every header of a syslog daemon give the same host, program, process, time and text?"""

# ruff: noqa: E501 (a log line is as long as it is)

import html

import pytest

from analyzer import formats
from analyzer.formats.stamps import MISSING

TEXT = "3F2A12CE583: client=a.example[192.0.2.7]"
BERLIN = "Europe/Berlin"  # one hour ahead in winter
PLAIN = {
    "server": "mx1",
    "instance": "postfix",
    "daemon": "smtpd",
    "pid": 11,
    "time": "2026-12-07 05:00:00",
    "queue_id": "3F2A12CE583",
    "client_ip": "192.0.2.7",
}


def read(line, zone="UTC"):
    """The event of one line, and the reading it stands in."""
    reading = formats.read_syslog("mail.log", 1, 0, line.encode() + b"\n")
    log = formats.joined("mail.log", [reading])
    tables, _ = formats.dated(log, formats.Year(2026, "given"), zone)
    (event,) = [row for table in tables.values() for row in table.to_pylist()] or [None]
    return event, reading


FORMS = {
    "classic": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "the day with a zero": f"Dec 07 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "the day with one blank (a web page)": f"Dec 7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "more blanks than one": f"Dec  7 05:00:00  mx1   postfix/smtpd[11]: {TEXT}",
    "a blank before the process id": f"Dec  7 05:00:00 mx1 postfix/smtpd [11]: {TEXT}",
    "a small severity after the host": f"Dec  7 05:00:00 mx1 info postfix/smtpd[11]: {TEXT}",
    "a severity in brackets": f"Dec  7 05:00:00 mx1 [info] postfix/smtpd[11]: {TEXT}",
    "a severity before the host": f"2026-12-07 05:00:00 info mx1 postfix/smtpd[11]: {TEXT}",
    "a facility in capitals (Kiwi)": f"Dec  7 05:00:00 mx1 Mail.Info postfix/smtpd[11]: {TEXT}",
    "a severity after the host": f"2026-12-07T05:00:00Z mx1 NOTICE postfix/smtpd[11]: {TEXT}",
    "RFC 3339": f"2026-12-07T05:00:00+00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "RFC 3339, zulu": f"2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: {TEXT}",
    "another zone, no colon (journalctl)": f"2026-12-07T06:00:00+0100 mx1 postfix/smtpd[11]: {TEXT}",
    "ISO with a space": f"2026-12-07 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "priority before the stamp": f"<22>Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "priority before a dated stamp": f"<22>2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: {TEXT}",
    "priority after the stamp": f"Dec  7 05:00:00 <22> mx1 postfix/smtpd[11]: {TEXT}",
    "facility after the stamp (BSD)": f"Dec  7 05:00:00 <mail.info> mx1 postfix/smtpd[11]: {TEXT}",
    "numbered facility (BSD)": f"Dec  7 05:00:00 <2.6> mx1 postfix/smtpd[11]: {TEXT}",
    "facility after the host (AIX)": f"Dec  7 05:00:00 mx1 mail:info postfix/smtpd[11]: {TEXT}",
    "forwarded (AIX)": f"Dec  7 05:00:00 loghost Message forwarded from mx1: postfix/smtpd[11]: {TEXT}",
    "forwarded, with a facility (AIX)": f"Dec  7 05:00:00 loghost mail:info Message forwarded from mx1: postfix/smtpd[11]: {TEXT}",
    "forwarded, no other host (AIX)": f"Dec  7 05:00:00 Message forwarded from mx1: postfix/smtpd[11]: {TEXT}",
    "Solaris": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: [ID 801593 mail.info] {TEXT}",
    "year first": f"2026 Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "year after the day": f"Dec  7 2026 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "priority and year": f"<22>2026 Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "RFC 5424": f"<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - - {TEXT}",
    "RFC 5424 without priority": f"1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - - {TEXT}",
    "RFC 5424 with the process in the name": f"<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd[11] - - - {TEXT}",
    "RFC 5424 with the old tag for a name": f"<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: - - -  {TEXT}",
    "RFC 5424 with an id and a mark": f"<22>1 2026-12-07T06:00:00+01:00 mx1 postfix/smtpd 11 ID47 - \ufeff{TEXT}",
    "RFC 5424 with data": rf'<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - [a b="x\] y"][c d="1"] {TEXT}',
    "container": f"2026-12-07T05:00:00.000000000Z stdout F Dec  7 09:30:00 mx1 postfix/smtpd[11]: {TEXT}",
    "container, stamp with a zone": f"2026-12-07T05:00:07Z stderr F 2026-12-07T06:00:00+01:00 mx1 postfix/smtpd[11]: {TEXT}",
    "container, the line as it was (docker logs -t)": f"2026-12-07T05:00:00.000000000Z Dec  7 09:30:00 mx1 postfix/smtpd[11]: {TEXT}",
    "container, the line as it was with a zone": f"2026-12-07T05:00:07Z 2026-12-07T06:00:00+01:00 mx1 postfix/smtpd[11]: {TEXT}",
    "a container's name before (docker compose logs)": f"mail-1  | Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "its name and stamp before (docker compose logs -t)": f"mail-1  | 2026-12-07T05:00:00.000000000Z Dec  7 09:30:00 mx1 postfix/smtpd[11]: {TEXT}",
    "a pod's name before (kubectl logs --prefix)": f"[pod/mail-0/postfix] Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "a file's name before (grep)": f"/var/log/mail.log.1:Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "a file's name and a number before (grep -n)": f"mail.log-20261207:123:2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: {TEXT}",
    "a file's name before a line beside a found one (grep -C)": f"mail.log.1-Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "the same with a number (grep -n -C)": f"log/mail-20261207-123-2026-12-07T05:00:00Z mx1 postfix/smtpd[11]: {TEXT}",
    "the number alone before a line beside a found one": f"123-Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "the number alone (grep -n of one file)": f"123:Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "no file's name before (zcat and grep -H)": f"(standard input):<22>Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "a file's name before RFC 5424": f"mail.log:<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - - {TEXT}",
    "names of a file and a container before": f"mail.txt:mail-1  | Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "the day's name, the year at the end (ctime)": f"Mon Dec  7 05:00:00 2026 mx1 postfix/smtpd[11]: {TEXT}",
    "the day's name and the zone (journalctl -o short-full)": f"Mon 2026-12-07 05:00:00 UTC mx1 postfix/smtpd[11]: {TEXT}",
    "a mark at the beginning": f"\ufeffDec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "Windows line end": f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}\r",
}
# Where all lines of a block have it before them.
BEFORE_ALL = {
    "quoted in a mail": f"> Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "numbered (cat -n)": f"   123\tDec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "numbered (less -N)": f"    123 Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
    "indented": f"\tDec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
}
DIFFERENT = {
    "fraction": (
        f"2026-12-07T05:00:00.123456+00:00 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "2026-12-07 05:00:00.123456"},
    ),
    "nanoseconds": (
        f"2026-12-07T05:00:00.123456789Z mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "2026-12-07 05:00:00.123456"},
    ),
    "comma before the fraction": (
        f"2026-12-07 05:00:00,123 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "2026-12-07 05:00:00.123000"},
    ),
    "fraction of a classic stamp": (
        f"Dec 07 05:00:00.123456 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "2026-12-07 05:00:00.123456"},
    ),
    "no host": (f"Dec  7 05:00:00 postfix/smtpd[11]: {TEXT}", {"server": "-"}),
    "the host is an address in brackets": (
        f"Dec  7 05:00:00 [192.0.2.1] postfix/smtpd[11]: {TEXT}",
        {"server": "[192.0.2.1]"},
    ),
    "no process id": (f"Dec  7 05:00:00 mx1 postfix/smtpd: {TEXT}", {"pid": None}),
    "RFC 5424 without process id": (
        f"<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd - - - {TEXT}",
        {"pid": None},
    ),
    "RFC 5424 without time": (f"<22>1 - mx1 postfix/smtpd 11 - - {TEXT}", {"time": "None"}),
    "container without host": (
        f"2026-12-07T05:00:00Z stdout F postfix/smtpd[11]: {TEXT}",
        {"server": "-"},
    ),
    "a severity in place of the host (a container)": (
        f"2026-12-07T05:00:00Z INFO    postfix/smtpd[11]: {TEXT}",
        {"server": "-"},
    ),
    "a longer one": (
        f"2026-12-07T05:00:00Z WARNING postfix/smtpd[11]: {TEXT}",
        {"server": "-"},
    ),
    "no host, but a facility (logread)": (
        f"Mon Dec  7 05:00:00 2026 mail.info postfix/smtpd[11]: {TEXT}",
        {"server": "-"},
    ),
    "the day's name and a year that is none": (
        f"Mon Dec  7 05:00:00 20x6 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "None"},
    ),
    "host that is an address": (
        f"Dec  7 05:00:00 2001:db8::25 postfix/smtpd[11]: {TEXT}",
        {"server": "2001:db8::25"},
    ),
    "a day of one digit that does not exist": (
        f"Feb 0 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "None"},
    ),
    "a day that does not exist": (
        f"2026 Feb 30 05:00:00 mx1 postfix/smtpd[11]: {TEXT}",
        {"time": "None"},
    ),
}


def told(line, zone="UTC"):
    event, reading = read(line, zone)
    assert (reading.lines, reading.parsed) == (1, 1)
    time = event["time"]
    shown = {"time": str(time and time.replace(tzinfo=None))}
    return {key: shown.get(key, event[key]) for key in PLAIN}


@pytest.mark.parametrize("line", BEFORE_ALL.values(), ids=BEFORE_ALL)
def test_what_stands_before_all_lines_of_a_block_is_passed_over(line):
    assert told(line) == PLAIN


@pytest.mark.parametrize("line", BEFORE_ALL.values(), ids=BEFORE_ALL)
def test_an_indented_line_among_others_is_the_rest_of_a_text(line):
    text = "Dec  7 05:00:00 mx1 php[99]: hello\n"
    reading = formats.read_syslog("mail.log", 1, 0, f"{text}{line}\n{text}".encode())
    assert (reading.parsed, len(reading.unread)) == (0, 1)


@pytest.mark.parametrize("line", FORMS.values(), ids=FORMS)
def test_a_header_says_the_same_in_the_form(line):
    assert told(line) == PLAIN


@pytest.mark.parametrize(("line", "difference"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_header_says_more_or_less_in_the_form(line, difference):
    assert told(line) == PLAIN | difference


def test_a_zone_by_another_name_than_utc_is_the_servers_own_clock():
    line = f"Mon 2026-12-07 06:00:00 CET mx1 postfix/smtpd[11]: {TEXT}"
    assert told(line, BERLIN) == PLAIN


@pytest.mark.parametrize("before", ["mail-1  | ", "mail.log:7:"])
def test_a_line_with_a_name_before_it_stands_where_it_stands_and_is_kept_whole(before):
    known = f"{before}Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}\n"
    other = f"{before}Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT} and more\n"
    reading = formats.read_syslog("mail.log", 1, 0, (known + other + known).encode())
    (events,) = reading.tables.values()
    assert events["line"].to_pylist() == [1, 3]
    assert events["offset"].to_pylist() == [0, len(known) + len(other)]
    assert reading.unread["text"].to_pylist() == [other.rstrip("\n").encode()]
    assert reading.unread["offset"].to_pylist() == [len(known)]


@pytest.mark.parametrize("before", ["He wrote: ", "a:b:c:", "| ", "Mon "])
def test_words_that_no_tool_writes_before_a_line_make_it_no_line_of_a_log(before):
    event, reading = read(f"{before}Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}")
    assert event is None
    assert len(reading.unread) == 1


@pytest.mark.parametrize(
    "stamp",
    ["Dec  7 06:00:00", "2026 Dec  7 06:00:00", "Dec  7 2026 06:00:00", "2026-12-07 06:00:00"],
)
def test_a_stamp_without_zone_is_of_the_server_s_own_clock(stamp):
    assert told(f"{stamp} mx1 postfix/smtpd[11]: {TEXT}", BERLIN) == PLAIN


def test_a_year_in_the_stamp_is_believed_more_than_a_guess():
    assert told(f"Dec  7 2019 05:00:00 mx1 postfix/smtpd[11]: {TEXT}") == PLAIN | {
        "time": "2019-12-07 05:00:00"
    }


@pytest.mark.parametrize("number", ["7", "42", "2001", "2026", "20260"])
def test_the_number_that_grep_writes_before_a_line_is_no_year(number):
    line = f"{number}:Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}"
    assert told(line) == PLAIN
    _, reading = read(line)
    assert not any(reading.tables["client"]["with_year"].to_pylist())


@pytest.mark.parametrize("stamp", ["2026;Dec  7 05:00:00", "Dec  7 2026:05:00:00"])
def test_a_year_that_stands_apart_by_no_space_is_none(stamp):
    _, reading = read(f"{stamp} mx1 postfix/smtpd[11]: {TEXT}")
    assert len(reading.unread) == 1


def test_all_forms_in_one_file_are_read_alike():
    block = "".join(line + "\n" for line in FORMS.values()).encode()
    reading = formats.read_syslog("mail.log", 1, 0, block)
    assert (reading.lines, reading.parsed) == (len(FORMS), len(FORMS))
    assert set(reading.tables["client"]["client_ip"].to_pylist()) == {"192.0.2.7"}


@pytest.mark.parametrize(
    "line",
    [
        "<22>",
        "<22>1 ",
        "<22>1 2026-12-07T05:00:00Z mx1",
        "<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 -",
        '<22>1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - [a b="never ends',
        "<99999>Dec  7 05:00:00 mx1 postfix/smtpd[11]: x",
        "2026 Dec",
        "2026-12-07T05:00:00Z stdout F",
    ],
)
def test_half_a_header_is_unread_and_counted(line):
    reading = formats.read_syslog("mail.log", 1, 0, line.encode() + b"\n")
    assert (reading.lines, len(reading.unread)) == (1, 1)
    assert reading.unread["text"].to_pylist() == [line.encode()]


@pytest.mark.parametrize("blanks", ["  ", "\t", " \r", " " * 200])
def test_blanks_at_the_end_of_a_line_say_nothing(blanks):
    event, _ = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {TEXT}{blanks}")
    assert event["client_ip"] == "192.0.2.7"


def test_colours_say_nothing():
    green, plain = "\x1b[32m", "\x1b[0m"
    line = f"{green}Dec  7 05:00:00{plain} mx1 postfix/smtpd{plain}[{green}11{plain}]: {TEXT}"
    event, _ = read(line)
    assert (event["daemon"], event["client_ip"]) == ("smtpd", "192.0.2.7")


SENT = "postfix/qmgr[11]: 3F2A12CE583: from=<ann@a.example>, size=652, nrcpt=1 (queue active)"


def test_entities_of_a_page_say_what_they_stand_for():
    event, _ = read(f"Dec  7 05:00:00 mx1 {html.escape(SENT)}")
    assert event["sender"] == "ann@a.example"


def test_entities_that_a_stranger_writes_stay_as_they_are():
    event, _ = read(f"Dec  7 05:00:00 mx1 {SENT.replace('ann@', 'to=&lt;ann@')}")
    assert event["sender"] == "to=&lt;ann@a.example"


def test_a_facility_in_the_text_is_no_part_of_the_header():
    _, reading = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: [ID 801593 mail.info {TEXT}")
    assert len(reading.unread) == 1


@pytest.mark.parametrize("rest", ["", " postfix/smtpd[11]: ", " last message repeated 3 times"])
def test_a_line_that_says_who_forwarded_it_and_no_more_is_none_of_a_mail_server(rest):
    event, reading = read(f"Dec  7 05:00:00 loghost Message forwarded from mx1:{rest}")
    assert (event, reading.lines) == (None, 1)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (f"message repeated 3 times: [ {TEXT}]", 3),
        (f"message repeated 3 times: [{TEXT}]", 3),
        (TEXT, 1),
    ],
)
def test_a_line_that_syslog_wrapped_says_how_often(text, times):
    event, _ = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {text}")
    assert (event["repeat"], event["client_ip"]) == (times, "192.0.2.7")


@pytest.mark.parametrize("text", ["message repeated x times: [ y]", "message repeated 3 tim"])
def test_half_a_wrapping_is_unread(text):
    _, reading = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11]: {text}")
    assert len(reading.unread) == 1


@pytest.mark.parametrize(
    ("year", "possible"),
    [(1970, 0), (1980, 0), (1990, 1), (2026, 1), (2099, 1), (2106, 0), (2261, 0)],
)
def test_a_year_of_a_clock_at_its_zero_or_run_over_is_no_time(year, possible):
    stamps = [f"{year}-12-07T05:00:00Z", f"{year} Dec  7 05:00:00", f"Dec  7 {year} 05:00:00"]
    lines = [f"{stamp} mx1 postfix/qmgr[11]: 3F2A12CE583: removed\n" for stamp in stamps]
    reading = formats.read_syslog("mail.log", 1, 0, "".join(lines).encode())
    micros = reading.tables["removed"]["micros"].to_pylist()
    assert [micro != MISSING for micro in micros] == [bool(possible)] * 3


@pytest.mark.parametrize("process", ["", "[11]"])
@pytest.mark.parametrize("mark", ["", "[ID 801593 mail.info] "])
def test_a_second_blank_that_a_template_sets_before_the_text_is_none_of_it(process, mark):
    event, _ = read(f"Dec  7 05:00:00 mx1 postfix/smtpd{process}:  {mark}{TEXT}")
    assert (event["queue_id"], event["client_ip"]) == ("3F2A12CE583", "192.0.2.7")


@pytest.mark.parametrize("between", [" ", "\t", ":\t", ":"])
def test_a_header_that_ends_otherwise_costs_no_queue_id_but_the_line(between):
    event, reading = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11]{between}{TEXT}")
    assert (event, len(reading.unread)) == (None, 1)


def test_a_severity_behind_the_process_id_ends_no_header_earlier():
    event, _ = read(f"Dec  7 05:00:00 mx1 postfix/smtpd[11] <Info>: {TEXT}")  # macOS
    assert (event["pid"], event["queue_id"]) == (11, "3F2A12CE583")


@pytest.mark.parametrize("host", ["corp.example", "mx1.net", "info", "mail.example", "[info]"])
@pytest.mark.parametrize("facility", ["", "mail.info ", "<22> "])
def test_a_host_may_have_the_form_of_a_facility_or_the_name_of_a_severity(host, facility):
    event, _ = read(f"Dec  7 05:00:00 {host} {facility}postfix/smtpd[11]: {TEXT}")
    assert event["server"] == host
