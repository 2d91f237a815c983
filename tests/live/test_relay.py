"""Do the audit, the relay test, the log and the mailbox agree on real servers, and nmap?

Every configuration of tests/config/postfix is started on loopback, with a world behind it that
takes mail for far.test. The relay test and nmap's smtp-open-relay both ask from 127.0.0.2, a
stranger; the truth is what the world received. Holes that open only for a name that the
configuration holds (a sender, a recipient, a HELO) cannot be guessed from outside: these only the
audit sees, and the relay test is asked again with the name that the audit gives. Those that open
for a client's address or name cannot be asked for from here; test_audit.py does it by XCLIENT.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from analyzer import pipeline
from analyzer.config import configuration, sites
from analyzer.config.findings import OPEN
from analyzer.config.postfix_stranger import ACCEPTED, answer
from analyzer.config.postfix_variants import plain, variants
from analyzer.probe import by_log, outcome, relay_test
from analyzer.probe.forms import Names
from analyzer.probe.manner import Door, Manner
from analyzer.site import Site
from tests.live.postfix_server import PostfixServer
from tests.live.sendmail_server import SendmailServer, packages
from tests.live.test_audit import CONFIGURATIONS, doors_of, server_of
from tests.probe.fake_server import OK, FakeServer, but, closed

STRANGER = "127.0.0.2"
MANNER = Manner(ehlo="stranger.test", source=STRANGER, pace=0, wait=None, patience=10)
PATIENCE = 20  # seconds until a message has to have some end
WIDTHS = (30, 11, 17, 8, 22, 20, 8, 9, 6)
HEAD = (
    *("configuration", "service", "audit", "stranger", "relay test", "with the audit's name"),
    *("arrived", "log tells", "nmap"),
)
TAKEN = {outcome.OPEN, outcome.TAKES, outcome.YES_TO_ALL, outcome.DOUBTFUL}
NMAP = shutil.which("nmap")


@dataclass(frozen=True)
class Seen:
    """One door of one server, by everybody who looked."""

    audit: str  # its verdict
    stranger: bool  # does the audit say that a stranger without any special name is let through?
    test: dict
    arrived: bool  # the world has the test's message
    log: bool  # the analysis tells of mail that this stranger relayed
    again: str  # the test's answer with the names of a stranger whom the audit sees let in
    nmap: int | None  # forms that it saw accepted; None without an answer


def row(*cells):
    return " ".join(
        str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)
    ).rstrip()


@pytest.fixture(scope="module")
def table(tables):
    """What everybody said, for whoever reads the run."""
    tables.append([row(*HEAD)])
    return tables[-1]


def nmap_says(address, port):
    """How many of the sixteen forms nmap saw accepted."""
    command = [NMAP, "-sT", "-Pn", "-n", "-S", STRANGER, "-e", "lo", "-p", str(port)]
    script = ["--script", "+smtp-open-relay", "--script-args", "smtp-open-relay.domain=far.test"]
    said = subprocess.run(
        [*command, *script, address], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    if found := re.search(r"is an open relay \((\d+)/16 tests\)", said):
        return int(found[1])
    return 0 if "doesn't seem to be" in said or "authentication needed" in said else None


def ask(*doors, domain="corp.example"):
    """The relay test, with one message to the world where a form is accepted."""
    token = relay_test.token()
    sender, host = f"{token}@outside.test", "127.0.0.1"
    names = Names(sender, "user@far.test", host, host, domain, token)
    result, _ = relay_test.run(host, doors, names, MANNER, "the test, its owner", send=True)
    return result


def by_the_audit(places, port):
    """The answer to the stranger whom the audit sees let in by a name that he gives himself."""
    usual = plain(places)
    for stranger in variants(places):
        given = ("client", "name", "reverse")  # not by him
        own = all(getattr(stranger, part) == getattr(usual, part) for part in given)
        if own and answer(places, replace(stranger, client=STRANGER)).verdict == ACCEPTED:
            token = relay_test.token()
            host = "127.0.0.1"
            names = Names(stranger.sender, stranger.recipient, host, host, None, token)
            manner = replace(MANNER, ehlo=stranger.helo)
            return relay_test.run(host, [Door(host, port)], names, manner, "the test")[0]["answer"]
    return "–"


def served(server):
    """The domain to name: one that the server passes on, where it has one, is the riskier."""
    main = (server.config / "main.cf").read_text("utf-8")
    named = re.findall(r"^relay_domains = ([a-z.-]+\.[a-z]+)$", main, re.MULTILINE)
    return named[-1] if named else "corp.example"


def ended(server, result, world):
    """Wait until the message that was sent has come to some end."""
    sent = re.search(r"queued as (\w+)", (result["delivery"] or {}).get("reply", ""))
    deadline = time.monotonic() + PATIENCE
    while sent and time.monotonic() < deadline:
        if re.search(rf"{sent[1]}: .*status=", server.log_text()):
            break
        time.sleep(0.1)
    return any(f"Token: {result['token']}" in line for line in world.commands)


def seen(server, service, door, places, world):
    """Everybody's answer about one door."""
    result = ask(Door("127.0.0.1", server.ports[service]), domain=served(server))
    arrived = ended(server, result, world)
    case = pipeline.analyze([server.log], site=sites([server.config / "main.cf"])).case
    log = by_log.join(result, case.attempts.to_pandas(), case.deliveries.to_pandas())
    result = relay_test.decided(result | {"log": log})
    rows = case.deliveries.to_pandas()
    mine = rows[rows["message_id"].astype("str").str.startswith(result["token"])]
    usual = replace(plain(places), client=STRANGER)
    return Seen(
        audit=door.verdict,
        stranger=answer(places, usual).verdict == ACCEPTED,
        test=result,
        arrived=arrived,
        again=by_the_audit(places, server.ports[service]) if door.verdict == OPEN else "–",
        log=bool(mine["mechanism"].eq("open_relay").any()),
        nmap=nmap_says("127.0.0.1", server.ports[service]) if NMAP else None,
    )


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_all_agree_on_a_configuration(name, table):
    with FakeServer(but(RCPT=OK)) as world:
        route = f"inline:{{ {{ far.test = smtp:[127.0.0.1]:{world.port} }} }}"
        change = SimpleNamespace(name="transport_maps", value=route, service="")
        with server_of(CONFIGURATIONS[name], [change]) as server:
            for service, door, places in doors_of(server):
                said = seen(server, service, door, places, world)
                table.append(told(name, service, said))
                agree(said)


def told(name, service, said):
    nmap = "–" if said.nmap is None else f"{said.nmap}/16"
    yes = {True: "yes", False: "no"}
    stranger = "let in" if said.stranger else "refused"
    return row(
        *(name, service, said.audit, stranger, said.test["answer"], said.again),
        *(yes[said.arrived], yes[said.log], nmap),
    )


def agree(said):
    """What must hold between those who looked."""
    answered = said.test["answer"]
    # Open is what arrived, and nothing else; the log of the server tells of it too, and of mail
    # that was taken and waits.
    assert (answered == outcome.OPEN) == said.arrived
    assert said.log or not said.arrived
    assert answered in TAKEN or not said.log
    # What the relay test proves open, the audit knows.
    assert not said.arrived or said.audit == OPEN
    # A stranger whom the audit sees let in is let in.
    assert not said.stranger or answered in TAKEN
    # So is one whom it sees let in by a name that he gives himself.
    assert said.again == "–" or said.again in TAKEN
    # What nmap finds open and is open, the relay test finds.
    assert not (said.nmap and said.arrived) or answered == outcome.OPEN


def catch_all(command):
    """Takes every name of its own domain, and nothing else."""
    return OK if command.rstrip(">").endswith("corp.example") else closed(command)


def strict(command):
    """A server without address hacks: whatever stands before the last @ of its own is a name."""
    inside = command.partition("<")[2].rstrip(">")
    foreign = inside.count("@") == 1 and not inside.endswith(("corp.example", "]"))
    return closed(command) if foreign else OK


STUBBORN = {
    "accepts everything": (but(RCPT=OK), {outcome.YES_TO_ALL}),
    "catch-all": (but(RCPT=catch_all), {outcome.DOUBTFUL}),
    "no address hacks": (but(RCPT=strict), {outcome.DOUBTFUL}),
    "greylists": (but(RCPT=b"450 4.2.0 Greylisted\r\n"), {outcome.UNDECIDED}),
    "hangs up": (but(RCPT=b""), {outcome.UNDECIDED}),
    "closed": (closed, {outcome.CLOSED}),
}


@pytest.mark.parametrize("name", STUBBORN)
def test_servers_that_carry_nothing_are_not_called_open(name, table):
    """nmap calls some of them open relays: these are its false alarms."""
    answers, expected = STUBBORN[name]
    with FakeServer(answers) as server:
        result = ask(Door("127.0.0.1", server.port))
        nmap = nmap_says("127.0.0.1", server.port) if NMAP else None
    shown = "–" if nmap is None else f"{nmap}/16"
    table.append(row(f"({name})", "–", "–", "–", result["answer"], "–", "no", "–", shown))
    assert result["answer"] in expected


TLS = """
smtpd_tls_security_level = may
smtpd_tls_cert_file = /etc/postfix/mx.pem
smtpd_tls_key_file = /etc/postfix/mx.pem
smtpd_tls_loglevel = 0
"""
OPEN_TO_ALL = "mynetworks=0.0.0.0/0"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Key and certificate of mx.corp.example, as one text."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=mx.corp.example", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command, *named], cwd=folder, check=True, capture_output=True)
    return (folder / "key.pem").read_text("ascii") + (folder / "cert.pem").read_text("ascii")


@pytest.mark.parametrize(
    ("smtps", "answered"),
    [((), outcome.CLOSED), ((OPEN_TO_ALL,), outcome.OPEN)],
    ids=["closed", "open over TLS alone"],
)
def test_the_doors_behind_tls_are_asked_too(certificate, smtps, answered):
    services = {
        "smtp": (),
        "submission": ("smtpd_tls_security_level=encrypt",),
        "smtps": ("smtpd_tls_wrappermode=yes", *smtps),
    }
    with FakeServer(but(RCPT=OK)) as world:
        route = f"transport_maps = inline:{{ {{ far.test = smtp:[127.0.0.1]:{world.port} }} }}\n"
        files = {"mx.pem": certificate}
        with PostfixServer(TLS + route, services=services, files=files) as server:
            plain_port, wrapped = (server.ports[name] for name in ("smtp", "smtps"))
            at = [Door("127.0.0.1", plain_port), Door("127.0.0.1", plain_port, "starttls")]
            at += [
                Door("127.0.0.1", server.ports["submission"], how) for how in ("none", "starttls")
            ]
            at += [Door("127.0.0.1", wrapped, "implicit")]
            result = ask(*at)
            arrived = ended(server, result, world)
            case = pipeline.analyze([server.log], site=sites([server.config / "main.cf"])).case
    log = by_log.join(result, case.attempts.to_pandas(), case.deliveries.to_pandas())
    assert relay_test.decided(result | {"log": log})["answer"] == answered
    assert arrived == (answered == outcome.OPEN)
    assert {r["door"] for r in result["records"]} == {door.name for door in at}
    assert result["counts"]["inconclusive"] == 0


WORLD = but(RCPT=OK, EHLO=b"250 mx.far.test\r\n")  # not the server's own name: that were a loop
SENDMAIL = {
    "sendmail, as it comes": ("", False),
    "sendmail, promiscuous_relay": ("FEATURE(`promiscuous_relay')dnl", True),
    "sendmail, relay_local_from": ("FEATURE(`relay_local_from')dnl", True),
    "sendmail, loose_relay_check": ("FEATURE(`loose_relay_check')dnl", False),
}


@pytest.fixture(scope="module")
def unpacked():
    folder = packages()
    if folder is None:
        pytest.skip("Debian's sendmail cannot be had")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", SENDMAIL)
def test_all_agree_on_a_real_sendmail(name, unpacked, table):
    features, is_open = SENDMAIL[name]
    with (
        FakeServer(WORLD, greeting=b"220 mx.far.test ESMTP\r\n") as world,
        SendmailServer(unpacked, features, world.port) as server,
    ):
        result = ask(Door("127.0.0.1", server.port))
        arrived = came(server, result, world)
        (audit,) = configuration([server.mc]).audits()
        verdict = OPEN if any(door.verdict == OPEN for door in audit.doors) else "closed"
        case = pipeline.analyze([server.log], site=SENDMAIL_SITE).case
        log = by_log.join(result, case.attempts.to_pandas(), case.deliveries.to_pandas())
        result = relay_test.decided(result | {"log": log})
        relayed = "open_relay" in case.deliveries["mechanism"].to_pylist()
        nmap = nmap_says("127.0.0.1", server.port) if NMAP else None
    shown = "–" if nmap is None else f"{nmap}/16"
    yes = {True: "yes", False: "no"}
    table.append(
        row(name, "MTA", verdict, "–", result["answer"], "–", yes[arrived], yes[relayed], shown)
    )
    assert (result["answer"] == outcome.OPEN) == arrived == relayed == is_open
    assert (verdict == OPEN) == is_open


SENDMAIL_SITE = Site(domains=["corp.example"], networks=["127.0.0.1/32"], servers=["mx"])


def came(server, result, world):
    """Did the message that was sent come to the world? The log then tells of it, a moment later."""
    token = f"Token: {result['token']}"
    sent = result["delivery"]["state"] == "sent"
    deadline = time.monotonic() + (PATIENCE if sent else 0)
    while time.monotonic() < deadline and token not in world.commands:
        time.sleep(0.1)
    arrived = token in world.commands
    while arrived and time.monotonic() < deadline and "stat=Sent" not in server.log_text():
        time.sleep(0.1)
    return arrived
