"""Which site do the configuration files give, and is nothing guessed?"""

import tomllib

import pytest

from analyzer import config
from analyzer.config import Configuration
from analyzer.config.given import Given
from analyzer.config.recognise import recognise
from analyzer.errors import SettingsError

MAIN = """\
myhostname = mx.corp.example
mydestination = $myhostname, localhost, Corp.Example
virtual_alias_domains = hash:/etc/postfix/virtual
virtual_alias_maps = hash:/etc/postfix/virtual
relay_domains = partner.example
mynetworks = 127.0.0.0/8 [2001:db8::]/64, 198.51.0.0/15
inet_interfaces = 192.0.2.25, localhost
"""
VIRTUAL = """\
shop.example        anything
jo@shop.example     jo@elsewhere.example, ann
ann@shop.example    ann@corp.example
"""


def entries(**files):
    given = [Given(name.replace("_cf", ".cf"), text) for name, text in files.items()]
    return Configuration(tuple((one, recognise(one)) for one in given)).entries()


def test_every_entry_comes_with_its_place():
    found = entries(main_cf=MAIN, virtual=VIRTUAL)
    told = {key: {v: str(p) for v, p in values.items()} for key, values in found.values.items()}
    assert told == {
        "domains": {
            "mx.corp.example": "main.cf:1",
            "corp.example": "main.cf:2",
            "shop.example": "virtual:1",
        },
        "relay_domains": {"partner.example": "main.cf:5"},
        "networks": {
            "127.0.0.0/8": "main.cf:6",
            "2001:db8::/64": "main.cf:6",
            "198.50.0.0/15": "main.cf:6",
        },
        "servers": {"mx.corp.example": "main.cf:1", "192.0.2.25": "main.cf:7"},
    }
    assert found.forwards["jo@shop.example"][0] == ["jo@elsewhere.example", "ann"]
    assert "ann@shop.example" not in found.forwards


def test_the_toml_says_the_same_as_the_site():
    found = entries(main_cf=MAIN, virtual=VIRTUAL)
    data = tomllib.loads(config.as_toml(found))
    assert config.Site(**data) == config.site_of(found)


def test_a_network_too_wide_is_kept_and_doubted_in_a_comment():
    assert '198.50.0.0/15",  # main.cf:6; too wide' in config.as_toml(entries(main_cf=MAIN))


@pytest.mark.parametrize(
    ("main", "note"),
    [
        (MAIN, "main.cf:3: virtual_alias_domains: the content of hash:/etc/postfix/virtual"),
        ("mydestination = a.example\n", "mynetworks is not stated"),
        ("mydestination = mysql:/x.cf\n", "main.cf:1: mydestination: the content of mysql:/x.cf"),
        ("mydestination = /etc/postfix/names\n", "main.cf:1: mydestination: the file /etc/postf"),
        ("mynetworks = !10.1.0.0/16, 10.0.0.0/8\n", "main.cf:1: mynetworks: 10.1.0.0/16 is left"),
        ("relay_domains = .a.example\n", "main.cf:1: .a.example stands for all names below"),
    ],
    ids=["a table", "a default of the machine", "a database", "a file", "an exception", "a dot"],
)
def test_what_the_files_do_not_say_is_said(main, note):
    assert any(told.startswith(note) for told in entries(main_cf=main).notes)


def test_networks_that_are_not_stated_stay_unknown():
    assert config.site_of(entries(main_cf="mydestination = a.example\n")).networks is None


GATEWAY = "mydestination =\nrelay_domains = customer.example\n"


def test_a_server_that_takes_in_no_domain_for_itself_says_so():
    site = config.site_of(entries(main_cf=GATEWAY))
    assert (site.domains, site.relay_domains) == ([], ["customer.example"])


@pytest.mark.parametrize(
    "main",
    [
        "relay_domains = customer.example\n",
        "mydestination = $myhostname\n",
        "mydestination =\nvirtual_mailbox_domains = mysql:/x.cf\n",
        "mydestination =\nrelay_domains = hash:/etc/postfix/relay\n",
    ],
    ids=["not stated", "a name not stated", "a database", "a table of relay domains"],
)
def test_no_domain_is_not_taken_for_none_where_the_files_do_not_say_all(main):
    assert config.site_of(entries(main_cf=main)).domains is None


def test_a_table_of_relay_domains_that_was_not_given_leaves_them_unknown():
    main = "mydestination = a.example\nrelay_domains = hash:/etc/postfix/relay\n"
    assert config.site_of(entries(main_cf=main)).relay_domains is None


def test_a_file_that_nothing_refers_to_is_named():
    notes = entries(main_cf=MAIN, other="a b\n").notes
    assert "other: no setting refers to this file" in notes


def test_hostile_text_stays_text():
    name = 'main.cf\n[forwards]\n"x" = 1'
    given = Given(name, 'mydestination = a"b\\.example\n')
    toml = config.as_toml(Configuration(((given, recognise(given)),)).entries())
    assert tomllib.loads(toml)["domains"] == ['a"b\\.example']


def written(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    return [folder / name.replace("_", ".") for name in files]


def test_analyze_takes_a_site_file_and_configuration_together(tmp_path):
    toml = 'timezone = "Europe/Berlin"\ndomains = ["old.example"]\n'
    site = config.sites(written(tmp_path, site_toml=toml, main_cf="mydestination = a.example\n"))
    assert (site.timezone, site.domains) == ("Europe/Berlin", ["old.example", "a.example"])


def test_a_site_file_by_another_name_keeps_its_errors(tmp_path):
    (path,) = written(tmp_path, ours_txt='domains = ["a.example"]\ndomain = ["b"]\n')
    with pytest.raises(SettingsError, match='unknown key "domain"'):
        config.sites([path])


def test_a_file_that_says_nothing_of_a_mail_server_is_refused(tmp_path):
    (path,) = written(tmp_path, notes_txt="remember the milk\n")
    with pytest.raises(SettingsError, match="nothing here says who is local"):
        config.sites([path])


def test_what_powershell_writes_is_read(tmp_path):
    path = tmp_path / "domains.csv"
    text = '"Name","DomainName","DomainType"\r\n"a","a.example","Authoritative"\r\n'
    path.write_bytes(text.encode("utf-16"))
    assert config.sites([path]).domains == ["a.example"]


def test_a_compiled_table_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "virtual.db"
    path.write_bytes(b"\0\x61\x15\x06\0")
    with pytest.raises(SettingsError, match="give the text it was made of"):
        config.configuration([path])
