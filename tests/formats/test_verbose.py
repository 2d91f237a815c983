"""Is what Postfix' daemons tell of their own work (-v, debug_peer_list) passed over, and nothing
else, whatever a stranger wrote into it?
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats import read_syslog

DATA = Path(__file__).parent / "verbose"
HEAD = "Dec  7 05:00:00 mx1 postfix/smtpd[11]: "
LINES = [
    "< a.example[192.0.2.7]: EHLO {}",
    "> a.example[192.0.2.7]: 554 5.7.1 <{}>: Helo command rejected",
    "< {}[192.0.2.7]: QUIT",
    "extract_addr: input: <{}>",
    "smtpd_check_addr: addr={}",
    "match_list_match: {}: no match",
    "send attr sender = {}",
    "input attribute value: {}",
]
ORDINARY = [
    "connect from a.example[192.0.2.7]",
    "client=a.example[192.0.2.7]",
    "3F2A12CE583: client=a.example[192.0.2.7]",
    "NOQUEUE: reject: RCPT from a.example[192.0.2.7]: 554 5.7.1 no; from=<a@a.example> ",
    "warning: a.example[192.0.2.7]: SASL LOGIN authentication failed: no, sasl_username=ann",
    "to=<bob@b.example>, relay=none, delay=1, dsn=2.0.0, status=sent (ok)",
    "disconnect from a.example[192.0.2.7] auth=1 commands=1",
    "]: ",
    "[192.0.2.9]",
    "<",
    ">",
    ": ",
]
# No blank in a name, which the resolver gives: the letters are all that a stranger has of it.
NAMES = st.text(st.sampled_from("abz019._-"), min_size=1, max_size=40)
LETTERS = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F))
WORDS = st.lists(st.sampled_from(ORDINARY) | LETTERS, max_size=4).map("".join)


def read(data):
    return read_syslog("mail.log", 1, 0, data)


def test_what_daemons_tell_of_their_own_work_is_known_and_ignored():
    reading = read((DATA / "work.log").read_bytes())
    assert reading.unread["text"].to_pylist() == []
    assert (reading.tables, reading.ignored) == ({}, reading.lines)


def test_an_ordinary_line_that_was_torn_stays_unread():
    reading = read((DATA / "torn.log").read_bytes())
    assert len(reading.unread) == reading.lines


@pytest.mark.parametrize("line", LINES)
@given(words=WORDS, name=NAMES)
def test_what_a_stranger_says_makes_no_other_line_of_it(line, words, name):
    reading = read((HEAD + line.format(name if "{}[" in line else words) + "\n").encode())
    assert (reading.tables, reading.ignored) == ({}, 1)


def test_bytes_that_are_no_text_are_passed_over_like_others():
    assert read(HEAD.encode() + b"< a.example[192.0.2.7]: EHLO \xff\xfe\n").ignored == 1
