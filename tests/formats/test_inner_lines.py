"""Is a line behind the header of another one read, and never one that a stranger wrote?"""

import pytest

from analyzer import formats

TEXT = "3F2A12CE583: client=a.example[192.0.2.7]"
PLAIN = "Dec  7 05:00:00 mx1 postfix/smtpd[11]: "
FORMS = {
    "once more stamp and host": f"Dec  7 05:00:09 relay {PLAIN}{TEXT}",
    "an address before": f"Dec  7 05:00:09 192.0.2.1 {PLAIN}{TEXT}",
    "a host that ends in 1": f"Dec  7 05:00:09 relay1 {PLAIN}{TEXT}",
    "a stamp of another form": f"2026-12-07T05:00:09Z relay {PLAIN}{TEXT}",
    "a priority": f"Dec  7 05:00:09 relay <22>{PLAIN}{TEXT}",
    "RFC 5424": f"Dec  7 05:00:09 relay 1 2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - - {TEXT}",
    "one more host": f"Dec  7 05:00:00 relay mx1 postfix/smtpd[11]: {TEXT}",
    "half a line": f"Dec  7 05:00:00 mx1 postfix/sm{PLAIN}{TEXT}",
    "half a line and zeros": f"Dec  7 05:00:00 mx1 postfix/sm{chr(0) * 4096}{PLAIN}{TEXT}",
}


def read(*lines):
    data = "".join(f"{line}\n" for line in lines).encode()
    reading = formats.read_syslog("mail.log", 1, 0, data)
    assert reading.parsed + reading.ignored + len(reading.unread) == reading.lines == len(lines)
    return reading


@pytest.mark.parametrize("line", FORMS.values(), ids=FORMS.keys())
def test_it_is_read_at_its_place(line):
    reading = read("Dec  7 05:00:00 mx1 sshd[3]: Connection closed", line)
    (row,) = reading.tables["client"].to_pylist()
    told = [row[name] for name in ("server", "daemon", "pid", "queue_id", "client_ip", "line")]
    assert told == ["mx1", "smtpd", 11, "3F2A12CE583", "192.0.2.7", 2]


def test_it_is_read_where_no_other_program_writes():
    bare = "2026-12-07T05:00:00Z mx1 postfix/smtpd 11 - - connect from a.example[192.0.2.7]"
    assert len(read(f"Dec  7 05:00:09 relay 1 {bare}").tables["connect"]) == 1


def test_a_stamp_with_a_year_before_it_dates_it():
    reading = read(f"2026-12-07T05:00:09Z {{job=mail}} {PLAIN}{TEXT}")
    (row,) = reading.tables["client"].to_pylist()
    assert (row["server"], row["with_year"], row["zoned"]) == ("mx1", True, True)


@pytest.mark.parametrize("program", ["logger", "docker/mail[812]"])
def test_behind_a_program_that_passes_it_on_it_is_unread(program):
    (line,) = read(f"Dec  7 05:00:00 mx1 {program}: postfix/smtpd[11]: {TEXT}").unread.to_pylist()
    assert line["note"] == "no shape fits"


@pytest.mark.parametrize(
    "said",
    [f"Invalid user {PLAIN}{TEXT}", f"{PLAIN}{TEXT}", f"user=relay mx1 postfix/smtpd[11]: {TEXT}"],
    ids=["behind words", "at once", "with a host"],
)
def test_what_a_stranger_has_another_program_say_is_no_line(said):
    assert not read(f"Dec  7 05:00:09 mx1 sshd[3]: {said}").tables


def test_a_line_of_a_thousand_headers_is_read_or_not_but_stops_nothing():
    read("Dec  7 05:00:09 relay " * 1000 + f"{PLAIN}{TEXT}")
