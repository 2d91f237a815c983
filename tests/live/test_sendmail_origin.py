"""Does the analysis of a real Sendmail's log name who handed a message in, and what became of it?

As test_origin.py does for Postfix. Clients have addresses of 127/8, of which 127.1/16 may relay; a
second server is an open relay. Logins are left out: they need an authentication daemon.
"""

from __future__ import annotations

import itertools
import shutil
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from analyzer import Site, pipeline
from tests.live.letters import Letter, Sent, differences, hand_over, to
from tests.live.postfix_server import free_port
from tests.live.sendmail_server import SendmailServer, packages
from tests.live.world import FarEnd

WORLD = "127.0.0.9"
PATIENCE = 40  # seconds until the queue is empty
FEATURES = """\
define(`LOCAL_MAILER_PATH', `FOLDER/mailbox')dnl
define(`LOCAL_MAILER_ARGS', `mailbox $u')dnl
define(`ALIAS_FILE', `stab:FOLDER/aliases')dnl
define(`confFORWARD_PATH', `FOLDER/forward-$u')dnl
define(`confDONT_BLAME_SENDMAIL', `UNSAFE')dnl
define(`confTO_QUEUERETURN', `12s')dnl
define(`confTO_QUEUEWARN', `1h')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confMAX_DAEMON_CHILDREN', `0')dnl
RELAY_DOMAIN(`127.1')dnl
"""
# Folders of tests lie below one that everybody may write to.
UNSAFE = (
    "ForwardFileInUnsafeDirPath,ForwardFileInUnsafeDirPathSafe,"
    "MapInUnsafeDirPath,RunProgramInUnsafeDirPath"
)
FEATURES = FEATURES.replace("UNSAFE", UNSAFE)
ALIASES = """\
team: daemon, bob@far.test
news: daemon, bob@far.test
owner-news: daemon
ann: daemon
postmaster: daemon
mailer-daemon: postmaster
"""
MAILBOX = "#!/bin/sh\nwhile read -r line; do :; done\n"  # takes every letter, and keeps none
SITE = Site(
    domains=["corp.example", "mx.corp.example"],
    networks=["127.0.0.1/32", "127.1.0.0/16"],
    servers=["mx.corp.example", "127.0.0.1"],
    forwards={
        "team@corp.example": ["daemon", "bob@far.test"],
        "news@corp.example": ["daemon", "bob@far.test"],
        "games@corp.example": ["bob@far.test"],
    },
    timezone="UTC",
)


def letters():
    strangers = (f"127.0.3.{n}" for n in itertools.count(1))
    ours = (f"127.1.0.{n}" for n in itertools.count(1))
    ann, bob = "ann@corp.example", "bob@far.test"
    local, members = "daemon@corp.example", ("daemon@corp.example", "bob@far.test")
    for name in ("in", "in-again"):
        yield Letter(name, next(strangers), bob, to(local), flow="inbound", id="in")
    yield Letter("out", next(ours), ann, to(bob), flow="outbound")
    mixed = to(bob, "grey@far.test") | to("nobody@far.test", status="bounced")
    yield Letter("mixed", next(ours), ann, mixed, flow="outbound")
    many = to(*(f"u{n}@far.test" for n in range(60)))
    yield Letter("many", next(ours), ann, many, flow="outbound")
    yield Letter("null", next(strangers), "", to(local), flow="inbound")
    yield Letter("plus", next(strangers), bob, to("daemon+tag@corp.example"), flow="inbound")
    for name in ("team", "news"):  # an alias, and a list with an owner
        ends = dict.fromkeys(members, (f"{name}@corp.example", "delivered"))
        yield Letter(name, next(strangers), bob, ends)
    yield Letter("forward", next(strangers), bob, {bob: ("games@corp.example", "delivered")})
    yield Letter("expired", next(ours), ann, to("later@far.test", status="expired"))
    yield Letter("program", None, ann, to(bob), flow="outbound")
    yield Letter("program-again", None, ann, to(bob, "grey2@far.test"), flow="outbound")
    abuse = {"flow": "third_party", "mechanism": "open_relay", "service": "open"}
    for name, ends in (
        ("relayed", to(bob, "carl@far.test")),
        ("relayed-grey", to("grey3@far.test")),
        ("lost", to("nobody@far.test", status="bounced")),
    ):
        yield Letter(name, next(strangers), "eve@far.test", ends, **abuse)


LETTERS = {letter.name: letter for letter in letters()}


class Town:
    """A server, an open relay, and the world."""

    def __init__(self, unpacked, folder):
        ports = {"world": free_port(), "auth": free_port()}
        self.far = FarEnd(ports, {}, folder / "taken.jsonl")
        files = {"forward-games": "bob@far.test\n", "aliases": ALIASES, "mailbox": MAILBOX}
        how = {"far": WORLD, "files": files, "interval": "3s", "level": 11}
        self.doors = {
            "": SendmailServer(unpacked, FEATURES, ports["world"], **how),
            "open": SendmailServer(
                unpacked, f"{FEATURES}FEATURE(`promiscuous_relay')dnl\n", ports["world"], **how
            ),
        }
        for server in self.doors.values():
            for path in (server.folder, server.folder / "mailbox"):
                path.chmod(0o755)  # used as the user whose letter it is

    def send(self, letter):
        server = self.doors[letter.service]
        if letter.client:
            source = (letter.client, 0)
            talk = smtplib.SMTP("127.0.0.1", server.port, "client.test", 20, source)
            talk.ehlo()
            return hand_over(letter, talk)
        text = letter.text.replace("\r\n", "\n")
        arguments = ["-f", letter.sender]
        if letter.name == "program":
            server.by_program([*arguments, "-t"], f"To: {', '.join(letter.recipients)}\n{text}")
        else:
            server.by_program([*arguments, *letter.recipients], text)
        return Sent(letter, None)

    def settle(self):
        deadline = time.monotonic() + PATIENCE
        while any(server.waiting() for server in self.doors.values()):
            if time.monotonic() > deadline:
                logs = "\n".join(server.log_text() for server in self.doors.values())
                raise TimeoutError(f"the queue is not empty:\n{logs}")
            time.sleep(0.5)
        for server in self.doors.values():
            server.written()  # by a thread of its own


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    unpacked = packages()
    if unpacked is None:
        pytest.skip("Debian's packages of Sendmail cannot be had here")
    town = Town(unpacked, tmp_path_factory.mktemp("town"))
    with town.far, town.doors[""], town.doors["open"]:
        yield town
    shutil.rmtree(unpacked)


@pytest.fixture(scope="module")
def sent(town):
    with ThreadPoolExecutor(4) as hands:
        sent = list(hands.map(town.send, LETTERS.values()))
    town.settle()
    return {one.letter.name: one for one in sent}


@pytest.fixture(scope="module")
def case(town, sent, tmp_path_factory):
    """The two servers have one name, so their logs are told apart by a host name of the log."""
    folder = tmp_path_factory.mktemp("logs")
    for name, server in town.doors.items():
        host = " open " if name else " mx "
        (folder / f"{name or 'mx'}.log").write_text(
            server.log_text().replace(
                " mx ",
                host,
            )
        )
    year = time.gmtime().tm_year
    return pipeline.analyze([folder / "mx.log", folder / "open.log"], site=SITE, year=year).case


@pytest.mark.parametrize("name", LETTERS)
def test_the_log_tells_of_the_letter_as_it_was(name, sent, case):
    assert differences([sent[name]], case) == []


def test_nothing_is_told_that_was_not_sent(sent, case):
    messages = case.messages.to_pandas()
    ids = sorted(one.letter.message_id for one in sent.values())
    assert sorted(messages.loc[messages["submission"].ne("internal"), "message_id"]) == ids


def test_what_the_world_took_is_what_was_delivered(town, case):
    rows = case.deliveries.to_pandas()
    rows = rows[rows["status"].eq("delivered") & rows["message_id"].str.endswith("@live.test")]
    rows = rows[rows["relay"].str.contains(WORLD, na=False, regex=False)]
    taken = {(r["message_ids"][0], name) for r in town.far.taken() for name in r["recipients"]}
    said = set(zip(rows["message_id"], rows["recipient"], strict=True))
    assert {row for row in taken if row[0].endswith("@live.test")} == said


def test_no_line_is_left_unread(case):
    assert [row["text"] for row in case.unread.to_pylist()] == []


def test_only_the_open_server_is_abused(case):
    findings = case.findings.to_pandas()
    abuse = findings[findings["mechanism"].eq("open_relay")]
    clients = {letter.client for letter in LETTERS.values() if letter.service}
    assert set(abuse["subject"]) == clients


def test_the_run_is_told(sent, case, tables):
    wrong = [said for one in sent.values() for said in differences([one], case)]
    names = {said.partition(":")[0] for said in wrong}
    right = f"{len(sent) - len(names)} of {len(sent)} messages told as they were sent"
    tables.append([f"Sendmail: {right}", *wrong])
