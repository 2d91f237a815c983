"""What does `relaytrail test-relay` print, write and refuse?"""

import hashlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.case import Case
from tests.probe.fake_server import OK, FakeServer, but, closed

SCENARIOS = Path(__file__).parents[1] / "scenarios"
WHO = ("--authorised", "Ann, I run 127.0.0.1")


@pytest.fixture
def relaytrail(monkeypatch, capsys, tmp_path):
    """The command, in a folder of its own: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["relaytrail", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


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
    assert "DATA" not in out


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


def test_what_is_no_result_is_refused_in_words(relaytrail, tmp_path):
    (tmp_path / "x.json").write_text("{}", "ascii")
    code, _, err = relaytrail("test-relay", "x.json", "--join", "mail.log")
    assert code == 2
    assert "no result of a relay test" in err


@pytest.mark.parametrize(
    "change",
    [{"records": [{}]}, {"started": "now"}, {"counts": {}}, {"token": 5}, {"addresses": None}],
    ids=["records of another shape", "no time", "no counts", "a token that is no text", "nowhere"],
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
