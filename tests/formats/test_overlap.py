"""Is one log one log, in however many files it comes?"""

import gzip
import lzma
import random
import re
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from analyzer import pipeline, site

CLEAN = Path(__file__).parents[2] / "sample_logs" / "postfix-clean"
LOG = lzma.decompress((CLEAN / "mail.log.xz").read_bytes()).splitlines(keepends=True)[:2000]
SITE = site.load(CLEAN / "site.toml")
TABLES = ["messages", "deliveries", "attempts"]


def text(first=0, last=None):
    return b"".join(LOG[first:last])


@pytest.fixture
def analysed(tmp_path):
    """The case of these files: content by name."""

    def analysed(**files):
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_bytes(content)
        paths = [tmp_path / name.replace("_", ".") for name in files]
        return pipeline.analyze(paths, site=SITE, year=2026).case

    return analysed


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The case of the log in one file."""
    place = tmp_path_factory.mktemp("whole") / "mail.log"
    place.write_bytes(text())
    return pipeline.analyze([place], site=SITE, year=2026).case


def comparable(table):
    places = ["source", "line", "offset", "orig_source", "orig_line", "orig_offset", "origin_life"]
    frame = table.to_pandas()
    frame = frame.drop(columns=[name for name in places if name in frame])
    within_a_second = [n for n in ("queue_id", "recipient", "client_ip", "reply") if n in frame]
    time = "received" if "received" in frame else "time"
    return frame.sort_values([time, *within_a_second], ignore_index=True)


def same(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(
            comparable(getattr(one, name)), comparable(getattr(other, name))
        )


def repeats(case):
    return {entry["path"]: sum(entry["repeats"].values()) for entry in case.manifest["inputs"]}


COPIES = {
    "yesterday's copy and today's longer file": {"mail_log_1": text(0, 1500), "mail_log": text()},
    "the same, named the other way round": {"a_log": text(), "b_log": text(0, 1500)},
    "a file that begins in the middle of another": {
        "mail_log_1": text(0, 1500),
        "mail_log": text(1000),
    },
    "a piece of the middle": {"all_log": text(), "piece_log": text(800, 1000)},
    "a rotated file beside its compressed copy, which is shorter": {
        "mail_log_1": text(),
        "mail_log_1_gz": gzip.compress(text(0, 1990)),
    },
    "three that overlap": {
        "a_log": text(0, 1200),
        "b_log": text(800, 1800),
        "c_log": text(1000),
    },
    "the same log with another stamp": {
        "mail_log": text(),
        "syslog": b"".join(
            lzma.decompress((CLEAN / "mail.rfc3339.log.xz").read_bytes()).splitlines(True)[:2000]
        ),
    },
    "the same log from the journal": {
        "mail_log": text(),
        "journal": b"".join(
            lzma.decompress((CLEAN / "mail.journal.json.xz").read_bytes()).splitlines(True)[:2000]
        ),
    },
}

COPIES["the same log from a journal that is a little late"] = {
    "mail_log": text(),
    "journal": re.sub(
        rb'"__REALTIME_TIMESTAMP": "([0-9]+)"',
        lambda found: b'"__REALTIME_TIMESTAMP": "%d"' % (int(found[1]) + 300_000),
        COPIES["the same log from the journal"]["journal"],
    ),
}
COPIES["the same log from a central server that names the host in full"] = {
    "a_log": text(),
    "central_log": text().replace(b" mx1 ", b" mx1.tessera-mill.example "),
}


@pytest.mark.parametrize("files", COPIES.values(), ids=COPIES)
def test_a_log_counts_once_in(analysed, whole, files):
    case = analysed(**files)
    assert sum(repeats(case).values()) > 0
    for entry in case.manifest["inputs"]:
        parts = ("parsed", "ignored", "blank", "unread")
        assert sum(entry[part] for part in parts) == entry["lines"], (
            "repeated lines are accounted for"
        )
    same(case, whole)


def stamp(line):
    return datetime.strptime(f"2026 {line[:15].decode()} +0000", "%Y %b %d %H:%M:%S %z")


def late(line):
    """The line as a central server has it that gives names and times of its own."""
    time = stamp(line) + timedelta(seconds=3)
    return time.strftime("%b %d %H:%M:%S").encode() + line[15:].replace(b" mx1 ", b" 10.1.2.3 ", 1)


def test_a_central_log_that_names_the_host_by_address_three_seconds_late_counts_once(
    analysed, whole
):
    case = analysed(mail_log=text(), central_log=b"".join(map(late, LOG)))
    central = next(one for one in case.manifest["inputs"] if one["path"] == "central.log")
    assert repeats(case)["central.log"] > 0.99 * central["parsed"]
    for name in ("messages", "deliveries"):
        assert comparable(getattr(case, name)).equals(comparable(getattr(whole, name)))


def test_a_central_log_late_by_turns_gives_way_to_the_log_of_the_server(analysed, whole):
    """Its lines are out of order, as each has the time at which it came in."""
    said = random.Random(4)
    lines = sorted((stamp(line) + timedelta(seconds=said.uniform(0, 4)), line) for line in LOG)
    central = b"".join(time.strftime("%b %d %H:%M:%S").encode() + line[15:] for time, line in lines)
    case = analysed(a_central_log=central, mail_log=text())
    assert repeats(case)["a.central.log"] > 0.99 * len(case.events["delivery"])
    same(case, whole)


def test_a_log_that_begins_with_its_last_line_says_the_same(analysed, whole):
    same(analysed(mail_log=b"".join(reversed(LOG))), whole)


def test_the_manifest_says_how_many_lines_stand_where(analysed):
    case = analysed(mail_log_1=text(0, 1500), mail_log=text(1000))
    (later, earlier) = sorted(case.manifest["inputs"], key=lambda entry: entry["path"])
    assert earlier["repeats"] == {}
    alone = analysed(piece_log=text(1000, 1500)).manifest["inputs"][0]["parsed"]
    assert later["repeats"] == {"mail.log.1": alone}


def test_parts_of_a_rotated_set_repeat_nothing(analysed, whole):
    case = analysed(mail_log_1=text(0, 1200), mail_log=text(1200))
    assert set(repeats(case).values()) == {0}
    same(case, whole)


LINE = (
    b"Dec  7 05:00:00 %s postfix/smtpd[11]: lost connection after RCPT from a.example[192.0.2.7]\n"
)


def lost(case):
    return len(case.events.get("lost", []))


def test_two_lines_that_are_alike_in_one_file_are_two(analysed):
    assert lost(analysed(a_log=LINE % b"mx1" * 2)) == 2


def test_two_lines_that_are_alike_and_their_copies_are_two(analysed):
    assert lost(analysed(a_log=LINE % b"mx1" * 2, b_log=LINE % b"mx1" * 2 + b"\n")) == 2


def test_a_second_line_that_only_one_file_has_counts(analysed):
    assert lost(analysed(a_log=LINE % b"mx1", b_log=LINE % b"mx1" * 3)) == 3


def test_two_servers_that_say_the_same_in_one_second_are_two(analysed):
    assert lost(analysed(a_log=LINE % b"mx1", b_log=LINE % b"mx2")) == 2


def busy(host, seed):
    """A log of ten messages a second; their ids are the millionth of the second, and one inode."""
    head = f"Dec  7 05:{{:02}}:{{:02}} {host} postfix/qmgr[11]: "
    said = "from=<ann@a.example>, size=652, nrcpt=1 (queue active)"
    micros = random.Random(seed)
    return "".join(
        f"{head.format(n // 600, n // 10 % 60)}{micros.randrange(1_000_000):05X}1A2: {said}\n"
        for n in range(6000)
    ).encode()


def test_two_busy_servers_with_some_ids_in_common_are_two(analysed):
    case = analysed(a_log=busy("mx1", 1), b_log=busy("mx2", 2))
    assert set(case.events["queued"]["server"].to_pylist()) == {"mx1", "mx2"}
