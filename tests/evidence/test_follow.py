"""Which lines are new, whatever becomes of the file?"""

import gzip
import os
from pathlib import Path

import pytest

from analyzer.errors import SettingsError
from analyzer.evidence.follow import STILL, Follower


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mail.log"
    path.write_bytes(b"old\n")
    return path


@pytest.fixture
def follow(log):
    """Follows mail.log, or another pattern; closed at the end."""
    followers = []

    def of(*patterns, context=1_000):
        followers.append(Follower([str(p) for p in patterns] or [str(log)], context))
        return followers[-1]

    yield of
    for follower in followers:
        follower.close()


def add(path, data):
    with path.open("ab") as file:
        file.write(data)


def looked(follower):
    """New lines of all logs together."""
    return b"".join(follower.look().values())


def test_the_first_look_takes_what_is_there_and_the_next_what_is_new(log, follow):
    follower = follow()
    assert looked(follower) == b"old\n"
    add(log, b"new\n")
    assert looked(follower) == b"new\n"
    assert looked(follower) == b""


def test_of_a_long_log_only_the_last_whole_lines_are_taken(log, follow):
    add(log, b"a line\nthe last\n")
    assert looked(follow(context=12)) == b"the last\n"


def test_half_a_line_waits_for_its_end(log, follow):
    follower = follow()
    add(log, b"ha")
    assert looked(follower) == b"old\n"
    add(log, b"lf\n")
    assert looked(follower) == b"half\n"


def test_a_rotated_log_is_read_to_its_end_and_the_new_one_from_its_beginning(log, follow):
    follower = follow()
    looked(follower)
    add(log, b"before\n")
    log.rename(log.with_name("mail.log.1"))
    add(log.with_name("mail.log.1"), b"late\n")
    log.write_bytes(b"after\n")
    assert looked(follower) == b"before\nlate\nafter\n"


def test_a_daemon_that_writes_on_to_the_renamed_file_is_heard(log, follow):
    follower = follow()
    looked(follower)
    old = log.rename(log.with_name("mail.log.1"))
    log.write_bytes(b"")
    looked(follower)
    add(old, b"late\n")
    assert looked(follower) == b"late\n"


def test_a_pattern_does_not_read_the_renamed_file_twice(log, follow):
    follower = follow(log.with_name("mail.log*"))
    looked(follower)
    log.rename(log.with_name("mail.log.1"))
    log.write_bytes(b"after\n")
    assert looked(follower) == b"after\n"


def test_a_log_that_is_cut_to_nothing_is_read_from_its_beginning(log, follow):
    follower = follow()
    looked(follower)
    os.truncate(log, 0)
    add(log, b"x\n")
    assert looked(follower) == b"x\n"


def test_a_log_that_was_cut_and_has_grown_longer_than_before_is_told_by_its_head(log, follow):
    follower = follow()
    looked(follower)
    os.truncate(log, 0)
    add(log, b"a new and longer beginning\n")
    assert looked(follower) == b"a new and longer beginning\n"


def test_a_log_that_is_gone_for_a_while_is_taken_up_again(log, follow):
    follower = follow()
    looked(follower)
    log.unlink()
    for _ in range(STILL + 1):
        assert looked(follower) == b""
    log.write_bytes(b"back\n")
    assert looked(follower) == b"back\n"


def test_a_new_file_of_the_pattern_is_read_from_its_beginning(log, follow):
    follower = follow(log.with_name("*.log"), context=2)
    looked(follower)
    log.with_name("MSGTRK2.log").write_bytes(b"one\ntwo\n")
    assert looked(follower) == b"one\ntwo\n"


def test_what_a_rotation_packs_is_left_alone(log, follow):
    follower = follow(log.with_name("mail.log*"))
    looked(follower)
    log.with_name("mail.log.2.gz").write_bytes(gzip.compress(b"packed\n"))
    assert looked(follower) == b""


# What hides lines is told, once


def told(follower):
    return [(notice.what, Path(notice.name).name) for notice in follower.notices()]


LONG = b"a line that is long enough for a file to be known by it\n"


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
def test_the_end_of_a_copy_is_read_where_a_log_is_cut_between_two_looks(log, follow, packed):
    log.write_bytes(LONG)
    follower = follow()
    looked(follower)
    add(log, b"late\n")
    copied = log.read_bytes()
    name = "mail.log.1.gz" if packed else "mail.log.1"
    log.with_name(name).write_bytes(gzip.compress(copied) if packed else copied)
    os.truncate(log, 0)
    add(log, b"after\n")
    assert looked(follower) == b"late\nafter\n"
    assert told(follower) == [("cut_copied", "mail.log")]


def test_an_older_copy_or_one_that_is_torn_is_not_taken_for_it(log, follow):
    log.write_bytes(LONG)
    follower = follow()
    looked(follower)
    log.with_name("mail.log.1").write_bytes(b"of another day" + LONG)
    log.with_name("mail.log.2.gz").write_bytes(gzip.compress(LONG + b"late\n")[:-12])
    log.write_bytes(b"after\n")
    assert looked(follower) == b"after\n"
    assert told(follower) == [("cut", "mail.log")]


def test_a_pattern_does_not_read_a_copy_from_its_beginning(log, follow):
    log.write_bytes(LONG)
    follower = follow(log.with_name("mail.log*"))
    looked(follower)
    log.with_name("mail.log.1").write_bytes(LONG + b"late\n")
    os.truncate(log, 0)
    add(log, b"after\n")
    assert sorted(follower.look().values()) == [b"after\n", b"late\n"]


def test_a_rotation_is_told(log, follow):
    follower = follow()
    looked(follower)
    log.rename(log.with_name("mail.log.1"))
    log.write_bytes(b"after\n")
    looked(follower)
    assert told(follower) == [("rotated", "mail.log")]
    looked(follower)
    assert told(follower) == []


def test_a_log_that_is_gone_is_told_once_and_again_when_it_is_back(log, follow):
    follower = follow()
    log.unlink()
    for _ in range(5 * STILL):
        looked(follower)
    assert told(follower) == [("gone", "mail.log")]
    log.write_bytes(b"back\n")
    looked(follower)
    assert ("back", "mail.log") in told(follower)


def shut(monkeypatch, name, call):
    """Opening or reading the file fails, as for a user without the right or on a bad disk."""

    def refused(*arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(name, refused)
    call()
    monkeypatch.undo()


def test_a_successor_that_may_not_be_read_is_named_once_and_read_when_it_may(
    log, follow, monkeypatch
):
    follower = follow()
    looked(follower)
    old = log.rename(log.with_name("mail.log.1"))
    log.write_bytes(b"after\n")
    add(old, b"late\n")
    shut(monkeypatch, "pathlib.Path.open", lambda: [looked(follower) for _ in range(4)])
    (notice,) = follower.notices()
    assert (notice.what, notice.detail) == ("unreadable", "Permission denied")
    assert looked(follower) == b"after\n"
    assert ("readable", "mail.log") in told(follower)


def test_a_log_whose_reading_fails_is_named_once_and_nothing_of_it_is_lost(
    log, follow, monkeypatch
):
    follower = follow()
    looked(follower)
    add(log, b"new\n")
    shut(
        monkeypatch,
        "analyzer.evidence.follow._Log.read",
        lambda: [looked(follower) for _ in range(4)],
    )
    assert told(follower) == [("unreadable", "mail.log")]
    assert looked(follower) == b"new\n"
    assert told(follower) == [("readable", "mail.log")]


@pytest.mark.parametrize("name", ["none.log", "mail.log.gz"])
def test_what_cannot_grow_is_refused(log, name):
    log.with_name("mail.log.gz").write_bytes(gzip.compress(b"packed\n"))
    with pytest.raises(SettingsError):
        Follower([str(log.with_name(name))], 1_000)
