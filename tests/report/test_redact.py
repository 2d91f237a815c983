"""A redacted case names none of our users, each of them always by the same mask; sources stay."""

from __future__ import annotations

import json
import re

import pytest

from analyzer.display import display
from analyzer.report import tell
from analyzer.report.redact import redacted
from analyzer.report.texts import AUDIENCES

OURS = {
    "queue_id": "4C1",
    "origin_queue_id": "4C1",
    "sender": "Ann.Lee@example.org",
    "origin_sender": "Ann.Lee@example.org",
    "auth_user": "ann.lee",
    "verdict": "legitimate",
    "mechanism": None,
}


def test_an_address_and_its_login_at_our_domain_are_masked(case):
    made = case(deliveries=[{}, OURS, OURS | {"auth_user": "ann.lee@example.org"}])
    rows = redacted(made).deliveries.to_pandas()
    name, domain = rows["sender"][1].split("@")
    assert (domain, name[:5]) == ("example.org", "user-")
    assert rows["sender"][1] == rows["sender"][2] == rows["auth_user"][2]
    assert rows["auth_user"][2] == f"{name}@example.org"


@pytest.mark.parametrize("column", ["client_ip", "server", "queue_id", "relay", "source", "line"])
def test_sources_and_places_stay(case, column):
    made = case(deliveries=[{}, OURS])
    assert redacted(made).deliveries[column] == made.deliveries[column]


def test_strangers_and_their_recipients_are_no_users_of_ours(case):
    rows = redacted(case()).deliveries.to_pandas()
    assert (rows["sender"][0], rows["recipient"][0]) == ("a@strange.example", "b@other.example")


def test_names_in_reasons_replies_and_figures_are_masked_too(case):
    reason = "the login ann.lee sent as Ann.Lee@example.org; annabel.leed@example.org.evil.test"
    made = case(
        deliveries=[OURS],
        findings=[{"reason": reason, "subject": "ann.lee", "subject_kind": "account"}],
        blocklists=[{"words": "554 <ann.lee@example.org> refused"}],
    )
    made.impact["harm"] = {"by_user": [{"user": "ann.lee@example.org", "blocked": 1}]}
    masked = redacted(made)
    finding = masked.findings.to_pylist()[0]
    assert "ann.lee" not in str(finding).lower()
    assert "annabel.leed@example.org.evil.test" in finding["reason"]
    assert "ann.lee" not in str(masked.impact)
    assert finding["subject"].startswith("user-")


def test_nothing_of_a_redacted_report_names_them(case):
    made = case(deliveries=[OURS | {"mechanism": "stolen_account", "verdict": "abusive"}])
    assert "ann.lee" not in str(tell(redacted(made))).lower()


def test_the_case_itself_is_not_changed(case):
    made = case(deliveries=[OURS])
    redacted(made)
    assert made.deliveries["auth_user"].to_pylist() == ["ann.lee"]


def test_users_of_inferred_domains_are_masked(case):
    inferred = [{"key": "domains", "value": "example.org", "confidence": "high"}]
    made = case(deliveries=[OURS], site={"origin": "inferred"}, inferred=inferred)
    assert redacted(made).deliveries["sender"].to_pylist()[0].startswith("user-")


def test_the_servers_own_files_name_nobody_either(case):
    made = case()
    lines = ["Boss@example.org OK", "eve@strange.example OK"]
    made.audit = {"files": [], "servers": [{"findings": [{"text": line} for line in lines]}]}
    ours, foreign = redacted(made).audit["servers"][0]["findings"]
    assert (ours["text"], foreign["text"]) == ("user-1@example.org OK", lines[1])


@pytest.mark.parametrize(
    "login",
    [
        "=cmd|'/C calc'!A0<i>x</i>",
        "it's x",
        "a<i>b",
        'a"b\\c\n',
        "CORP\\ann",
        "-ann.",
        "+1",
        "jürgen",
        "\u202eann",
        "İnce",
        "a" * 300,
    ],
)
@pytest.mark.parametrize("at", ["", "@example.org"])
def test_a_login_that_an_attacker_or_a_form_of_login_makes_odd_is_masked_too(case, login, at):
    stolen = {"mechanism": "stolen_account", "auth_user": login + at}
    finding = stolen | {
        "reason": f"somebody used {login}{at}, and {login}; as ({login}{at})",
        "subject": login + at,
        "subject_kind": "account",
    }
    made = case(deliveries=[OURS | stolen | {"verdict": "abusive"}], findings=[finding])
    reason = redacted(made).findings["reason"].to_pylist()[0]
    assert re.fullmatch(rf"somebody used (user-\d){at}, and \1; as \(\1{at}\)", reason)
    told = {**tell(redacted(made)), **AUDIENCES["technical"](redacted(made))}
    assert display(login, 40).rstrip("…") not in json.dumps(told, ensure_ascii=False, default=str)


def test_a_login_that_is_but_a_sign_takes_no_sign_out_of_the_words(case):
    made = case(deliveries=[OURS | {"auth_user": ","}], findings=[{"reason": "so, it was"}])
    assert redacted(made).findings["reason"].to_pylist() == ["so, it was"]


def test_letters_of_other_kinds_are_no_trouble(case):
    """Some letters that a pattern takes for another have no small form that is the other's."""
    made = case(
        deliveries=[OURS | {"auth_user": "it's"}], findings=[{"reason": "it'ſ, İT'S, IT'S"}]
    )
    assert redacted(made).findings["reason"].to_pylist()[0].startswith("it'ſ, İT'S, user-")


def test_an_address_that_stands_in_words_alone_is_masked_too(case):
    made = case(blocklists=[{"words": "554 to=eve@example.org refused, a@far.example not"}])
    words = redacted(made).impact["blocklists"][0]["words"]
    assert words == "554 to=user-1@example.org refused, a@far.example not"
