"""Who may be asked, and on whose word?"""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.errors import SettingsError
from analyzer.probe import guards, relay_test

NOW = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.0/24", "192.0.2.1-9", "a b", "http://mail.corp.example", "", "*.corp.example", "-x"],
)
def test_a_range_or_a_pattern_is_no_host(host):
    with pytest.raises(SettingsError, match="no single host"):
        guards.one_host(host)


@pytest.mark.parametrize("host", ["mail.corp.example", "192.0.2.1", "[2001:db8::1]", "::1", "mx_1"])
def test_one_name_or_address_is_a_host(host):
    assert guards.one_host(host) == host.strip("[]")


@pytest.mark.parametrize("host", ["gmail-smtp-in.l.google.com", "Outlook.com", "mx.yandex.ru."])
def test_a_large_providers_server_is_refused(host):
    with pytest.raises(SettingsError, match="not yours"):
        guards.one_host(host)


@pytest.mark.parametrize(
    "text", [None, "", "me", "Ann, I may", "mail.corp.example", ", mail.corp.example"]
)
def test_an_authorisation_names_a_person_a_reason_and_the_host(text):
    with pytest.raises(SettingsError):
        guards.authorised(text, "mail.corp.example")


def test_such_words_are_taken_as_they_are():
    words = "Ann Meyer, I run Mail.Corp.Example"
    assert guards.authorised(words, "mail.corp.example") == words


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nDATA", "a@b", "<a@b.example>", "a b@c.example"]
)
def test_an_address_cannot_smuggle_commands(address):
    with pytest.raises(SettingsError, match="no plain mail address"):
        guards.own_address(address, "--sender")


@pytest.mark.parametrize("address", ["a@example.com", "a@x.invalid", "a@corp.test"])
def test_a_message_goes_only_to_a_mailbox_elsewhere_that_somebody_reads(address):
    with pytest.raises(SettingsError):
        guards.a_mailbox(address, "corp.test")


def test_whoever_attacked_is_not_asked_back():
    """Nor is he ours by a network that is too wide to be anybody's own."""
    for ours in ("192.0.2.0/24", "203.0.0.0/8", "0.0.0.0/0"):
        with pytest.raises(SettingsError, match="as a client"):
            guards.not_a_client(["203.0.113.7"], {"203.0.113.7"}, [ours])


@pytest.mark.parametrize("ours", ["203.0.113.7", "203.0.113.0/24", "[203.0.113.7]"])
def test_a_server_of_ours_may_be_a_client_of_its_own_log(ours):
    guards.not_a_client(["203.0.113.7"], {"203.0.113.7"}, ["mx.corp.example", ours])


@pytest.mark.parametrize(("minutes", "free"), [(1, False), (9, False), (10, True), (60, True)])
def test_a_host_rests_for_ten_minutes(minutes, free, tmp_path):
    asked = NOW - timedelta(minutes=minutes)
    transcript = tmp_path / f"relay-test-mail.corp.example-{asked:%Y%m%dT%H%M%SZ}.txt"
    transcript.write_text("test: relaytrail\nhost: mail.corp.example 203.0.113.25\n\n", "ascii")
    for name, address in (
        ("mail.corp.example", "203.0.113.99"),
        ("Mail.Corp.Example", "203.0.113.99"),
        ("203.0.113.25", "203.0.113.25"),
        ("mx.corp.example", "203.0.113.25"),
    ):
        if free:
            guards.rested(name, [address], tmp_path, NOW)
        else:
            with pytest.raises(SettingsError, match="less than ten minutes"):
                guards.rested(name, [address], tmp_path, NOW)
    guards.rested("other.example", ["203.0.113.99"], tmp_path, NOW)


@pytest.mark.parametrize(
    ("source", "addresses"),
    [("192.0.2.9", ["127.0.0.1"]), ("mx", ["127.0.0.1"]), ("127.0.0.1", ["::1"])],
    ids=["of another machine", "a name", "of the other family"],
)
def test_it_cannot_be_asked_from_an_address(source, addresses):
    with pytest.raises(SettingsError, match="cannot be asked from"):
        guards.from_here(source, addresses)


def test_from_an_ipv4_address_only_ipv4_is_asked():
    assert guards.from_here("127.0.0.1", ["127.0.0.1", "::1"]) == ["127.0.0.1"]
    assert guards.from_here(None, ["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    "words", ["mx ESMTP; do not test this host", "No relay testing, please", "stop probing us"]
)
def test_a_server_may_ask_not_to_be_tested(words):
    assert guards.unwelcome(words) == guards.ASKED_TO_STOP


@pytest.mark.parametrize(
    "words",
    ["mx.corp.example ESMTP", "5.1.1 no such user relaytest-0 here", "contest probation mx"],
)
def test_other_words_do_not_ask_for_it(words):
    assert guards.unwelcome(words) == ""


def test_a_client_of_the_log_is_known_in_whatever_form_its_address_is_given():
    with pytest.raises(SettingsError, match="as a client"):
        guards.not_a_client(relay_test.resolve("::ffff:203.0.113.7"), {"203.0.113.7"}, [])
