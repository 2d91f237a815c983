"""Does a line count once that one log received twice, and a line twice that was written twice?"""

import lzma
import random
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analyzer import pipeline, site

SAMPLES = Path(__file__).parents[2] / "sample_logs"
SITE = site.load(SAMPLES / "postfix-clean" / "site.toml")
LOGS = {
    "postfix": SAMPLES / "postfix-clean" / "mail.log.xz",
    "sendmail": SAMPLES / "sendmail-open-relay" / "maillog.xz",
}
LINES = {
    name: lzma.decompress(path.read_bytes()).splitlines(keepends=True)[:2000]
    for name, path in LOGS.items()
}
HOST = re.compile(rb"(?<=^.{16})[^ ]+")


@pytest.fixture
def analysed(tmp_path):
    """The case of a log in these parts; the first is the oldest."""

    def analysed(*parts):
        paths = [tmp_path / f"mail.log.{number}" for number in reversed(range(len(parts)))]
        for path, lines in zip(paths, parts, strict=True):
            path.write_bytes(b"".join(lines))
        return pipeline.analyze(paths, site=SITE, year=2026).case

    return analysed


def received(lines, *, share=1.0, copies=1, lost=0.0, seconds=4, host=None):
    """A collector's log: some lines come once more, with the time at which they came."""
    chance = random.Random(7)
    came = []
    for number, line in enumerate(lines):
        time = datetime.strptime(f"2026 {line[:15].decode()} +0000", "%Y %b %d %H:%M:%S %z")
        again = copies if chance.random() < share else 0
        for late in [0.0, *(chance.uniform(0, seconds) for _ in range(again))]:
            if chance.random() < lost:
                continue
            at = time + timedelta(seconds=late)
            said = HOST.sub(host, line, count=1) if host and late else line
            came.append((at, number, at.strftime("%b %e %H:%M:%S").encode() + said[15:]))
    return [line for *_, line in sorted(came)]


def told(case):
    """How many messages, deliveries and attempts there are, and of whom."""
    return {
        name: sorted(
            map(str, getattr(case, name).select([*of]).to_pylist()),
        )
        for name, of in {
            "messages": ("queue_id", "sender", "message_id", "client_ip"),
            "deliveries": ("queue_id", "recipient", "status"),
            "attempts": ("recipient", "client_ip", "reply"),
        }.items()
    }


def repeats(case):
    return {
        entry["path"]: dict(entry["repeats"])
        for entry in case.manifest["inputs"]
        if entry["repeats"]
    }


@pytest.mark.parametrize("server", LINES)
@pytest.mark.parametrize("copies", [1, 2])
def test_a_log_that_has_each_line_more_than_once_says_the_same(analysed, server, copies):
    once = analysed(LINES[server])
    case = analysed(received(LINES[server], copies=copies))
    assert told(case) == told(once)
    assert repeats(case) == {"mail.log.0": {"mail.log.0": copies * parsed(once)}}


def parsed(case):
    return sum(entry["parsed"] for entry in case.manifest["inputs"])


@pytest.mark.parametrize("server", LINES)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_messages_count_once_where_some_lines_came_again(analysed, server, share):
    once, case = told(analysed(LINES[server])), analysed(received(LINES[server], share=share))
    assert {**told(case), "attempts": 0} == {**once, "attempts": 0}


def test_lines_that_were_lost_on_one_of_the_ways_count(analysed):
    once = analysed(LINES["postfix"])
    case = analysed(received(LINES["postfix"], lost=0.05))
    for name in ("messages", "deliveries"):
        assert len(getattr(case, name)) == pytest.approx(len(getattr(once, name)), rel=0.01)


def test_a_copy_behind_the_border_of_two_files_is_one(analysed):
    lines = received(LINES["postfix"])
    half = len(lines) // 2
    assert told(analysed(lines[:half], lines[half:])) == told(analysed(LINES["postfix"]))


def test_a_server_that_a_relay_calls_by_its_address_in_the_same_log_is_one(analysed):
    case = analysed(received(LINES["postfix"], host=b"192.0.2.25"))
    assert told(case) == told(analysed(LINES["postfix"]))


REFUSED = (
    "Dec  7 05:{:02}:{:02} mx1 postfix/smtpd[11]: NOQUEUE: reject: RCPT from a.example[192.0.2.7]: "
    "550 5.1.1 <bob@b.example>: Recipient address rejected: User unknown; from=<ann@a.example> "
    "to=<bob@b.example> proto=ESMTP helo=<a.example>\n"
)
TAKEN = "Dec  7 05:{:02}:{:02} mx1 postfix/smtpd[11]: {}1A2: client=a.example[192.0.2.7]\n"


def each_second(*shapes, seconds=600):
    """Lines of these shapes, each second anew."""
    return [
        shape.format(at // 60, at % 60, f"{at:05X}").encode()
        for at in range(seconds)
        for shape in shapes
    ]


def test_a_client_that_is_refused_each_second_is_refused_as_often(analysed):
    case = analysed(each_second(TAKEN, REFUSED))
    assert (repeats(case), len(case.events["decision"])) == ({}, 600)


def test_a_client_that_is_refused_each_second_is_so_in_a_log_that_has_each_line_twice(analysed):
    case = analysed(received(each_second(TAKEN, REFUSED)))
    assert len(case.events["decision"]) == 600


def test_a_client_that_is_refused_each_second_is_so_in_a_log_that_has_some_lines_twice(analysed):
    lines = received(each_second(TAKEN, REFUSED), share=0.3)
    refused = sum(b"reject" in line for line in lines)
    assert len(analysed(lines).events["decision"]) == refused


def test_an_id_that_is_given_again_soon_begins_another_message(analysed):
    """As short ids are: the millionth of the second and an inode."""
    lines = each_second(TAKEN, seconds=1200)
    again = zip(lines[30::200], lines[::200], strict=True)
    lines[30::200] = [line[:40] + early[40:] for line, early in again]
    case = analysed(lines)
    assert (repeats(case), len(case.events["client"])) == ({}, 1200)


def test_the_report_says_how_many_lines_came_again(analysed):
    case = analysed(received(each_second(TAKEN, seconds=60)))
    (log,) = case.manifest["inputs"]
    assert log["repeats"] == {log["path"]: 60}
