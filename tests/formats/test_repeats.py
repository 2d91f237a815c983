"""Is it read how often syslog left out a line, in the words of each of its daemons?"""

import pytest

from analyzer import formats

FAILED = "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: x"
SUPPRESSED = "Last message 'warning: unknown[192.' repeated 3 times, suppressed by syslog-ng on mx1"


def read(*lines):
    data = "".join(f"Dec  7 05:00:00 {line}\n" for line in lines).encode()
    reading = formats.read_syslog("mail.log", 1, 0, data)
    assert reading.parsed + reading.ignored + len(reading.unread) == len(lines)
    return reading


@pytest.mark.parametrize(
    "line",
    [
        "mx1 last message repeated 3 times",
        "mx1 --- last message repeated 3 times ---",
        "--- last message repeated 3 times ---",
        f"mx1 postfix/smtpd: {SUPPRESSED}",
        f"mx1 postfix/smtpd[11]: {SUPPRESSED}",
        f"mx1 postfix: {SUPPRESSED}",
        f"mx1 smtpd[11]: {SUPPRESSED}",
        f"mx1 sm-mta[11]: {SUPPRESSED}",
    ],
)
def test_the_line_before_stood_there_more_often(line):
    reading = read(f"mx1 postfix/smtpd[11]: {FAILED}", line)
    (row,) = reading.tables["repeated"].to_pylist()
    assert (row["line"], row["repeat"], len(reading.unread)) == (2, 3, 0)


def test_two_daemons_may_say_so_in_one_log():
    reading = read(
        f"mx1 postfix/smtpd: {SUPPRESSED}",
        "mx1 last message repeated 2 times",
        f"mx1 sm-mta: {SUPPRESSED}",
    )
    told = reading.tables["repeated"].select(["line", "repeat"]).to_pylist()
    assert [tuple(row.values()) for row in told] == [(1, 3), (2, 2), (3, 3)]


@pytest.mark.parametrize("text", [f"{SUPPRESSED} and more", f"NOQUEUE: x {SUPPRESSED}"])
def test_words_beside_it_make_it_another_line(text):
    assert "repeated" not in read(f"mx1 postfix/smtpd: {text}").tables
