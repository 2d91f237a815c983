"""A redacted case names none of our users, each of them always by the same mask; sources stay."""

from __future__ import annotations

import pytest

from analyzer.report import tell
from analyzer.report.redact import redacted

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
