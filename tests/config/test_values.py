"""How does Postfix read a value: continuation, references, conditions, defaults by release?"""

import pytest

from analyzer.config import postfix
from analyzer.config.given import Given


def settings(text):
    return postfix.parse([Given("main.cf", text)])


def words(text, name="x"):
    return [(said.value, said.place.line) for said in settings(text).words(name)]


def test_each_word_of_a_long_list_keeps_its_own_line():
    text = "x = a,\n  b c\n# a remark\n\n  d\ny = z\n"
    assert words(text) == [("a", 1), ("b", 2), ("c", 2), ("d", 5)]


def test_a_reference_brings_the_lines_of_what_it_refers_to():
    assert words("x = $y, c\ny = a\n  b\n") == [("a", 2), ("b", 3), ("c", 1)]


def test_braces_keep_a_word_together():
    assert words("x = inline:{ a=b, c=d }, e") == [("inline:{ a=b, c=d }", 1), ("e", 1)]


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("$y", "why"),
        ("${y}", "why"),
        ("$(y).z", "why.z"),
        ("$$y", "$y"),
        ("${y?set}", "set"),
        ("${empty?set}", ""),
        ("${empty:unset}", "unset"),
        ("${y?{set}:{unset}}", "set"),
        ("${{$y} == {why} ? {same} : {other}}", "same"),
        ("${{$level} < {2} ? {old} : {new}}", "new"),
        ("${{3.6} <level {3.10} ? {old} : {new}}", "old"),
        ("${{$mail_version} >= {3.0} ? {new} : {old}}", "new"),
        ("${{3.10} < {3.9} ? {as text} : {as numbers}}", "as text"),
        ("$config_directory/x", "/etc/postfix/x"),
        ("$unheard_of", ""),
    ],
)
def test_a_value_is_expanded(value, expanded):
    text = f"x = {value}\ny = why\nempty =\nlevel = 10\ncompatibility_level = 2\n"
    assert settings(text).text("x") == expanded


def test_a_setting_that_refers_to_itself_ends():
    assert settings("x = a $y\ny = b $x\n").text("x").split() == ["a", "b"]


@pytest.mark.parametrize(
    ("stated", "name", "value"),
    [
        ("mail_version = 2.8.3", "mynetworks_style", "subnet"),
        ("mail_version = 2.8.3", "smtpd_relay_restrictions", ""),
        (
            "mail_version = 2.8.3",
            "smtpd_recipient_restrictions",
            "permit_mynetworks, reject_unauth_destination",
        ),
        ("mydestination = a", "relay_domains", "a"),
        ("mail_version = 2.11.1\nmydestination = a", "relay_domains", "a"),
        ("compatibility_level = 1\nmydestination = a", "relay_domains", "a"),
        ("compatibility_level = 2\nmydestination = a", "relay_domains", ""),
        ("compatibility_level = 3.6", "mynetworks_style", "host"),
        ("compatibility_level = 3.6", "smtpd_relay_before_recipient_restrictions", "yes"),
        ("compatibility_level = 3.5", "smtpd_relay_before_recipient_restrictions", "no"),
    ],
)
def test_a_default_depends_on_release_and_level(stated, name, value):
    assert settings(stated).text(name) == value


def test_master_cf_overrides_main_cf_for_its_service_alone():
    master = "smtp inet n - y - - smtpd\n587 inet n - y - - smtpd\n  -o { mynetworks = a b }\n"
    server = postfix.parse([Given("main.cf", "mynetworks = c\n"), Given("master.cf", master)])
    seen = [server.seen_by(service).text("mynetworks") for service in server.services]
    assert seen == ["c", "a b"]
    (override,) = server.services[1].overrides.values()
    assert str(override.place) == "master.cf:3"
