"""What does `relaytrail test-relay` print, write and refuse?"""

import hashlib
import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from analyzer.case import Case
from tests.probe.fake_server import OK, FakeServer, but, closed

SCENARIOS = Path(__file__).parents[1] / "scenarios"
WHO = ("--authorised", "Ann, I run 127.0.0.1")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def case(relaytrail, tmp_path):
    (tmp_path / "mail.log").write_bytes((SCENARIOS / "innocent.log").read_bytes())
    assert relaytrail("analyze", "mail.log", "--year", "2026")[0] == 0
    return tmp_path / "case"


def test_the_answer_is_closed_for_so_many_forms_and_no_line_is_too_wide(relaytrail):
    with FakeServer() as server:
        code, out, _ = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    assert code == 0
    assert out.startswith("Closed for 25 tested forms, 0 inconclusive.")
    assert "secure" not in out
    assert max(map(len, out.split("\n"))) <= 80


def test_result_and_transcript_are_kept_and_the_hash_is_that_of_the_file(relaytrail, tmp_path):
    with FakeServer() as server:
        relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    (written,) = tmp_path.glob("relay-test-*.json")
    result = json.loads(written.read_text("ascii"))
    transcript = written.with_suffix(".txt").read_bytes()
    assert hashlib.sha256(transcript).hexdigest() == result["transcript_sha256"]
    assert b"authorised: Ann, I run 127.0.0.1" in transcript


def test_findings_fail_where_that_is_asked_for(relaytrail):
    with FakeServer(but(RCPT=OK)) as server:
        arguments = ("test-relay", "127.0.0.1", "--port", server.port, *WHO)
        assert relaytrail(*arguments)[0] == 0
        assert relaytrail(*arguments, "--fail-on-findings")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("127.0.0.1",), "authorised"),
        (("127.0.0.0/8", *WHO), "no single host"),
        (("smtp.gmail.com", *WHO), "not yours"),
        (("127.0.0.1", *WHO, "--sender", "x"), "--sender"),
        (("127.0.0.1", *WHO, "--deliver", "a@example.org"), "reserved"),
    ],
)
def test_nothing_is_sent_without_leave(arguments, word, relaytrail, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a connection"))
    code, _, err = relaytrail("test-relay", *arguments)
    assert code == 2
    assert word in err


def test_a_dry_run_prints_every_command_and_sends_and_looks_up_nothing(relaytrail, monkeypatch):
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, lambda *_, **__: pytest.fail("the network"))
    code, out, _ = relaytrail(
        "test-relay",
        "mail.corp.example",
        "--domain",
        "corp.example",
        "--ehlo",
        "me.example",
        "--dry-run",
    )
    assert code == 0
    assert out.count("RCPT TO:") == 40
    assert out.count("QUIT") == out.count("\n\n") - 1  # a headline stands between
    assert "DATA" not in out


def test_a_dry_run_with_a_mailbox_shows_the_message_too(relaytrail):
    named = ("mail.corp.example", "--deliver", "me@elsewhere.test", "--authorised", "Ann Meyer, I")
    code, out, _ = relaytrail("test-relay", *named, "--dry-run")
    assert code == 0
    message = out.partition("  DATA\n")[2]
    assert "To: <me@elsewhere.test>" in message
    assert "Ann Meyer, I" in message


@pytest.mark.parametrize("more", [("--join", "gone.log"), ("--arrived", "gone.eml")])
def test_a_wrong_path_does_not_cost_a_test_that_was_made(relaytrail, tmp_path, more):
    with FakeServer() as server:
        code, _, err = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO, *more)
    assert code in (2, 6)
    assert "gone." in err
    (written,) = tmp_path.glob("relay-test-*.json")
    assert written.with_suffix(".txt").is_file()
    assert relaytrail("test-relay", written.name)[0] == 0


def test_a_result_that_is_not_there_is_no_host(relaytrail):
    code, _, err = relaytrail("test-relay", "relay-test-mx.json", "--join", "mail.log")
    assert code == 2
    assert "no result of a relay test" in err


def hostile(command):
    """All that a server can say to harm whoever reads it."""
    verb = command.split(" ")[0].upper()
    wild = b"\x1b[2J\x1b]0;owned\x07\x00\x08\xff\xc2\x9b31m\xe2\x80\xae[bold]{x}%s"
    fake = rb"2026-01-01T00:00:00.000Z [127.0.0.1]:25 C: DATA\n"
    if verb == "EHLO":
        return b"250-" + wild + b" [10.9.8.7]\r\n250-AUTH PLAIN\r\n250 " + fake + b"\r\n"
    return b"554-" + fake + b"\r\n554 Relay access denied " + wild + b"\r\n"


def test_nothing_that_a_server_says_acts_on_the_terminal_or_on_the_record(relaytrail, tmp_path):
    greeting = b"220 \x1b[31mmx\x00.example\r\n"
    with FakeServer(but(EHLO=hostile, RCPT=hostile, RSET=hostile), greeting=greeting) as server:
        code, out, err = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    assert code == 0
    (transcript,) = tmp_path.glob("relay-test-*.txt")
    kept = transcript.read_text("ascii") + transcript.with_suffix(".json").read_text("ascii")
    for text in (out, err, kept):
        assert all(c == "\n" or (c.isprintable() and c not in "\u202e\x9b") for c in text)
    said = [line for line in transcript.read_text("ascii").split("\n") if line[:2] == "20"]
    assert not any(line.split(" ")[2:4] == ["C:", "DATA"] for line in said)
    assert max(map(len, out.split("\n"))) <= 80


@pytest.mark.parametrize(
    "reply",
    [b"250 " + b"x" * (1 << 20) + b"\r\n", b"250-more\r\n" * 100_000, b"\x00" * 500_000],
    ids=["a line of a megabyte", "a reply without end", "half a megabyte of nothing"],
)
def test_a_flood_is_cut_off_and_decides_nothing(relaytrail, tmp_path, reply):
    with FakeServer(but(RCPT=reply)) as server:
        code, out, _ = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    assert code == 0
    assert out.startswith("Not decided: ")
    (transcript,) = tmp_path.glob("relay-test-*.txt")
    assert transcript.stat().st_size < 2_000_000


def test_a_client_of_the_case_is_not_asked(relaytrail, case):
    client = next(filter(None, Case.load(case).messages["client_ip"].to_pylist()))
    who = ("--authorised", f"Ann, I run {client}")
    code, _, err = relaytrail("test-relay", client, *who, "--case", case)
    assert code == 2
    assert "as a client" in err


def test_the_case_holds_the_result_by_its_hash_and_keeps_it_when_it_is_made_anew(relaytrail, case):
    with FakeServer() as server:
        relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO, "--case", case)
    told = json.loads((case / "relay_test.json").read_text("ascii"))
    for force in ((), ("--force",)):
        assert relaytrail("analyze", "mail.log", "--year", "2026", *force)[0] == 0
        outputs = json.loads((case / "manifest.json").read_text("ascii"))["outputs"]
        for name in ("relay_test.json", "relay_test.txt"):
            assert hashlib.sha256((case / name).read_bytes()).hexdigest() == outputs[name]
    assert Case.load(case).relay_test == told


def test_an_earlier_result_is_joined_with_the_servers_log(relaytrail, tmp_path):
    with FakeServer(but(RCPT=OK)) as server:
        relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    (written,) = tmp_path.glob("relay-test-*.json")
    (tmp_path / "mail.log").write_bytes((SCENARIOS / "innocent.log").read_bytes())
    code, out, _ = relaytrail("test-relay", written.name, "--join", "mail.log")
    assert code == 0
    assert "By the server's log: 0 lines of this test" in out


@pytest.mark.parametrize(
    ("data", "looked_for"), [(OK, True), (b"554 5.7.1 no\r\n", False)], ids=["taken", "refused"]
)
def test_a_message_is_looked_for_only_where_it_was_taken(relaytrail, data, looked_for):
    answers = {"RCPT": OK, ".": data}
    own = ("--deliver", "me@elsewhere.test", "--sender", "me@own.test")
    with FakeServer(but(**answers)) as server:
        _, out, _ = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO, *own)
    assert "One message was sent by form 2" in out
    assert ("Look for relaytest-" in " ".join(out.split())) == looked_for


def test_what_is_no_result_is_refused_in_words(relaytrail, tmp_path):
    (tmp_path / "x.json").write_text("{}", "ascii")
    code, _, err = relaytrail("test-relay", "x.json", "--join", "mail.log")
    assert code == 2
    assert "no result of a relay test" in err


@pytest.mark.parametrize(
    "change",
    [
        {"records": [{}]},
        {"started": "now"},
        {"counts": {}},
        {"token": 5},
        {"addresses": None},
        {"log": {"message": 5}},
        {"delivery": {}},
    ],
    ids=[
        "records of another shape",
        "no time",
        "no counts",
        "a token that is no text",
        "nowhere",
        "a log of another shape",
        "a delivery of another shape",
    ],
)
def test_a_result_of_another_shape_is_none(relaytrail, tmp_path, change):
    with FakeServer() as server:
        relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    (written,) = tmp_path.glob("relay-test-*.json")
    written.write_text(json.dumps(json.loads(written.read_text()) | change))
    code, out, err = relaytrail("test-relay", written, "--join", "mail.log")
    assert (code, out) == (2, "")
    assert "this is no result of a relay test" in err


def test_ctrl_c_keeps_what_was_said_and_ends_with_130(relaytrail, tmp_path):
    def stop(command):
        if "%" in command:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return closed(command)

    with FakeServer(stop) as server:
        code, out, _ = relaytrail("test-relay", "127.0.0.1", "--port", server.port, *WHO)
    assert code == 130
    assert "by hand (Ctrl-C)" in out
    (transcript,) = tmp_path.glob("relay-test-*.txt")
    assert "RCPT TO:" in transcript.read_text("ascii")
