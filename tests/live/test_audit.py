"""Does a real Postfix answer a stranger as the audit says, before and after the corrected line?

Each configuration of tests/config/postfix is started on loopback, and every stranger that the audit
thinks of asks it: MAIL FROM, RCPT TO, RSET. The plain one comes from 127.0.0.2, which is in no
network of the server; what others claim of their address and names is told by XCLIENT. The audit
reads the very files that the server runs on.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.config import configuration, postfix_audit
from analyzer.config.findings import BROKEN as REFUSES_ALL
from analyzer.config.findings import OPEN
from analyzer.config.postfix_places import Places
from analyzer.config.postfix_stranger import ACCEPTED, BROKEN, DEFERRED, DISCARDED, REFUSED, answer
from analyzer.config.postfix_variants import plain, variants
from tests.config.fixtures import configuration_of, read
from tests.live.postfix_server import PostfixServer

CONFIGURATIONS = {
    name: fixture for name, fixture in read("postfix").items() if fixture.get("live", True)
}
XCLIENT = "smtpd_authorized_xclient_hosts = 127.0.0.2/32\n"
HEAD = f"{'configuration':28} {'':10} {'service':11} {'audit':17} {'server':7} asked, first answer"
# A server that gives up at every connection is not waited for.
PATIENCE, SHORT_PATIENCE = 20.0, 3.0


def server_of(fixture, changes=()):
    """A server with the fixture's files, and what the corrections change."""
    files = dict(fixture["files"])
    main = files.pop("main.cf")
    configured = configuration_of(fixture)
    postfix, _ = configured._postfix()
    services = {}
    for service in postfix.services:
        overrides = {name: setting.text for name, setting in service.overrides.items()}
        overrides |= {c.name: c.value for c in changes if c.service == service.name}
        services[service.name] = tuple(
            f"{{ {name} = {value} }}" for name, value in overrides.items()
        )
    lines = "".join(f"{c.name} = {c.value}\n" for c in changes if not c.service)
    files.pop("master.cf", None)
    xclient = "" if "smtpd_authorized_xclient_hosts" in main else XCLIENT
    return PostfixServer(main + lines + xclient, services=services, files=files)


def doors_of(server):
    """The audit of the very files that the server runs on."""
    paths = sorted(path for path in server.config.iterdir() if path.suffix != ".db")
    configured = configuration([path for path in paths if path.is_file()])
    (audit,) = configured.audits()
    postfix, tables = configured._postfix()
    for service in postfix_audit.services(postfix):
        door = next(d for d in audit.doors if d.name.startswith(service.name + " "))
        name = next(n for n, port in server.ports.items() if str(port) == service.port)
        yield name, door, Places(postfix.seen_by(service), tables)


def asked(server, service, stranger, usual, patience):
    """The server's answer, in the audit's words."""
    claims = {}
    if stranger.client != usual.client:
        claims["ADDR"] = stranger.client
    if stranger.name != usual.name:
        claims["NAME"] = stranger.name
    if stranger.reverse != usual.reverse:
        claims["REVERSE_NAME"] = stranger.reverse
    code, words = server.ask(
        stranger.sender,
        stranger.recipient,
        helo=stranger.helo,
        service=service,
        claims=claims,
        patience=patience,
    )
    return verdict_of(code, words), f"{code} {words}"


def verdict_of(code, words):
    if code == 250:
        return ACCEPTED
    if "hung up" in words:
        return BROKEN
    return DEFERRED if code < 500 else REFUSED


def compare(name, server, when, table):
    """Every stranger at every door; the worst answer of the server is the door's."""
    disagreements, verdicts = [], {}
    for service, door, places in doors_of(server):
        usual = plain(places)
        got_through, number, first = False, 0, ""
        for stranger in variants(places):
            if stranger.backed or stranger.certified:  # takes DNS, or an authority
                continue
            expected = answer(places, replace(stranger, client=_client(stranger, usual)))
            patience = SHORT_PATIENCE if door.verdict == REFUSES_ALL else PATIENCE
            real, words = asked(server, service, stranger, usual, patience)
            number += 1
            first = first or words
            got_through |= real == ACCEPTED and expected.verdict != DISCARDED
            said = ACCEPTED if expected.verdict == DISCARDED else expected.verdict
            if real != said:
                disagreements.append((service, stranger, expected, words))
            if real == BROKEN:
                break
        verdicts[service] = (door.verdict, got_through)
        table.append(
            f"{name:28} {when:10} {service:11} {door.verdict:17} "
            f"{'open' if got_through else 'closed':7} {number:3}  {first[:60]}"
        )
    return disagreements, verdicts


def _client(stranger, usual):
    """The plain stranger's true address is 127.0.0.2."""
    return "127.0.0.2" if stranger.client == usual.client else stranger.client


@pytest.fixture(scope="module")
def table(tables):
    """What was asked and answered, for whoever reads the run."""
    tables.append([HEAD])
    return tables[-1]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_server_answers_as_the_audit_says(name, table):
    with server_of(CONFIGURATIONS[name]) as server:
        disagreements, verdicts = compare(name, server, "as it is", table)
    assert disagreements == []
    for service, (said, got_through) in verdicts.items():
        assert (said == OPEN) == got_through, (service, said)


OPENED = [name for name in CONFIGURATIONS if OPEN in CONFIGURATIONS[name]["doors"].values()]


@pytest.mark.parametrize("name", OPENED)
def test_the_corrected_line_closes_the_real_server(name, table):
    fixture = CONFIGURATIONS[name]
    (audit,) = configuration_of(fixture).audits()
    changes = [f.change for f in audit.findings if f.weight in ("critical", "high")]
    with server_of(fixture, changes) as server:
        disagreements, verdicts = compare(name, server, "corrected", table)
    assert disagreements == []
    assert not any(got_through for _, got_through in verdicts.values())
