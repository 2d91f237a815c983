"""What does the watch tell of new lines, and what has it told before?"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer import site
from analyzer.evidence.follow import Notice
from analyzer.pipeline.watching import Watch
from analyzer.report.alarm import NOTICES, as_json, as_text, notice_as_json, notice_as_text

ROOT = Path(__file__).parent.parent
SITE = ROOT / "tests/scenarios/site.toml"
BEGIN = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
LONG_PATIENCE = 60  # seconds until a process has to speak


def message(number, *, client="203.0.113.7", login="", recipients=1, at=BEGIN):
    """The lines of one message to far.example."""
    queue_id = f"{0xA00000 + number:X}"
    when = f"{at:%b %e %H:%M:%S} mx1 postfix"
    sasl = f", sasl_method=PLAIN, sasl_username={login}" if login else ""
    to = [
        f"{when}/smtp[77]: {queue_id}: to=<u{n}x{number}@far.example>, "
        "relay=mx.far.example[198.51.100.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
        "status=sent (250 Ok)"
        for n in range(recipients)
    ]
    lines = [
        f"{when}/smtpd[42]: {queue_id}: client=unknown[{client}]{sasl}",
        f"{when}/cleanup[43]: {queue_id}: message-id=<{number}@x.example>",
        f"{when}/qmgr[44]: {queue_id}: from=<a@b.c>, size=9, nrcpt={recipients} (queue active)",
        *to,
        f"{when}/qmgr[44]: {queue_id}: removed",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


QUIET = b"Dec  8 04:00:00 mx1 postfix/qmgr[44]: 9FFFFF: removed\n"


@pytest.fixture
def watching():
    with Watch(site.load(SITE), year=2026) as watch:
        yield watch


def told(alarms):
    return [(a.what, a.subject, a.messages, a.recipients, a.total) for a in alarms]


def test_strangers_mail_is_told_once_and_then_only_what_is_new(watching):
    watching.begin({"mail.log": QUIET})
    assert told(watching.look({"mail.log": message(1)})) == [("open_relay", "203.0.113.7", 1, 1, 1)]
    assert watching.look({"mail.log": QUIET}) == []
    more = message(2, recipients=3) + message(3)
    assert told(watching.look({"mail.log": more})) == [("open_relay", "203.0.113.7", 2, 4, 3)]


def test_what_was_there_before_is_known(watching):
    assert watching.begin({"mail.log": message(1)}) == 1
    assert watching.look({"mail.log": QUIET}) == []
    more = watching.look({"mail.log": message(2)})
    assert told(more) == [("open_relay", "203.0.113.7", 1, 1, 1)]  # the total too is of the watch


def test_a_message_whose_lines_come_in_two_looks_is_told_when_it_is_whole(watching):
    whole = message(1).splitlines(keepends=True)
    watching.begin({"mail.log": QUIET})
    first = watching.look({"mail.log": b"".join(whole[:2])})
    then = watching.look({"mail.log": b"".join(whole[2:])})
    assert [a.what for a in [*first, *then]] == ["open_relay"]


@pytest.mark.parametrize("client", ["10.1.2.3", "127.0.0.1"])
def test_ordinary_mail_is_not_told(watching, client):
    watching.begin({"mail.log": QUIET})
    assert watching.look({"mail.log": message(1, client=client)}) == []


def test_a_login_that_bursts_is_told_and_told_again_at_the_double(watching):
    day = b"".join(
        message(n, client="10.0.0.9", login="ann", at=BEGIN - timedelta(hours=9 - n))
        for n in range(1, 8)
    )
    watching.begin({"mail.log": day})
    flood = [
        message(100 + n, client="10.0.0.9", login="ann", recipients=30, at=BEGIN) for n in range(4)
    ]
    bursts = [[a for a in watching.look({"mail.log": part}) if a.what == "burst"] for part in flood]
    assert [[a.recipients for a in found] for found in bursts] == [[], [60], [], [120]]
    assert bursts[1][0].usual < 2


def test_a_log_without_mail_yet_is_waited_for(watching):
    assert watching.begin({"mail.log": b"logrotate: a new file\n"}) == 0
    assert len(watching.look({"mail.log": message(1)})) == 1


UNKNOWN = b"Dec  8 05:00:00 mx1 postfix/smtpd[42]: frobnicated \x1b[2J by [bold]x[/bold]\n"


def test_lines_that_are_not_understood_are_told_at_the_double_and_not_each_time(watching):
    watching.begin({"mail.log": QUIET})
    counts = []
    for _ in range(9):
        watching.look({"mail.log": UNKNOWN})
        counts += [notice.count for notice in watching.notices() if notice.what == "unread"]
    assert counts == [1, 2, 4, 8]


def test_what_could_not_be_read_before_is_not_counted_again(watching):
    watching.begin({"mail.log": QUIET + UNKNOWN})
    assert [(n.what, n.count) for n in watching.notices()] == [("unread", 1)]
    watching.look({"mail.log": message(1)})
    assert watching.notices() == []


@pytest.mark.parametrize("more", [{}, {"mail.log": QUIET}], ids=["alone", "beside a mail log"])
def test_a_file_that_is_no_mail_log_is_told_and_the_watch_goes_on(watching, more):
    watching.begin({"dpkg.log": b"2026-12-08 status installed vim\n" * 3} | more)
    assert [(n.what, n.name, n.count) for n in watching.notices()] == [("no_mail", "dpkg.log", 3)]
    assert len(watching.look({"other.log": message(1)})) == 1


def test_of_two_logs_of_one_name_the_one_is_told_that_cannot_be_read(watching):
    watching.begin({"a/mail.log": QUIET, "b/mail.log": message(1) + UNKNOWN})
    assert [(n.what, n.name) for n in watching.notices()] == [("unread", "b/mail.log")]


def test_a_notice_cannot_act_on_the_terminal_and_no_line_is_too_wide(watching):
    watching.begin({"mail.log": QUIET + UNKNOWN})
    (notice,) = watching.notices()
    lines = notice_as_text(notice, BEGIN)
    assert (
        "2026-12-08 05:00:00 UTC mail.log: 1 line of mail servers was not understood"
        in " ".join(map(str.strip, lines))
    )
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 80
    assert notice_as_json(notice, BEGIN)["lines"] == 1


@pytest.mark.parametrize("what", NOTICES)
def test_every_notice_of_a_file_has_its_words(what):
    lines = notice_as_text(Notice(what, "mail.log", detail="Permission denied"), BEGIN)
    assert "(Permission denied)." in " ".join(map(str.strip, lines))


def test_an_alarm_cannot_act_on_the_terminal_and_no_line_is_too_wide(watching):
    watching.begin({"mail.log": QUIET})
    (alarm,) = watching.look({"mail.log": message(1)})
    lines = as_text(alarm)
    assert "A00001" in "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert as_json(alarm)["last"] == "2026-12-08T05:00:00Z"


@pytest.mark.parametrize(
    ("ids", "usual", "words"),
    [(1, 1.0, ["1 an hour is usual", "Queue id A0"]), (2, 0.0, ["0 an hour are", "Queue ids A0,"])],
)
def test_an_alarm_is_told_in_words_that_fit_its_counts(watching, ids, usual, words):
    watching.begin({"mail.log": QUIET})
    (alarm,) = watching.look({"mail.log": message(1)})
    names = tuple(f"A{n}" for n in range(ids))
    text = " ".join(as_text(replace(alarm, what="burst", usual=usual, queue_ids=names)))
    assert all(said in " ".join(text.split()) for said in words)


@pytest.fixture
def process(tmp_path):
    """`relaytrail watch` on mail.log, in its own process."""
    (tmp_path / "mail.log").write_bytes(message(1, at=BEGIN))
    command = [sys.executable, "-m", "analyzer.cli", "watch", "mail.log", "--every", "0.1"]
    started = subprocess.Popen(
        [*command, "--site", str(SITE)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield started
    with contextlib.suppress(OSError):
        started.kill()
    started.communicate()


def test_the_command_survives_a_rotation_and_ends_well_with_ctrl_c(process, tmp_path):
    log = tmp_path / "mail.log"
    begun = process.stderr.readline()
    assert "1 message before now, abuse or perhaps abuse, is not told again" in begun
    log.rename(tmp_path / "mail.log.1")
    log.write_bytes(message(2, client="203.0.113.8"))
    line = process.stdout.readline()
    assert "stranger's mail accepted: 203.0.113.8" in line
    process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + LONG_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.returncode == 0
    assert "it told 1 time of abuse" in process.stderr.read()
