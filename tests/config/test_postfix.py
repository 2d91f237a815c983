"""What must the audit of a Postfix say, of which line, and does its correction close the door?

A configuration is `postfix/NAME.toml`: the sentence it proves, its files, the verdict at each door,
and every finding that is more than a remark. tests/live/test_audit.py asks a real server the same.
"""

import pytest

from analyzer.config import postfix_audit
from analyzer.config.findings import OPEN
from tests.config.fixtures import audited, configuration_of, read, told

CONFIGURATIONS = read("postfix")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_door_is_as_open_as_stated(name):
    doors = {door.name: door.verdict for door in audited(CONFIGURATIONS[name]).doors}
    assert doors == CONFIGURATIONS[name]["doors"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_finding_names_its_line(name):
    assert told(CONFIGURATIONS[name]) == sorted(CONFIGURATIONS[name]["findings"])


OPENED = [name for name in CONFIGURATIONS if OPEN in CONFIGURATIONS[name]["doors"].values()]


@pytest.mark.parametrize("name", OPENED)
def test_the_corrected_lines_close_every_door(name):
    configuration = configuration_of(CONFIGURATIONS[name])
    server, tables = configuration._postfix()
    for finding in audited(CONFIGURATIONS[name]).findings:
        if finding.weight in ("critical", "high"):
            server = postfix_audit.corrected(server, finding.change)
    again = postfix_audit.audit(server, tables, configuration._all)
    assert again.verdict == "closed", [door.because for door in again.doors]
