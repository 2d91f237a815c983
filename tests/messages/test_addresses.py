"""Whose address is it, and where does it lead?"""

import ipaddress

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.addresses import (
    canonical_ip,
    domain,
    literal,
    per_value,
    routed_domain,
    within,
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("jo@corp.example", "corp.example"),
        ("Jo@CORP.Example.", "corp.example"),
        ('"jo@home"@corp.example', "corp.example"),
        ("jo@weberei-mühle.example", "xn--weberei-mhle-llb.example"),
        ("jo@[192.0.2.25]", "[192.0.2.25]"),
        ("jo", ""),
        ("", ""),
    ],
)
def test_the_domain_of(address, expected):
    assert domain(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("bob%far.example@corp.example", "far.example"),
        ("a%b%far.example@corp.example", "far.example"),
        ("far.example!bob@corp.example", "far.example"),
        ("bob@far.example@corp.example", "far.example"),
        ('"bob@far.example"@corp.example', "far.example"),
        ("@corp.example:bob@far.example", "far.example"),
        ("@corp.example,@two.example:bob@far.example", "far.example"),
        ("bob@corp.example", ""),
        ("bob", ""),
        ("", ""),
    ],
)
def test_the_route_through(address, expected):
    assert routed_domain(address) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("[192.0.2.25]", "192.0.2.25"), ("[IPv6:2001:DB8::25]", "2001:db8::25"), ("a.example", "")],
)
def test_the_literal_in(name, expected):
    assert literal(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("IPv6:2001:db8::7", "2001:db8::7"),
        ("[192.0.2.7]", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("192.0.2.256", None),
        ("", None),
    ],
)
def test_an_address_has_one_spelling(text, expected):
    assert canonical_ip(text) == expected


@given(st.ip_addresses())
def test_one_spelling_is_stable(address):
    once = canonical_ip(str(address))
    assert canonical_ip(once) == once


@given(st.text())
def test_any_text_has_a_domain_and_a_route_and_is_an_address_or_none(text):
    assert isinstance(domain(text), str)
    assert isinstance(routed_domain(text), str)
    canonical = canonical_ip(text)
    assert canonical is None or ipaddress.ip_address(canonical)


def test_networks_of_the_other_version_hold_no_address():
    networks = [ipaddress.ip_network("0.0.0.0/0")]
    assert within(networks, "192.0.2.7")
    assert not within(networks, "2001:db8::7")


@pytest.mark.parametrize("values", [[], [None, None]], ids=["no value", "null alone"])
def test_a_column_without_values_stays_one_of_text(values):
    column = pd.Series(values, dtype=object)
    assert per_value(column, str.upper).fillna("?").tolist() == ["?"] * len(values)


def test_null_stays_null():
    assert per_value(pd.Series(["a", None, "a"]), str.upper).fillna("-").tolist() == ["A", "-", "A"]
