"""Can Postfix read a word of a list of networks, and what was meant?"""

import pytest

from analyzer.config.postfix_entries import is_broken, is_fatal, mended
from analyzer.config.postfix_names import is_full, is_host


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("0.0.0.0/0.0.0.0", ""),
        ("192.168.1.0/255.255.255.0", "192.168.1.0/24"),
        ("127.0.0.1/8", "127.0.0.1"),
        ("!9.9.9.9/8", "!9.9.9.9"),
        ("[2001:db8::1]/64", "[2001:db8::1]"),
        ("10/8", ""),
        ("10.0.0.0/33", ""),
        ("abc/8", ""),
        ("2001:db8::/32", "[2001:db8::]/32"),
        ("hahs:/etc/x", ""),
    ],
)
def test_an_entry_that_postfix_stumbles_over(word, meant):
    assert is_broken(word)
    assert mended(word) == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [("::1/128", "[::1]/128"), ("hash:", ""), (":x", "")],
)
def test_an_entry_at_which_smtpd_ends(word, meant):
    assert is_fatal(word)
    assert mended(word) == meant


@pytest.mark.parametrize(
    "word",
    [
        "10.0.0.0/8",
        "192.0.2.1",
        "[::1]/128",
        "hash:/etc/x",
        "/etc/x",
        "mx.corp.example",
        "*",
        "x/8",
    ],
)
def test_an_entry_that_can_be_read(word):
    assert not is_broken(word)
    assert not is_fatal(word)
    assert mended(word) == word


def test_an_entry_stops_clients_of_its_own_version_of_ip_alone():
    assert not is_broken("127.0.0.1/8", version=6)


@pytest.mark.parametrize(
    ("name", "host", "full"),
    [
        ("mx.corp.example", True, True),
        ("localhost", True, False),
        ("192.0.2.1", False, False),
        ("a..b", False, False),
        ("-a.b", False, False),
        ("a b", False, False),
    ],
)
def test_a_name_is_judged_by_its_form(name, host, full):
    assert (is_host(name), is_full(name)) == (host, full)
