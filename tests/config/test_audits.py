"""What must the audit of a server say, of which line, and who is local by its files?

A configuration is `SERVER/NAME.toml`: the sentence it proves, its files, the verdict (of each door,
where there are several), every finding that is more than a remark, and the entries of the site that
it names. tests/live/test_audit.py asks a real Postfix the same.
"""

import pytest

from tests.config.fixtures import audited, configuration_of, read, told

SERVERS = ("postfix", "exchange", "sendmail")
CONFIGURATIONS = {f"{mta} {name}": said for mta in SERVERS for name, said in read(mta).items()}
KEYS = ("domains", "relay_domains", "networks")
STATED = [(name, key) for name, said in CONFIGURATIONS.items() for key in KEYS if key in said]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_door_is_as_open_as_stated(name):
    said, audit = CONFIGURATIONS[name], audited(CONFIGURATIONS[name])
    if "verdict" in said:
        assert audit.verdict == said["verdict"]
    else:
        assert {door.name: door.verdict for door in audit.doors} == said["doors"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_finding_names_its_line(name):
    assert told(CONFIGURATIONS[name]) == sorted(CONFIGURATIONS[name]["findings"])


@pytest.mark.parametrize(("name", "key"), STATED)
def test_the_site_has_what_the_files_say(name, key):
    entries = configuration_of(CONFIGURATIONS[name]).entries()
    assert sorted(entries.values[key]) == sorted(CONFIGURATIONS[name][key])
