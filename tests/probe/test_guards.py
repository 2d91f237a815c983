"""Who may be asked, and on whose word?"""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.errors import SettingsError
from analyzer.probe import guards

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
    (tmp_path / f"relay-test-mail.corp.example-{asked:%Y%m%dT%H%M%SZ}.txt").touch()
    if free:
        guards.rested("mail.corp.example", tmp_path, NOW)
    else:
        with pytest.raises(SettingsError, match="less than ten minutes"):
            guards.rested("mail.corp.example", tmp_path, NOW)
    guards.rested("other.corp.example", tmp_path, NOW)
