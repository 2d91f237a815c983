"""Is every door asked in its own way: ports 25, 587 and 465, STARTTLS, IPv4 and IPv6?

By `relaytrail test-relay` itself, against aiosmtpd with a certificate made for the test and against
a Postfix that is open to strangers over IPv6 alone; all on loopback.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from analyzer import cli, pipeline
from analyzer.config import configuration, sites
from analyzer.config.findings import OPEN
from analyzer.probe import outcome
from tests.live.postfix_server import PostfixServer, free_port
from tests.live.test_relay import PATIENCE, ended
from tests.live.world import PYTHON
from tests.probe.fake_server import OK, FakeServer, but

HOST = "127.0.0.46"  # an address of this machine at which nobody listens to these ports
SIX = "2001:db8:46::2"  # a stranger's, on the loopback interface while a test runs
PROGRAM = "tests/live/doors_server.py"


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Key and certificate, signed by nobody and of another name."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=other.example", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command, *named], cwd=folder, check=True, capture_output=True)
    both = (folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes()
    (folder / "mx.pem").write_bytes(both)
    return folder / "mx.pem"


@pytest.fixture
def served(pem):
    """Starts a server at these doors; it ends with the test."""
    running = []

    def at(*doors):
        given = json.dumps({"doors": doors, "pem": str(pem)})
        running.append(
            subprocess.Popen(
                [PYTHON, PROGRAM, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        assert running[-1].stdout.readline() == "ready\n"

    yield at
    for program in running:
        program.communicate(timeout=PATIENCE)


def door(port, tls, *, address=HOST, is_open=False):
    return {"address": address, "port": port, "tls": tls, "open": is_open}


@pytest.fixture
def tested(monkeypatch, capsys, tmp_path):
    """`relaytrail test-relay HOST …`: its result, and the transcript."""
    here = tmp_path / "run"
    here.mkdir()

    def test(host, *arguments):
        monkeypatch.chdir(here)
        who = ["--authorised", f"the test, it runs {host}", "--no-wait", "--json"]
        command = ["relaytrail", "test-relay", host, "--domain", "corp.example", *who, *arguments]
        monkeypatch.setattr(sys, "argv", [str(word) for word in command])
        with pytest.raises(SystemExit) as over:
            cli.main()
        assert not over.value.code
        (transcript,) = here.glob("relay-test-*.txt")
        said = transcript.read_text("ascii")
        transcript.unlink()
        return json.loads(capsys.readouterr().out), said

    return test


def plain(result):
    """The verdict of the plain form, by door."""
    return {r["door"]: r["verdict"] for r in result["records"] if r["form"] == "2"}


def test_ports_25_587_and_465_are_each_asked_in_their_own_way(served, tested):
    served(door(25, "starttls"), door(587, "required"), door(465, "implicit"))
    result, transcript = tested(HOST)
    at = f"[{HOST}]"
    assert plain(result) == {
        f"{at}:25": "refused",
        f"{at}:25 after STARTTLS": "refused",
        f"{at}:587": "refused",
        f"{at}:587 after STARTTLS": "refused",
        f"{at}:465 over TLS": "refused",
    }
    assert (result["answer"], result["counts"]["inconclusive"]) == (outcome.CLOSED, 0)
    assert len(re.findall(r"TLS: TLSv1\.[23]", transcript)) >= 3
    assert "C: DATA" not in transcript


@pytest.mark.parametrize(
    ("doors", "found"),
    [
        ([door(25, "none"), door(465, "implicit", is_open=True)], "465 over TLS"),
        ([door(25, "none"), door(587, "required", is_open=True)], "587 after STARTTLS"),
    ],
    ids=["over TLS alone", "after STARTTLS alone"],
)
def test_a_hole_behind_tls_is_found(served, tested, doors, found):
    served(*doors)
    result, _ = tested(HOST)
    taken = [name for name, verdict in plain(result).items() if verdict == "suspicious_high"]
    assert taken == [f"[{HOST}]:{found}"]
    assert result["answer"] in (outcome.TAKES, outcome.YES_TO_ALL)
    assert not result["shown_closed"]


@pytest.mark.parametrize("tls", ["none", "starttls"])
@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_a_server_is_asked_over_ipv6(served, tested, tls, is_open):
    port = free_port()
    served(door(port, tls, address="::1", is_open=is_open))
    result, transcript = tested("::1", "--port", port)
    doors = {f"[::1]:{port}"} | ({f"[::1]:{port} after STARTTLS"} if tls == "starttls" else set())
    assert set(plain(result)) == doors
    assert "@[IPv6:::1]>" in transcript
    assert (result["answer"] == outcome.CLOSED) == (not is_open)


@pytest.fixture
def stranger():
    """An IPv6 address beside ::1, for the time of a test."""
    change = ["ip", "-6", "address", "add", f"{SIX}/128", "dev", "lo", "nodad"]
    if subprocess.run(change, capture_output=True, check=False).returncode:
        pytest.skip("no address can be added to the loopback interface")
    yield SIX
    change[3] = "del"
    subprocess.run(change[:-1], capture_output=True, check=True)


@pytest.mark.parametrize(
    ("more", "is_open"), [("", False), (" [::]/0", True)], ids=["closed", "open over IPv6 alone"]
)
def test_all_agree_on_a_postfix_that_is_asked_over_both(stranger, tested, more, is_open):
    port = free_port()
    listens = f"[::1]:{port} inet n - n - - smtpd\n"
    with FakeServer(but(RCPT=OK)) as world:
        main = (
            "inet_protocols = all\ninet_interfaces = 127.0.0.1, ::1\n"
            f"mynetworks = 127.0.0.1/32{more}\n"
            f"transport_maps = inline:{{ {{ far.test = smtp:[127.0.0.1]:{world.port} }} }}\n"
        )
        with PostfixServer(main, more=listens) as server:
            four, _ = tested("127.0.0.1", "--port", server.port, "--source", "127.0.0.2")
            result, _ = again(tested, port, stranger)
            arrived = ended(server, result, world)
            case = pipeline.analyze([server.log], site=sites([server.config / "main.cf"])).case
            (audit,) = configuration([server.config / "main.cf"]).audits()
    relayed = case.deliveries.to_pandas()
    relayed = relayed[relayed["mechanism"].eq("open_relay")]
    assert four["answer"] == outcome.CLOSED
    assert (result["answer"] != outcome.CLOSED) == arrived == is_open
    assert set(relayed["client_ip"]) == ({stranger} if is_open else set())
    assert (audit.verdict == OPEN) == is_open


def again(tested, port, source):
    """The same server over IPv6, with a message to the world where a form is accepted."""
    deliver = ("--deliver", "user@far.test", "--sender", "relaytest@outside.test")
    return tested("::1", "--port", port, "--source", source, *deliver)
