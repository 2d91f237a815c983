"""Which envelopes are tried? The numbers 1 to 16 are shared by relay testers, so they are fixed."""

from dataclasses import replace

import pytest

from analyzer.probe.forms import MOST, Names, controls, forms

NAMES = Names(
    sender="probe@tester.example",
    recipient="user@third.example",
    host="mx.corp.example",
    address="192.0.2.25",
    domain="corp.example",
    token="relaytest-0",
)
IP, H = "[192.0.2.25]", "mx.corp.example"
CLASSIC = [
    ("", "user@third.example"),
    ("probe@tester.example", "user@third.example"),
    (f"probe@{H}", "user@third.example"),
    (f"probe@{IP}", "user@third.example"),
    (f"probe@{IP}", f"user%third.example@{IP}"),
    (f"probe@{IP}", f"user%third.example@{H}"),
    (f"probe@{IP}", '"user@third.example"'),
    (f"probe@{IP}", '"user%third.example"'),
    (f"probe@{IP}", f"user@third.example@{IP}"),
    (f"probe@{IP}", f'"user@third.example"@{IP}'),
    (f"probe@{IP}", f"user@third.example@{H}"),
    (f"probe@{IP}", f"@{IP}:user@third.example"),
    (f"probe@{IP}", f"@{H}:user@third.example"),
    (f"probe@{IP}", "third.example!user"),
    (f"probe@{IP}", f"third.example!user@{IP}"),
    (f"probe@{IP}", f"third.example!user@{H}"),
]


def test_the_classic_sixteen_are_what_other_testers_send():
    first = forms(NAMES)[:16]
    assert [form.name for form in first] == [str(n) for n in range(1, 17)]
    assert [(form.sender, form.recipient) for form in first] == CLASSIC


def test_no_form_stands_twice():
    envelopes = [
        (f.sender, f.recipient, f.ehlo, f.first, f.login) for f in [*forms(NAMES), *controls(NAMES)]
    ]
    assert len(set(envelopes)) == len(envelopes)
    assert len({f.name for f in forms(NAMES)}) == len(forms(NAMES))


def test_all_of_them_fit_in_one_run():
    assert sum(f.recipients for f in [*forms(NAMES), *controls(NAMES)]) <= MOST


def test_without_a_served_domain_none_is_made_up():
    names = replace(NAMES, domain=None)
    assert not any("corp.example" in f.recipient.replace(H, "") for f in forms(names))


@pytest.mark.parametrize("form", forms(NAMES), ids=lambda form: form.name)
def test_every_name_is_the_testers_or_the_targets_own(form):
    foreign = form.sender.rpartition("@")[2]
    assert foreign in ("", "probe", "tester.example", H, IP, "corp.example", "localhost")


@pytest.mark.parametrize("form", forms(NAMES), ids=lambda form: form.name)
def test_a_form_is_plain_only_if_the_recipient_can_be_read_in_one_way(form):
    assert form.plain == (form.recipient.lower() == "user@third.example")


def test_an_ipv6_server_is_named_as_rfc_5321_has_it():
    names = replace(NAMES, address="2001:db8::25")
    assert forms(names)[3].sender == "probe@[IPv6:2001:db8::25]"
