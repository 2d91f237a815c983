"""Does the correction that an audit of Postfix names close the door?"""

import pytest

from analyzer.config import postfix_audit
from analyzer.config.findings import OPEN
from tests.config.fixtures import audited, configuration_of, read

CONFIGURATIONS = read("postfix")

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
