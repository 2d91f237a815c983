"""Do the command, a case and its report tell what the lists say, of IPv4 and IPv6 addresses?

By `relaytrail dnsbl` itself, in a process of its own, against a DNS server of the test's own on
loopback, over IPv4 and over IPv6. tests/probe/test_dnsbl.py has every kind of answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.probe.fake_dns import REFUSED, FakeDns

ROOT = Path(__file__).parents[2]
FOUR, SIX, CLEAN = "203.0.113.42", "2001:db8::25", "203.0.113.43"
NIBBLES = "5.2.0.0." + "0." * 20 + "8.b.d.0.1.0.0.2"
ESCAPES = "see \\\\027[2J[bold]x[/bold] https://check.spamhaus.org/"  # of a zone file
NAMES = {
    "2.0.0.127.zen.spamhaus.org": ["127.0.0.2"],
    "42.113.0.203.zen.spamhaus.org": ["127.0.0.4", ESCAPES],
    f"{NIBBLES}.zen.spamhaus.org": ["127.0.0.3"],
    "2.0.0.127.b.barracudacentral.org": ["127.0.0.2"],
    "42.113.0.203.b.barracudacentral.org": REFUSED,
    "2.0.0.127.bl.spamcop.net": ["127.0.0.2"],
    "1.0.0.127.bl.spamcop.net": ["127.0.0.2"],  # lists the world
    "42.113.0.203.bl.spamcop.net": ["127.0.0.2"],
}
ZONES = ("zen.spamhaus.org", "b.barracudacentral.org", "bl.spamcop.net")


def relaytrail(folder, *arguments):
    path = str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", "")
    return subprocess.run(
        [sys.executable, "-m", "analyzer.cli", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("resolver", ["127.0.0.1", "::1"])
def test_what_lists_say_reaches_the_case_and_its_report(resolver, tmp_path):
    log = ROOT / "tests/scenarios/first_probe_before_the_flood.log"
    site = tmp_path / "site.toml"
    site.write_text('domains = ["corp.example"]\nnetworks = ["10.0.0.0/8"]\n', "utf-8")
    relaytrail(tmp_path, "analyze", log, "--year", "2026", "--site", site)
    zones = [word for zone in ZONES for word in ("--zone", zone)]
    asked = ("dnsbl", FOUR, SIX, CLEAN, *zones, "--case", "case", "--json")
    with FakeDns(NAMES, resolver) as server:
        told = json.loads(relaytrail(tmp_path, *asked, "--resolver", server.place))
    found = {(row["ip"], row["zone"]): row["state"] for row in told["addresses"]}
    assert [found[address, ZONES[0]] for address in (FOUR, SIX, CLEAN)] == [
        "listed",
        "listed",
        "not_listed",
    ]
    assert {found[address, ZONES[2]] for address in (FOUR, CLEAN)} == {"unknown"}
    assert found[FOUR, ZONES[1]] == "unknown"
    kept = json.loads((tmp_path / "case/dnsbl.json").read_text("ascii"))
    assert kept == told
    assert "\x1b" not in json.dumps(told)
    report = (tmp_path / "case/report.html").read_text("utf-8")
    assert f"3 blocklists asked about {FOUR}: listed by Spamhaus, 2 did not tell." in report
    assert f"3 blocklists asked about {SIX}: listed by Spamhaus" in report
