"""What must the audit of a Sendmail say, of which line, and who is local by its files?

A configuration is `sendmail/NAME.toml`: the sentence it proves, its files, the verdict, every
finding that is more than a remark, and the entries of the site that it names.
"""

import pytest

from tests.config.fixtures import audited, configuration_of, read, stated, told

CONFIGURATIONS = read("sendmail")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_daemon_is_as_open_as_stated(name):
    assert audited(CONFIGURATIONS[name]).verdict == CONFIGURATIONS[name]["verdict"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_finding_names_its_line(name):
    assert told(CONFIGURATIONS[name]) == sorted(CONFIGURATIONS[name]["findings"])


@pytest.mark.parametrize(("name", "key"), stated(CONFIGURATIONS))
def test_the_site_has_what_the_files_say(name, key):
    entries = configuration_of(CONFIGURATIONS[name]).entries()
    assert sorted(entries.values[key]) == sorted(CONFIGURATIONS[name][key])
