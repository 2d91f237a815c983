"""What must the audit of a Sendmail say, of which line, and who is local by its files?

A configuration is `sendmail/NAME.toml`: the sentence it proves, its files, the verdict, every
finding that is more than a remark, and the entries of the site that it names.
"""

import pytest

from tests.config.fixtures import configuration_of, read

CONFIGURATIONS = read("sendmail")


def audited(name):
    (audit,) = configuration_of(CONFIGURATIONS[name]).audits()
    return audit


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_daemon_is_as_open_as_stated(name):
    assert audited(name).verdict == CONFIGURATIONS[name]["verdict"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_finding_names_its_line(name):
    told = [f"{f.check.name} {f.place}" for f in audited(name).findings if f.weight != "info"]
    assert sorted(told) == sorted(CONFIGURATIONS[name]["findings"])


STATED = [
    (name, key)
    for name, fixture in CONFIGURATIONS.items()
    for key in ("domains", "relay_domains", "networks")
    if key in fixture
]


@pytest.mark.parametrize(("name", "key"), STATED)
def test_the_site_has_what_the_files_say(name, key):
    entries = configuration_of(CONFIGURATIONS[name]).entries()
    assert sorted(entries.values[key]) == sorted(CONFIGURATIONS[name][key])
