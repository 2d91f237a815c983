"""Are Sendmail's lines read under the names that its programs have, and are its own words told from
those of strangers?
"""

import pytest

from analyzer.formats.reader import read_syslog

FROM = (
    "6B7A00aa002101: from=<ann@a.example>, size=9, class=0, nrcpts=1, relay=b.example [192.0.2.7]"
)


def read(text, tag="sm-mta"):
    return read_syslog("maillog", 1, 0, f"Dec  7 05:00:00 mx1 {tag}[11]: {text}\n".encode())


@pytest.mark.parametrize("tag", ["sendmail", "sm-mta", "sm-msp-queue", "sendmail-in", "sendmail_2"])
def test_a_name_that_it_was_given_is_its_own(tag):
    assert list(read(FROM, tag).tables) == ["received"]


@pytest.mark.parametrize("tag", ["sendmailer", "opensendmail", "smtpd", "postfix/sendmail"])
def test_another_program_is_none_of_it(tag):
    assert "received" not in read(FROM, tag).tables


@pytest.mark.parametrize("sent", ["RCPT TO:<bob@b.example>... User unknown", "to=<a@b.example>"])
def test_what_a_client_sent_is_no_answer_to_it(sent):
    reading = read(f"6B7A00aa002101: <-- {sent}")
    assert (reading.tables, len(reading.unread)) == ({}, 0)


@pytest.mark.parametrize(
    "said",
    [
        "maxrcpts=25, rcpts=75, count=2, ids=6B7A00ab002101; 6B7A00ac002101",
        "count=2, ids=6B7A00ab002101; 6B7A00ac002101",
        "count=2, id(s)=6B7A00ab002101, 6B7A00ac002101",
        "count=1, id=6B7A00ab002101",
    ],
)
def test_each_message_among_which_recipients_were_divided_is_named(said):
    clones = read(f"6B7A00aa002101: split: {said}").tables["clone"]
    expected = ["6B7A00ab002101", "6B7A00ac002101"][: int(said.partition("count=")[2][0])]
    assert clones["new_queue_id"].to_pylist() == expected


@pytest.mark.parametrize("name", ["a.example", "daemon", "Warning", ""])
def test_words_that_a_stranger_chose_do_not_make_a_line_one_without_bearing(name):
    refused = f"ruleset=check_rcpt, arg1=<bob@b.example>, relay={name} [192.0.2.7], reject=550 no"
    assert list(read(refused).tables) == ["decision"]
    (told,) = read(f"6B7A00aa002101: {name} [192.0.2.7]: probable open proxy: NOOP").tables
    assert told == "suspect"


@pytest.mark.parametrize("end", ["", "NOOP", ": NOOP x"])
def test_a_command_that_is_not_known_stays_unread(end):
    assert len(read(f"NOQUEUE: a.example [192.0.2.7]{end}").unread) == 1
